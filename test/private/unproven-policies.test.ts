import { Endpoint, ciliumApiServerPolicy } from '../../src/manifests/network-policy';
import { unprovenProblems } from '../../src/private/unproven-policies';
import { ANNOTATIONS } from '../../src/protocol/names';
import { mutants } from '../helpers/json-mutations';

const NAMESPACES = ['agents', 'team-a'];
const broker: Endpoint = { role: 'broker', namespace: 'agents' };
const own = ciliumApiServerPolicy(broker, 'p', [6443])!;
const object = (apiVersion: string, kind: string, metadata: object = { name: 'extra', namespace: 'team-a' }, spec: object = {}) => ({ apiVersion, kind, metadata, spec });
const problemsOf = (...objects: unknown[]) => unprovenProblems(objects, [], NAMESPACES);

const NAMESPACED_KINDS = [
  ['cilium.io/v2', 'CiliumNetworkPolicy'],
  ['crd.projectcalico.org/v1', 'NetworkPolicy'],
  ['projectcalico.org/v3', 'NetworkPolicy'],
  ['crd.antrea.io/v1beta1', 'NetworkPolicy'],
] as const;
const CLUSTER_KINDS = [
  ['cilium.io/v2', 'CiliumClusterwideNetworkPolicy'],
  ['crd.projectcalico.org/v1', 'GlobalNetworkPolicy'],
  ['projectcalico.org/v3', 'GlobalNetworkPolicy'],
  ['crd.antrea.io/v1beta1', 'ClusterNetworkPolicy'],
  ['policy.networking.k8s.io/v1alpha1', 'AdminNetworkPolicy'],
  ['policy.networking.k8s.io/v1alpha1', 'BaselineAdminNetworkPolicy'],
  ['policy.networking.k8s.io/v1alpha2', 'ClusterNetworkPolicy'],
] as const;

describe.each(NAMESPACED_KINDS)('%s %s', (apiVersion, kind) => {
  test('is refused in a namespace of the platform, by name', () => {
    expect(problemsOf(object(apiVersion, kind))).toEqual([
      `${kind} team-a/extra may change what NetworkPolicies say, and the proof cannot read its kind; remove it, or give a reason in its annotation ${ANNOTATIONS.unproven}`,
    ]);
  });

  test('is nobody\'s business elsewhere', () => {
    expect(problemsOf(object(apiVersion, kind, { name: 'extra', namespace: 'team-b' }), object(apiVersion, kind, { name: 'extra' }))).toEqual([]);
  });
});

describe.each(CLUSTER_KINDS)('%s %s', (apiVersion, kind) => {
  test('is refused wherever a chart says it is', () => {
    for (const namespace of [undefined, 'team-a', 'elsewhere']) {
      expect(problemsOf(object(apiVersion, kind, { name: 'extra', namespace }))).toEqual([expect.stringContaining(`${kind} extra may change what NetworkPolicies say`)]);
    }
  });
});

describe('a reason in the annotation', () => {
  const annotated = (reason: unknown) => problemsOf(object('cilium.io/v2', 'CiliumClusterwideNetworkPolicy', { name: 'mesh', annotations: { [ANNOTATIONS.unproven]: reason } }));

  test('lets a policy pass', () => {
    expect(annotated('only denies, reviewed in ticket 7')).toEqual([]);
  });

  test.each(['', '  ', null, 7, true])('%j is none', (reason) => {
    expect(annotated(reason)).toHaveLength(1);
  });

  test('lets no other policy pass', () => {
    const accepted = object('projectcalico.org/v3', 'NetworkPolicy', { name: 'one', namespace: 'agents', annotations: { [ANNOTATIONS.unproven]: 'ticket 7' } });
    expect(problemsOf(accepted, object('projectcalico.org/v3', 'NetworkPolicy'))).toHaveLength(1);
  });
});

test.each([
  ['networking.k8s.io/v1', 'NetworkPolicy'],
  ['networking.istio.io/v1', 'Sidecar'],
  ['security.istio.io/v1', 'AuthorizationPolicy'],
  ['cilium.io/v2', 'CiliumEndpoint'],
  ['v1', 'ConfigMap'],
  ['constructor', 'name'],
  ['cilium.io/v2', 'constructor'],
])('%s %s is not such a kind', (apiVersion, kind) => {
  expect(problemsOf(object(apiVersion, kind))).toEqual([]);
});

describe('the platform\'s own policy', () => {
  const check = (...objects: unknown[]) => unprovenProblems(objects, [own], NAMESPACES);
  const all = mutants(own);
  const ofMeaning = all.filter(({ path }) => !(path[0] === 'metadata' && ['labels', 'annotations'].includes(String(path[1]))));

  test('passes as the platform writes it', () => {
    expect(check(own)).toEqual([]);
  });

  test('is missed when it is gone', () => {
    expect(check()).toEqual(['CiliumNetworkPolicy agents/allow-broker-to-api-server is missing, which the platform needs to reach the API server']);
  });

  test('has no mutant that passes, besides its labels and annotations', () => {
    const survivors = ofMeaning.filter(({ value }) => check(value).length === 0);
    expect(survivors.map(({ path, what }) => `${path.join('.')}: ${what}`)).toEqual(['metadata: an unknown field']);
    expect(ofMeaning.length).toBeGreaterThan(60);
  });

  test('is refused when it has more rules beside its spec', () => {
    expect(check({ ...own, specs: [{ endpointSelector: {}, egress: [{}] }] })).toEqual([
      expect.stringMatching(/^CiliumNetworkPolicy agents\/allow-broker-to-api-server is not as the platform writes it, and may change what NetworkPolicies say/),
    ]);
  });

  test('does not cover for another of its kind', () => {
    expect(check(own, object('cilium.io/v2', 'CiliumNetworkPolicy'))).toHaveLength(1);
  });
});
