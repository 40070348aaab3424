import * as fc from 'fast-check';
import type { AgentPodOptions } from '../../src/manifests/agent-pod';
import type { Seed } from '../../src/manifests/seed';
import { API_GROUP_VERSION } from '../../src/protocol/names';
import { HarnessRunSpec, HarnessTemplateSpec, problemsWith } from '../../src/protocol/resources';
import { mountProblems } from '../../src/protocol/resources/mount-paths';

export const OWNER = { platform: 'p', namespace: 'team-a', name: 'fix-42', uid: 'uid-1' };

export interface Differences {
  readonly template?: HarnessTemplateSpec;
  readonly spec?: Partial<HarnessRunSpec>;
  readonly rest?: Partial<AgentPodOptions>;
}

/** A run with an inline prompt, of a template with image and command only, in a Workspace of its own. */
export function podOptions({ template = {}, spec = {}, rest = {} }: Differences = {}): AgentPodOptions {
  return {
    owner: OWNER,
    run: { spec: { templateRef: { name: 'coder' }, ...spec }, hasInlinePrompt: spec.promptFrom === undefined },
    attempt: 0,
    template: { identity: { name: 'coder', kind: 'HarnessTemplate' }, spec: { image: 'registry.example.com/coder:1', command: ['/run'], ...template } },
    workspace: { kind: 'claim', name: 'fix-42-ws' },
    sidecar: { image: 'registry.example.com/agent-platform:1', pinned: false },
    seedImage: 'registry.example.com/git:1',
    ...rest,
  };
}

/** Text with all that Kubernetes or a shell would act upon. */
export const awkward = fc.array(fc.constantFrom('$', '$(', 'HOME', 'PADDOCK_RUN_NAME', ')', '$$', '`', '"', "'", '\\', '\n', ' ', 'é', ';', '{', '}'), { maxLength: 12 })
  .map((parts) => parts.join(''));

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const size = fc.constantFrom('64Mi', '1Gi', '2.5G', 1_000_000);
const path = fc.array(fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,6}$/), { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join('/')}`);
const id = fc.constantFrom(1, 1000, 65_532, 2_147_483_647);
const pull = fc.constantFrom('Always', 'IfNotPresent', 'Never');
const some = { requiredKeys: [] };

const amounts = fc.record({
  'cpu': fc.constantFrom('100m', '1', '8'), 'memory': size, 'ephemeral-storage': size, 'nvidia.com/gpu': fc.constantFrom('1', 2),
}, some) as fc.Arbitrary<Record<string, string | number>>;
const resources = fc.record({ requests: amounts, limits: amounts }, some);

const podSpec = fc.record({
  userName: fc.stringMatching(/^[a-z_][a-z0-9_-]{0,31}$/),
  runAsUser: id,
  runAsGroup: id,
  imagePullPolicy: pull,
  imagePullSecrets: fc.uniqueArray(word, { maxLength: 3 }).map((names) => names.map((name) => ({ name }))),
  nodeSelector: fc.dictionary(word, word, { maxKeys: 3 }),
  tolerations: fc.array(fc.record({ key: word, operator: fc.constant('Exists') }), { maxLength: 2 }),
  runtimeClassName: word,
  priorityClassName: word,
  homeSize: size,
  temporarySize: size,
  sharedDirectories: fc.uniqueArray(
    fc.record({ name: fc.stringMatching(/^[a-z]([a-z0-9.]{0,53}[a-z0-9])?$/).filter((name) => !name.includes('..')), mountPath: path, readOnly: fc.boolean() }, { requiredKeys: ['name'] }),
    { maxLength: 3, selector: ({ name }) => name },
  ),
}, some);

/** Templates that pass the schema and whose volumes do not hide each other. */
export const validTemplates: fc.Arbitrary<HarnessTemplateSpec> = fc.record({
  harness: fc.constantFrom('', 'claude', 'a_b.c'),
  image: fc.stringMatching(/^[!-~]{1,30}$/),
  command: fc.array(awkward, { minLength: 1, maxLength: 3 }),
  args: fc.array(awkward, { maxLength: 3 }),
  defaults: fc.record({ model: awkward, resources, terminationGracePeriodSeconds: fc.integer({ min: 0, max: 300 }) }, some),
  runtime: fc.record({ image: fc.stringMatching(/^[!-~]{1,30}$/), imagePullPolicy: pull }, { requiredKeys: ['image'] }),
  requires: fc.record({ credentials: fc.uniqueArray(fc.stringMatching(/^[A-Z]{3}_KEY$/), { maxLength: 3 }).map((names) => names.map((name) => ({ name }))) }, some),
  workspace: fc.record({ mountPath: path }, some),
  pod: podSpec,
}, { requiredKeys: ['image', 'command'] }).filter((spec) => problemsOf(spec).length === 0) as fc.Arbitrary<HarnessTemplateSpec>;

function problemsOf(spec: object): string[] {
  return [...problemsWith('HarnessTemplate', { apiVersion: API_GROUP_VERSION, kind: 'HarnessTemplate', metadata: { name: 'coder' }, spec }), ...mountProblems(spec)];
}

const SEED: Seed = { repos: [{ url: 'https://git.example.com/a/b.git', credentialsSecretRef: { name: 'code-host' } }] };

/** Every combination of what a pod is made from. */
export const validOptions: fc.Arbitrary<AgentPodOptions> = fc.record({
  template: validTemplates,
  spec: fc.record({
    model: awkward,
    mode: fc.constantFrom('', 'Batch', 'Interactive'),
    resources,
    promptFrom: fc.constantFrom<HarnessRunSpec['promptFrom']>({ secretKeyRef: { name: 's', key: 'k' } }, { configMapKeyRef: { name: 'c', key: 'k' } }),
    extraEnv: fc.uniqueArray(fc.record({ name: fc.stringMatching(/^X[A-Za-z0-9_]{0,5}$/), value: awkward }, { requiredKeys: ['name'] }), { maxLength: 4, selector: ({ name }) => name }),
  }, some) as fc.Arbitrary<Partial<HarnessRunSpec>>,
  rest: fc.record({
    attempt: fc.integer({ min: 0, max: 10 }),
    workspace: fc.constantFrom<AgentPodOptions['workspace']>({ kind: 'empty', size: '1Gi' }, { kind: 'claim', name: 'w' }, { kind: 'claim', name: 'w', seed: SEED }),
    sidecar: fc.record({ image: fc.constant('i'), pinned: fc.boolean() }),
    activeDeadlineSeconds: fc.integer({ min: 1, max: 100_000 }),
  }, some),
}).map(podOptions);
