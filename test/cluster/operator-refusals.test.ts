import { ApiServer, eventually } from './api-server';
import { must } from './cli';
import { LeaseBook } from './lease-book';
import { SkippableTime } from './operator-time';
import { admin, clear, condition, deploy, eventsOf, get, isTerminal, messageOf, OpenOperator, openHere, over, PODS, podsOf, submit, SYSTEM, TEAM, told } from './operator-world';
import { PretendKubelet } from './pretend-kubelet';
import { agentPod } from '../../src/manifests/agent-pod';
import { PREREQUISITE_SECONDS } from '../../src/protocol/runs';

/* eslint-disable @typescript-eslint/no-explicit-any */

const CORE = `/api/v1/namespaces/${TEAM}`;
const GROUP = `/apis/paddock.dev/v1alpha1/namespaces/${TEAM}`;

const securityContext = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } };
const HARDENED = {
  serviceAccountName: 'agent',
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [{ name: 'a', image: 'registry.example.com/a:1', securityContext }],
};

let kubelet: PretendKubelet;
let time: SkippableTime;
let book: LeaseBook;
let operator: OpenOperator;

beforeAll(async () => {
  deploy({ allowedRegistries: ['registry.example.com/', 'example.com/'] });
  must(['apply', '--server-side', '-f', '-'], [{
    apiVersion: 'paddock.dev/v1alpha1', kind: 'HarnessTemplate', metadata: { name: 'smuggled', namespace: TEAM }, spec: { image: 'docker.io/evil/coder:1', command: ['/coder'] },
  }]);
  kubelet = new PretendKubelet(admin, TEAM);
  // The API server reads policies from time to time, and those of an earlier platform had no registries.
  const account = new ApiServer(`system:serviceaccount:${SYSTEM}:operator`);
  await eventually(() => account.call('POST', `${PODS}?dryRun=All`, foreignPod()), ({ body }) => /images of runs must come from/.test(body.message ?? ''));
  account.close();
});

/** As the operator would make it, with an image of another registry. */
function foreignPod(): object {
  return agentPod({
    owner: { platform: SYSTEM, namespace: TEAM, name: 'stray', uid: 'stray' },
    run: { spec: { templateRef: { name: 'smuggled' } }, hasInlinePrompt: true },
    attempt: 0,
    template: { identity: { name: 'smuggled', kind: 'HarnessTemplate' }, spec: { image: 'docker.io/evil/coder:1', command: ['/coder'] } },
    workspace: { kind: 'empty', size: '1Gi' },
    sidecar: { image: 'example.com/agent-platform:1', pinned: true },
    seedImage: 'example.com/git:1',
  });
}

beforeEach(() => {
  time = new SkippableTime();
  book = new LeaseBook();
  operator = openHere({ time, broker: book });
});

afterEach(() => operator.close());

afterAll(async () => {
  must(['delete', 'harnesstemplate', 'smuggled', '-n', TEAM]);
  await clear();
  await kubelet.close();
  admin.close();
});

test('a run waits while a quota is full, says which, and goes on when there is room', async () => {
  must(['create', 'quota', 'no-pods', '-n', TEAM, '--hard=pods=0']);
  // As its controller would count.
  await admin.call('PATCH', `${CORE}/resourcequotas/no-pods/status`, { status: { hard: { pods: '0' }, used: { pods: '0' } } }, 'application/merge-patch+json');
  await eventually(() => admin.call('POST', `${PODS}?dryRun=All`, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: HARDENED }), ({ body }) => /exceeded quota/.test(body.message ?? ''));
  await submit('crowded');
  const run = await told('crowded', 'QuotaExceeded');
  expect(messageOf(run)).toMatch(/^the API server refuses pod 'crowded-0': .*exceeded quota: no-pods, requested: pods=1/);
  expect([run.status.phase, condition(run, 'PodCreated')]).toMatchObject(['Pending', { status: 'False', reason: 'QuotaExceeded' }]);
  await eventsOf('crowded', (events) => events.includes('Warning QuotaExceeded'));
  must(['delete', 'quota', 'no-pods', '-n', TEAM]);
  expect((await time.passes(10, () => get('crowded'), isTerminal)).status.phase).toBe('Succeeded');
  expect(await podsOf('crowded')).toEqual(['crowded-0']);
});

test('a run with an image of another registry fails with what admission says, and its leases are revoked', async () => {
  await submit('smuggler', { templateRef: { name: 'smuggled' } });
  const run = await over('smuggler');
  expect(condition(run, 'Completed')).toMatchObject({ status: 'True', reason: 'AdmissionDenied', message: expect.stringMatching(/pod 'smuggler-0'.*images of runs must come from registry\.example\.com\//) });
  expect(await podsOf('smuggler')).toEqual([]);
  expect(book.live('smuggler')).toEqual([]);
});

test('a run fails with what a rule of somebody else says of its pod', async () => {
  must(['label', 'namespace', TEAM, 'cdk8s-agent-platform/test=true']);
  must(['apply', '--server-side', '-f', '-'], denyingPods());
  await eventually(() => admin.call('POST', `${PODS}?dryRun=All`, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: HARDENED }), ({ body }) => /no pods today/.test(body.message ?? ''));
  await submit('denied-by-rule');
  const run = await over('denied-by-rule');
  expect(condition(run, 'Completed')).toMatchObject({ status: 'True', reason: 'AdmissionDenied', message: expect.stringContaining('no pods today') });
  must(['delete', 'validatingadmissionpolicy,validatingadmissionpolicybinding', 'no-pods-today']);
  expect(book.live('denied-by-rule')).toEqual([]);
});

/** A rule that somebody else has made. */
function denyingPods(): any[] {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const metadata = { name: 'no-pods-today' };
  const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }];
  return [
    { apiVersion, kind: 'ValidatingAdmissionPolicy', metadata, spec: { matchConstraints: { resourceRules }, validations: [{ expression: 'false', message: 'no pods today' }] } },
    { apiVersion, kind: 'ValidatingAdmissionPolicyBinding', metadata, spec: { policyName: metadata.name, validationActions: ['Deny'], matchResources: { namespaceSelector: { matchLabels: { 'cdk8s-agent-platform/test': 'true' } } } } },
  ];
}

test.each<[string, string, string, string, object]>([
  ['pod', 'poor-0', 'poor', PODS, { apiVersion: 'v1', kind: 'Pod', spec: HARDENED }],
  ['Secret of credentials', 'poorer-broker-creds', 'poorer', `${CORE}/secrets`, { apiVersion: 'v1', kind: 'Secret', stringData: { API_KEY: 'somebody else' } }],
  ['Secret of the prompt', 'poorest-prompt', 'poorest', `${CORE}/secrets`, { apiVersion: 'v1', kind: 'Secret', stringData: { 'prompt.txt': 'somebody else' } }],
  ['NetworkPolicy', 'fenced-egress', 'fenced', `/apis/networking.k8s.io/v1/namespaces/${TEAM}/networkpolicies`, { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', spec: { podSelector: { matchLabels: { app: 'theirs' } } } }],
  ['Workspace', 'settled-ws', 'settled', `${GROUP}/workspaces`, { apiVersion: 'paddock.dev/v1alpha1', kind: 'Workspace', spec: { storage: { size: '1Gi' } } }],
])("a %s of somebody else under the run's name %s is never touched, and the run says that the name is taken", async (_what, object, run, path, manifest) => {
  // The rule of the test before is forgotten in a moment.
  const { body: theirs } = await eventually(() => admin.call('POST', path, { ...manifest, metadata: { name: object } }), ({ status }) => status === 201);
  await submit(run);
  expect(messageOf(await told(run, 'NameTaken'))).toContain(`'${object}'`);
  const ended = await time.passes(PREREQUISITE_SECONDS / 4, () => get(run), isTerminal);
  expect(condition(ended, 'Completed')).toMatchObject({ status: 'True', reason: 'NameTaken' });
  await admin.call('DELETE', `${GROUP}/harnessruns/${run}`);
  await eventually(() => get(run), (one) => one === undefined);
  const { body: after } = await admin.call('GET', `${path}/${object}`);
  expect(after).toMatchObject({ metadata: { uid: theirs.metadata!.uid }, ...('spec' in manifest && object !== 'poor-0' ? { spec: theirs.spec } : {}), ...(theirs.data ? { data: theirs.data } : {}) });
  expect((after.metadata as any).ownerReferences).toBeUndefined();
  await admin.call('DELETE', `${path}/${object}?gracePeriodSeconds=0`);
  expect(book.live(run)).toEqual([]);
});
