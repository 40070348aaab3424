import type { Container } from 'kubernetes-types/core/v1';
import { Differences, podOptions } from './agent-pod-options';
import { agentPod } from '../../src/manifests/agent-pod';

const RUNTIME = { runtime: { image: 'registry.example.com/runtime@sha256:0' } };
const SEED = { repos: [{ url: 'https://git.example.com/a/b.git' }] };

const built = (differences?: Differences) => agentPod(podOptions(differences));
const specOf = (differences?: Differences) => built(differences).spec;
const agentOf = (differences?: Differences): Container => specOf(differences).containers[0];
const valueOf = ({ env = [] }: Container, name: string) => env.find((one) => one.name === name)?.value;
const namesOf = ({ env = [] }: Container) => env.map(({ name }) => name);

describe('the pod of an attempt', () => {
  test('is named after run and attempt, and goes with the run', () => {
    expect(built({ rest: { attempt: 3 } }).metadata).toMatchObject({
      name: 'fix-42-3',
      namespace: 'team-a',
      ownerReferences: [{ apiVersion: 'paddock.dev/v1alpha1', kind: 'HarnessRun', name: 'fix-42', uid: 'uid-1', controller: true }],
    });
    expect(built().metadata.ownerReferences![0]).not.toHaveProperty('blockOwnerDeletion');
  });

  test('says in labels what it is of', () => {
    expect(built({ template: { harness: 'claude' }, rest: { attempt: 1 } }).metadata.labels).toMatchObject({
      'cdk8s-agent-platform/platform': 'p',
      'cdk8s-agent-platform/part': 'runs',
      'cdk8s-agent-platform/role': 'agent',
      'cdk8s-agent-platform/attempt': '1',
      'paddock.dev/run': 'fix-42',
      'paddock.dev/template': 'coder',
      'paddock.dev/harness': 'claude',
      'paddock.dev/mode': 'Batch',
      'paddock.dev/workspace': 'fix-42-ws',
    });
  });

  test('says what it was made of, and asks those who empty nodes to leave it where it is', () => {
    const identity = { name: 'coder', kind: 'HarnessTemplate' };
    const { 'cdk8s-agent-platform/template': made, ...rest } = built().metadata.annotations!;
    expect(JSON.parse(made)).toEqual(identity);
    expect(rest).toEqual({ 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false', 'karpenter.sh/do-not-disrupt': 'true' });
  });

  test('is behind no Service, and has no label without a value', () => {
    const { labels } = built({ template: { harness: '' }, rest: { workspace: { kind: 'empty', size: '1Gi' } } }).metadata;
    for (const name of ['cdk8s-agent-platform/serving', 'paddock.dev/harness', 'paddock.dev/workspace']) expect(labels).not.toHaveProperty([name]);
  });

  test('runs as the user that agents have, once, with the group of its volumes, without token and names', () => {
    expect(specOf()).toMatchObject({
      restartPolicy: 'Never',
      serviceAccountName: 'agent',
      automountServiceAccountToken: false,
      securityContext: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 65532, runAsNonRoot: true },
      dnsPolicy: 'None',
      terminationGracePeriodSeconds: 60,
    });
    expect(specOf()).not.toHaveProperty('activeDeadlineSeconds');
    expect(specOf({ rest: { activeDeadlineSeconds: 90 } }).activeDeadlineSeconds).toBe(90);
  });

  test('has the user of its template, whose group is the same unless it says otherwise', () => {
    expect(specOf({ template: { pod: { runAsUser: 5000 } } }).securityContext).toMatchObject({ runAsUser: 5000, runAsGroup: 5000, fsGroup: 65532 });
    expect(specOf({ template: { pod: { runAsUser: 5000, runAsGroup: 6000 } } }).securityContext).toMatchObject({ runAsUser: 5000, runAsGroup: 6000 });
  });

  test('is placed as its template says', () => {
    const pod = {
      nodeSelector: { gpu: 'yes' }, tolerations: [{ operator: 'Exists' }], runtimeClassName: 'gvisor', priorityClassName: 'low', imagePullSecrets: [{ name: 'registry' }], imagePullPolicy: 'Always',
    } as const;
    const { imagePullPolicy, ...placement } = pod;
    expect(specOf({ template: { pod } })).toMatchObject(placement);
    expect([agentOf({ template: { pod } }).imagePullPolicy, agentOf().imagePullPolicy]).toEqual([imagePullPolicy, 'IfNotPresent']);
  });

  test('has the Secrets for images of its namespace besides those of its template, each once', () => {
    const names = (differences: Differences) => specOf(differences).imagePullSecrets?.map(({ name }) => name);
    const pod = { imagePullSecrets: [{ name: 'own' }, { name: 'both' }] };
    const rest = { imagePullSecrets: ['both', 'platform'] };
    expect(names({ template: { pod }, rest })).toEqual(['own', 'both', 'platform']);
    expect(names({ rest })).toEqual(['both', 'platform']);
    expect(specOf({ rest: { imagePullSecrets: [] } })).not.toHaveProperty('imagePullSecrets');
  });

  test('gets the time to stop that its template gives, and more of it in a conversation', () => {
    const grace = (differences: Differences) => specOf(differences).terminationGracePeriodSeconds;
    expect([grace({ template: { defaults: { terminationGracePeriodSeconds: 0 } } }), grace({ spec: { mode: 'Interactive' } })]).toEqual([1, 300]);
  });
});

test('the fence is first, then the repositories, then what reports, which stays', () => {
  const inits = specOf({ template: RUNTIME, rest: { workspace: { kind: 'claim', name: 'w', seed: SEED } } }).initContainers!;
  expect(inits.map(({ name, restartPolicy }) => [name, restartPolicy])).toEqual([['fence', undefined], ['seed', undefined], ['runtime', 'Always']]);
  expect(specOf().initContainers!.map(({ name }) => name)).toEqual(['fence']);
});

describe('the volumes', () => {
  const mountsOf = ({ volumeMounts = [] }: Container) => volumeMounts.map(({ name, mountPath }) => [name, mountPath]);

  test('are the workspace, what is shared with the runtime, the prompt, a home and temporary files', () => {
    expect(mountsOf(agentOf())).toEqual([
      ['workspace', '/workspace'], ['paddock', '/paddock'], ['prompt', '/paddock/prompt'], ['home', '/home/agent'], ['trust', '/etc/agent-platform/trust'], ['tmp', '/tmp'],
    ]);
    expect(specOf().volumes).toEqual(expect.arrayContaining([
      { name: 'workspace', persistentVolumeClaim: { claimName: 'ws-fix-42-ws' } },
      { name: 'home', emptyDir: { sizeLimit: '1Gi' } },
      { name: 'tmp', emptyDir: { sizeLimit: '1Gi' } },
      { name: 'paddock', emptyDir: { sizeLimit: '1Gi' } },
    ]));
  });

  test('have the sizes and places of the template', () => {
    const { volumes, containers } = specOf({ template: { workspace: { mountPath: '/src' }, pod: { userName: 'dev_', homeSize: '5Gi', temporarySize: 1000 } }, rest: { workspace: { kind: 'empty', size: '2Gi' } } });
    expect(volumes).toEqual(expect.arrayContaining([
      { name: 'workspace', emptyDir: { sizeLimit: '2Gi' } }, { name: 'home', emptyDir: { sizeLimit: '5Gi' } }, { name: 'tmp', emptyDir: { sizeLimit: '1000' } },
    ]));
    expect(mountsOf(containers[0])).toEqual(expect.arrayContaining([['workspace', '/src'], ['home', '/home/dev_']]));
    expect([containers[0].workingDir, valueOf(containers[0], 'PADDOCK_WORKSPACE'), valueOf(containers[0], 'PADDOCK_REPOS_PATH')]).toEqual(['/src', '/src', '/src/.paddock/repos.json']);
  });

  test('that are shared are read-only in both places where they are to be', () => {
    const sharedDirectories = [{ name: 'cache.v2' }, { name: 'models', mountPath: '/models', readOnly: true }];
    const { volumes, containers } = specOf({ template: { pod: { sharedDirectories } } });
    expect(volumes).toEqual(expect.arrayContaining([
      { name: 'shared-0', persistentVolumeClaim: { claimName: 'shared-cache.v2' } },
      { name: 'shared-1', persistentVolumeClaim: { claimName: 'shared-models', readOnly: true } },
    ]));
    expect(containers[0].volumeMounts).toEqual(expect.arrayContaining([
      { name: 'shared-0', mountPath: '/shared/cache.v2' }, { name: 'shared-1', mountPath: '/models', readOnly: true },
    ]));
  });

  test.each([
    ['given in the run', undefined, { secret: { secretName: 'fix-42-prompt', defaultMode: 0o440, items: [{ key: 'prompt.txt', path: 'prompt.txt' }] } }],
    ['of a Secret', { secretKeyRef: { name: 's', key: 'k' } }, { secret: { secretName: 's', defaultMode: 0o440, items: [{ key: 'k', path: 'prompt.txt' }] } }],
    ['of a ConfigMap', { configMapKeyRef: { name: 'c', key: 'k' } }, { configMap: { name: 'c', defaultMode: 0o440, items: [{ key: 'k', path: 'prompt.txt' }] } }],
  ])('have a prompt %s as one file that is only read', (_from, promptFrom, source) => {
    const { volumes, containers } = specOf({ spec: { promptFrom } });
    expect(volumes).toContainEqual({ name: 'prompt', ...source });
    expect(containers[0].volumeMounts).toContainEqual({ name: 'prompt', mountPath: '/paddock/prompt', readOnly: true });
    expect(valueOf(containers[0], 'PADDOCK_PROMPT_PATH')).toBe('/paddock/prompt/prompt.txt');
  });
});

describe('the variables', () => {
  test("of the agent begin with the user's and end with who it is", () => {
    const agent = agentOf({ spec: { model: 'm', extraEnv: [{ name: 'B', value: '$HOME' }, { name: 'A' }] } });
    expect(namesOf(agent)).toEqual([
      'A', 'B', 'PADDOCK_PROMPT_PATH', 'PADDOCK_RAW_PATH', 'PADDOCK_EVENTS_PATH', 'PADDOCK_RESULT_PATH', 'PADDOCK_WORKSPACE', 'PADDOCK_REPOS_PATH', 'PADDOCK_RUN_NAME',
      'PADDOCK_MODEL', 'PADDOCK_AGENT_DATA_SOCKET', 'PADDOCK_AGENT_CTL_SOCKET', 'HOME', 'USER', 'LOGNAME',
    ]);
    expect([valueOf(agent, 'A'), valueOf(agent, 'B'), valueOf(agent, 'HOME'), valueOf(agent, 'USER')]).toEqual(['', '$$HOME', '/home/agent', 'agent']);
    expect(valueOf(agent, 'PADDOCK_RESULT_PATH')).toBe('/workspace/.paddock/runs/fix-42/result.json');
  });

  test('name the model of the run, else that of the template, else none', () => {
    const model = (differences: Differences) => valueOf(agentOf(differences), 'PADDOCK_MODEL');
    const template = { defaults: { model: 'of-template' } };
    expect([model({ template, spec: { model: 'of-run' } }), model({ template }), model({}), model({ template, spec: { model: '' } })]).toEqual(['of-run', 'of-template', undefined, undefined]);
  });

  test('of credentials come from their Secret where the template requires some, those of the way out always and last', () => {
    expect(agentOf().envFrom).toEqual([{ secretRef: { name: 'fix-42-egress' } }]);
    expect(agentOf({ template: { requires: { credentials: [{ name: 'API_KEY' }] } } }).envFrom).toEqual([{ secretRef: { name: 'fix-42-broker-creds' } }, { secretRef: { name: 'fix-42-egress' } }]);
  });

  test('of the runtime say of which run, template and workspace it is, and lead it nowhere', () => {
    const runtime = specOf({ template: RUNTIME }).initContainers![1];
    expect(Object.fromEntries(namesOf(runtime).map((name) => [name, valueOf(runtime, name)]))).toMatchObject({
      PADDOCK_RUN_NAMESPACE: 'team-a',
      PADDOCK_RUN_NAME: 'fix-42',
      PADDOCK_WORKSPACE_NAME: 'fix-42-ws',
      PADDOCK_TEMPLATE_NAME: 'coder',
      PADDOCK_HARNESS_IMAGE: 'registry.example.com/coder:1',
      PADDOCK_MODE: 'Batch',
      PADDOCK_TRANSCRIPT_DIR: '/workspace/.paddock/runs/fix-42',
      PADDOCK_PROMPT_FILE: '/paddock/prompt/prompt.txt',
    });
    expect(namesOf(runtime).filter((name) => /BROKER|PROXY|CONFIGMAP/.test(name))).toEqual([]);
    expect(runtime).not.toHaveProperty('envFrom');
  });
});
