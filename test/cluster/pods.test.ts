import { ApiServer, eventually } from './api-server';
import { apply, kubectl, must } from './cli';
import { everything } from '../helpers/everything';

/** Removes one field, wherever Kubernetes would accept it, and says what is left. */
interface Softening {
  readonly field: string;
  readonly soften: (pod: any) => void;
}

const ofPod: readonly Softening[] = [
  { field: 'pod automountServiceAccountToken', soften: (pod) => delete pod.automountServiceAccountToken },
  { field: 'pod enableServiceLinks', soften: (pod) => delete pod.enableServiceLinks },
  { field: 'pod runAsNonRoot', soften: (pod) => delete pod.securityContext.runAsNonRoot },
  { field: 'pod seccompProfile', soften: (pod) => delete pod.securityContext.seccompProfile },
  { field: 'pod runAsUser, replaced by root', soften: (pod) => { pod.securityContext.runAsUser = 0; } },
  { field: 'pod hostNetwork, switched on', soften: (pod) => { pod.hostNetwork = true; } },
];

function ofContainer(list: 'containers' | 'initContainers', index: number, name: string): Softening[] {
  const fields = ['allowPrivilegeEscalation', 'capabilities', 'readOnlyRootFilesystem', 'runAsNonRoot', 'seccompProfile'];
  return fields.map((field) => ({ field: `${name} ${field}`, soften: (pod) => delete pod[list][index].securityContext[field] }));
}

const workloads = everything('a').filter(({ spec }) => spec?.template?.spec?.containers);
const pods = workloads.map(({ kind, metadata, spec }) => ({
  owner: `${kind} ${metadata.name}`,
  pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'tried', namespace: metadata.namespace, labels: spec.template.metadata.labels }, spec: spec.template.spec },
}));

const tryPod = (pod: object) => kubectl(['create', '--dry-run=server', '-f', '-'], [pod]);

/** A pod of a StatefulSet gets its claim's volume from the controller. */
function withClaims(pod: any): any {
  const copy = structuredClone(pod);
  const known = new Set(copy.spec.volumes.map(({ name }: any) => name));
  for (const { name } of copy.spec.containers[0].volumeMounts) if (!known.has(name)) copy.spec.volumes.push({ name, emptyDir: {} });
  return copy;
}

beforeAll(async () => {
  apply(everything('a'));
  const soft = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'soft', namespace: 'team-a' }, spec: { ...structuredClone(pods[0].pod.spec), serviceAccountName: 'worker-python' } };
  delete soft.spec.enableServiceLinks;
  const inForce = await eventually(async () => tryPod(withClaims(soft)), ({ ok }) => !ok);
  expect(inForce.stderr).toContain('a pod here must state enableServiceLinks: false');
}, 180_000);

describe.each(pods)('the pod of $owner', ({ pod }) => {
  test('is admitted as it is emitted', () => {
    expect(tryPod(withClaims(pod)).stderr).toBe('');
  });

  const containers = ['initContainers', 'containers'] as const;
  const softenings = [...ofPod, ...containers.flatMap((list) =>
    ((pod.spec as any)[list] ?? []).flatMap(({ name }: any, index: number) => ofContainer(list, index, name)))];

  test.each(softenings)('is refused without $field', ({ soften }) => {
    const softened = withClaims(pod);
    soften(softened.spec);
    const { ok, stderr } = tryPod(softened);
    expect([ok, stderr]).toEqual([false, expect.stringMatching(/violates PodSecurity|must state/)]);
  });
});

describe('a container that is added to a running pod', () => {
  const api = new ApiServer();
  const [{ pod }] = pods.filter(({ owner }) => owner === 'Deployment python');
  const running = { ...pod, metadata: { ...pod.metadata, name: 'running' } };
  const { image, securityContext: hardened } = (pod.spec as any).containers[0];
  beforeAll(() => { must(['create', '-f', '-'], [running]); });
  afterAll(() => {
    api.close();
    must(['delete', 'pod', 'running', '-n', 'team-a', '--force', '--grace-period=0']);
  });

  const add = async (securityContext: object) => api.call(
    'PATCH', '/api/v1/namespaces/team-a/pods/running/ephemeralcontainers?dryRun=All',
    { spec: { ephemeralContainers: [{ name: 'debugger', image, securityContext }] } }, 'application/strategic-merge-patch+json');

  test('is admitted when it is as hardened as the others', async () => {
    expect(await add(hardened)).toMatchObject({ status: 200 });
  });

  test('is refused a writable root, which the restricted standard lets pass', async () => {
    const message = expect.stringContaining('must state securityContext.readOnlyRootFilesystem');
    expect(await add({ ...hardened, readOnlyRootFilesystem: false })).toMatchObject({ status: 403, body: { message } });
  });
});
