import { documentOf, world } from './worlds';
import { readable } from '../../../src/manifests/posture/readable';
import { postureProblems } from '../../../src/protocol/posture';

const pod = (spec: unknown) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'team-a' }, spec });
const main = (fields: object) => pod({ containers: [{ name: 'a', image: 'b', ...fields }] });
const rbac = (kind: string, fields: object) => ({ apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata: { name: 'r', namespace: 'team-a' }, ...fields });
const WRONG: unknown[] = ['text', 7, true, { a: 1 }, [null], [7], ['x'], [[]]];

/** Places where a chart may put anything, by what the API has there. */
const PLACES: Readonly<Record<string, (value: any) => unknown>> = {
  'containers': (containers) => pod({ containers }),
  'init containers': (initContainers) => pod({ containers: [], initContainers }),
  'volumes': (volumes) => pod({ containers: [], volumes }),
  'ports': (ports) => main({ ports }),
  'variables': (env) => main({ env }),
  'sources of variables': (envFrom) => main({ envFrom }),
  'mounts': (volumeMounts) => main({ volumeMounts }),
  'a security context': (securityContext) => main({ securityContext }),
  'capabilities': (add) => main({ securityContext: { capabilities: { add } } }),
  'a user': (runAsUser) => main({ securityContext: { runAsUser: runAsUser === 7 ? '7' : runAsUser } }),
  'an image': (image) => main({ image: image === 'text' ? 7 : image }),
  'labels': (labels) => ({ ...pod({ containers: [] }), metadata: { name: 'p', namespace: 'team-a', labels } }),
  'a reason': (waived) => ({ ...pod({}), metadata: { name: 'p', annotations: { 'cdk8s-agent-platform/waived': waived } } }),
  'metadata': (metadata) => ({ apiVersion: 'v1', kind: 'Pod', metadata }),
  'a kind': (kind) => ({ apiVersion: 'v1', kind, metadata: { name: 'p' } }),
  'rules': (rules) => [rbac('Role', { rules }), rbac('RoleBinding', { roleRef: { kind: 'Role', name: 'r' }, subjects: [{ kind: 'User', name: 'u' }] })],
  'verbs': (verbs) => [rbac('Role', { rules: [{ verbs }] }), rbac('RoleBinding', { roleRef: { kind: 'Role', name: 'r' }, subjects: [{ kind: 'User', name: 'u' }] })],
  'subjects': (subjects) => rbac('RoleBinding', { roleRef: { kind: 'Role', name: 'r' }, subjects }),
  'a policy of the broker': (spec) => ({ apiVersion: 'paddock.dev/v1alpha1', kind: 'BrokerPolicy', metadata: { name: 'b', namespace: 'team-a' }, spec }),
  'a run': (spec) => ({ apiVersion: 'paddock.dev/v1alpha1', kind: 'HarnessRun', metadata: { name: 'b', namespace: 'team-a' }, spec }),
  'a policy of Cilium': (egress) => ({
    apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata: { name: 'c', namespace: 'agent-platform' }, spec: { endpointSelector: { matchLabels: {} }, egress },
  }),
};

const sane = world();
const before = documentOf(sane);

test.each(Object.keys(PLACES))('whatever stands in place of %s, the report tells the rest', (place) => {
  for (const value of WRONG) {
    const document = documentOf(sane, (objects) => [...objects, ...[PLACES[place](value)].flat() as any[]]);
    expect(postureProblems(JSON.parse(JSON.stringify(document)))).toEqual([]);
    expect(document.pods.filter(({ workload }) => workload !== 'Pod p')).toEqual(before.pods);
    expect(document.credentials).toEqual(before.credentials);
  }
});

test('an object that cannot be read is named, with the field', () => {
  const { unknown } = documentOf(sane, (objects) => [...objects, pod({ containers: 'none' }) as any]);
  expect(unknown).toContain('Pod team-a/p, which no cluster takes: pod.spec.containers must be a list, got "none"');
});

test('a null is a field that is not there', () => {
  const { objects, unread } = readable([pod({ containers: [{ name: 'a', env: null, securityContext: { runAsUser: null } }], volumes: null })]);
  expect(unread).toEqual([]);
  expect(objects).toEqual([pod({ containers: [{ name: 'a', securityContext: {} }] })]);
});

test.each([null, undefined, 'text', 7, []])('%j is no object', (object) => {
  expect(readable([object]).objects).toEqual([]);
});

test.each(['example.com/v1', 'paddock.dev/v1alpha9', 'rbac.authorization.k8s.io/v1'])('kinds of %s that nobody here knows are read whatever they hold', (apiVersion) => {
  const other = { apiVersion, kind: 'Widget', metadata: { name: 'w' }, spec: { template: 7 } };
  expect(readable([other])).toEqual({ objects: [other], unread: [] });
});
