import { eventually } from './api-server';
import { must } from './cli';
import { admin, applyPlatform, changed, isDenied, make, makeRuns, NAMESPACE, operator, podOf, refused } from './run-world';
import { RunOwner } from '../../src/manifests/run-objects';

const PODS = `${NAMESPACE}/pods`;
const MADE = ['fix-0', 'unlabelled', 'orphaned', 'adopted', 'stranger', 'stand-in'];
const [ROLE, RUN] = ['cdk8s-agent-platform/role', 'paddock.dev/run'];

afterAll(() => [admin, operator].forEach((server) => server.close()));

let owner: RunOwner;
let pod: any;

beforeAll(async () => {
  applyPlatform();
  owner = await makeRuns();
  await admin.call('POST', `${NAMESPACE}/serviceaccounts`, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'builder' } });
  pod = podOf(owner);
  for (const name of MADE) await admin.call('DELETE', `${PODS}/${name}?gracePeriodSeconds=0`);
  // In place of the rules of an earlier platform: with its registries, and with its Secrets.
  for (const [change, says] of [[inAgent((container) => { container.image = 'coder'; }), 'from registry.example.com/team/'], [withVariable('elsewhere'), 'a Secret that a BrokerPolicy']] as const) {
    await eventually(async () => make(PODS, changed(pod, change)), ({ body }) => body.message?.includes(says) === true);
  }
}, 180_000);
afterAll(() => must(['delete', 'pods', '-n', 'team-a', '--force', '--grace-period=0', '--ignore-not-found', ...MADE]));

const inAgent = (change: (container: any) => void) => ({ spec }: any) => change(spec.containers[0]);
const withVolume = (volume: object) => ({ spec }: any) => spec.volumes.push({ name: 'more', ...volume });
const withVariable = (secret: string) => inAgent((container) => container.env.push({ name: 'A', valueFrom: { secretKeyRef: { name: secret, key: 'a' } } }));

describe('the operator', () => {
  test('may make the pod of a run, with all that templates ask for', async () => {
    expect(await make(PODS, pod)).toMatchObject({ status: 201, body: { metadata: { name: 'fix-0' } } });
  });

  test('may make pods with images of the registry, of the platform and for seeding', async () => {
    expect(pod.spec.initContainers.map(({ image }: any) => image.split('@')[0])).toEqual(['registry.example.com/agent-platform', 'docker.io/alpine/git:v2.49.1']);
  });

  test('may make one with a hundred variables out of Secrets, where policies grant three hundred: the rule is not too dear', async () => {
    const variables = Array.from({ length: 100 }, (_, index) => ({ name: `V${index}`, valueFrom: { secretKeyRef: { name: `login-${index}`, key: 'a' } } }));
    expect(await make(PODS, changed(pod, inAgent((container) => container.env.push(...variables))))).toMatchObject({ status: 201 });
  });

  test.each<[string, (pod: any) => void, RegExp]>([
    ['without labels', ({ metadata }) => delete metadata.labels, /only pods with the role agent/],
    ['of another role', ({ metadata }) => { metadata.labels[ROLE] = 'broker'; }, /only pods with the role agent/],
    ['of a worker', ({ metadata }) => { metadata.labels[ROLE] = 'session'; }, /only pods with the role agent/],
    ['without run', ({ metadata }) => delete metadata.labels[RUN], /only pods with the role agent/],
    ['with an empty run', ({ metadata }) => { metadata.labels[RUN] = ''; }, /only pods with the role agent/],
    ['with the label of another run than its owner', ({ metadata }) => { metadata.labels[RUN] = 'other'; }, /only pods with the role agent/],
    ['without owner', ({ metadata }) => delete metadata.ownerReferences, /only pods with the role agent/],
    ['that its owner does not control', ({ metadata }) => { metadata.ownerReferences[0].controller = false; }, /only pods with the role agent/],
    ['of a Workspace', ({ metadata }) => { metadata.ownerReferences[0].kind = 'Workspace'; }, /only pods with the role agent/],
    ['of a HarnessRun of another group', ({ metadata }) => { metadata.ownerReferences[0].apiVersion = 'paddock.dev.evil.example/v1'; }, /only pods with the role agent/],
    ['with another account', ({ spec }) => { spec.serviceAccountName = 'builder'; }, /must have the account agent/],
    ['with the account of the namespace', ({ spec }) => delete spec.serviceAccountName, /must have the account agent/],
    ['with a token of the account', ({ spec }) => { spec.automountServiceAccountToken = true; }, /must have the account agent, and no token|automountServiceAccountToken/],
    ['on a node of its choice', ({ spec }) => { spec.nodeName = 'control-plane'; }, /for the scheduler to say/],
    ['with a token for the broker', withVolume({ projected: { sources: [{ serviceAccountToken: { audience: 'paddock-broker', path: 'token' } }] } }), /volumes of pods of runs must be/],
    ['with a Secret behind a projection', withVolume({ projected: { sources: [{ secret: { name: 'model-key' } }] } }), /volumes of pods of runs must be/],
    ['with a volume of a driver, which may read a Secret', withVolume({ csi: { driver: 'a', nodePublishSecretRef: { name: 'model-key' } } }), /volumes of pods of runs must be/],
    ['with a claim of its own template', withVolume({ ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } } } }), /volumes of pods of runs must be/],
    ['with the volume of somebody else', withVolume({ persistentVolumeClaim: { claimName: 'database' } }), /may mount only claims/],
  ])('may not make a pod %s', async (_what, change, message) => {
    expect(await make(PODS, changed(pod, change))).toMatchObject(refused(message));
  });

  test.each<[string, (pod: any) => void]>([
    ['as files', withVolume({ secret: { secretName: 'model-key' } })],
    ['as a variable', withVariable('model-key')],
    ['as all variables', inAgent((container) => container.envFrom.push({ secretRef: { name: 'model-key' } }))],
    ['as all variables, with a prefix', inAgent((container) => container.envFrom.push({ prefix: 'A_', secretRef: { name: 'model-key', optional: true } }))],
    ['as a variable of an init container', ({ spec }) => spec.initContainers[1].env.push({ name: 'A', valueFrom: { secretKeyRef: { name: 'model-key', key: 'a' } } })],
    ['as all variables of an init container', ({ spec }) => { spec.initContainers[0].envFrom = [{ secretRef: { name: 'model-key' } }]; }],
    ['of a policy from elsewhere', withVariable('elsewhere')],
    ['to fetch its images', ({ spec }) => spec.imagePullSecrets.push({ name: 'model-key' })],
  ])('may not give a pod a Secret that a policy grants: %s', async (_what, change) => {
    expect(await make(PODS, changed(pod, change))).toMatchObject(refused(/must not have a Secret that a BrokerPolicy grants/));
  });

  test.each<[string, (pod: any) => void]>([
    ['as files', withVolume({ secret: { secretName: 'other-broker-creds' } })],
    ['as a variable', withVariable('other-broker-creds')],
  ])('may not give a pod the credentials of another run: %s', async (_what, change) => {
    expect(await make(PODS, changed(pod, change))).toMatchObject(refused(/must not have the credentials of another run/));
  });

  test.each<[string, (pod: any) => void]>([
    ['another registry', inAgent((container) => { container.image = 'docker.io/team/coder:1'; })],
    ['a path that only begins alike', inAgent((container) => { container.image = 'registry.example.com/team-of-others/coder:1'; })],
    ['a host that only begins alike', inAgent((container) => { container.image = 'registry.example.com.evil.example/team/coder:1'; })],
    ['no registry', inAgent((container) => { container.image = 'coder'; })],
    ['another tag of the image for seeding', ({ spec }) => { spec.initContainers[1].image = 'docker.io/alpine/git:v2.49.1-evil'; }],
    ['another digest of the platform', ({ spec }) => { spec.initContainers[0].image = `registry.example.com/agent-platform@sha256:${'f'.repeat(64)}`; }],
  ])('may not make a pod with an image of %s', async (_what, change) => {
    expect(await make(PODS, changed(pod, change))).toMatchObject(refused(/images of runs must come from registry\.example\.com\/team\//));
  });
});

describe('of pods that are there, the operator', () => {
  beforeAll(async () => {
    const { labels } = pod.metadata;
    const plain = { ...pod.spec, serviceAccountName: undefined };
    await admin.call('POST', `${NAMESPACE}/serviceaccounts`, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } });
    for (const [name, metadata, spec] of [
      ['fix-0', pod.metadata, pod.spec],
      ['unlabelled', { ...pod.metadata, labels: {} }, pod.spec],
      ['orphaned', { ...pod.metadata, labels: {}, ownerReferences: [] }, pod.spec],
      ['adopted', pod.metadata, plain],
      ['stranger', { labels: { app: 'stranger' } }, plain],
      ['stand-in', { labels: { [ROLE]: labels[ROLE], 'cdk8s-agent-platform/probe': 'true' } }, plain],
    ] as const) {
      expect(await admin.call('POST', PODS, { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name }, spec })).toMatchObject({ status: 201 });
    }
    await eventually(async () => operator.call('DELETE', `${PODS}/stranger?dryRun=All`), isDenied);
  }, 120_000);

  test.each(['fix-0', 'unlabelled', 'orphaned', 'adopted'])('may end what a run owns or what has the account of runs, whatever somebody has taken off it: %s', async (name) => {
    expect(await operator.call('DELETE', `${PODS}/${name}?dryRun=All`)).toMatchObject({ status: 200 });
  });

  test.each(['stranger', 'stand-in'])('may not end %s', async (name) => {
    expect(await operator.call('DELETE', `${PODS}/${name}?dryRun=All`)).toMatchObject(refused(/may delete only pods of runs/));
  });

  test.each(['', '/status', '/ephemeralcontainers', '/resize'])('may change none, not even one of a run, through fix-0%s', async (subresource) => {
    const answer = await operator.call('PATCH', `${PODS}/fix-0${subresource}?dryRun=All`, { metadata: { labels: { a: 'b' } } }, 'application/merge-patch+json');
    expect(answer).toMatchObject({ status: 403 });
  });

  test('may run nothing in one, read no log, and not delete many at once', async () => {
    expect(await operator.call('POST', `${PODS}/fix-0/exec?command=sh&container=agent`)).toMatchObject({ status: 403 });
    expect(await operator.call('GET', `${PODS}/fix-0/log`)).toMatchObject({ status: 403 });
    expect(await operator.call('DELETE', `${PODS}?dryRun=All`)).toMatchObject({ status: 403 });
  });
});

/** Its present form is, not the one of an earlier platform. */
const isChecked = ({ metadata, status }: any): boolean => status?.typeChecking !== undefined && status.observedGeneration === metadata.generation;

test('the API server finds nothing to warn about in the rule with registries', async () => {
  const path = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/agent-platform-operator-pods';
  const { body } = await eventually(async () => admin.call('GET', path), (answer) => isChecked(answer.body));
  expect(body.status).toHaveProperty('typeChecking', {});
}, 120_000);

test('nobody else is bound: who may make pods still may give them a Secret of a policy', async () => {
  expect(await make(PODS, changed({ ...pod, metadata: { ...pod.metadata, name: 'mine' } }, withVariable('model-key')), admin)).toMatchObject({ status: 201 });
});
