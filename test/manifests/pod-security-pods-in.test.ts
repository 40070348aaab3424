import { KINDS_WITH_PODS, podsIn } from '../../src/manifests/pod-security/pods-in';

const spec = { containers: [{ name: 'main' }] };
const template = { metadata: { annotations: { a: 'b' } }, spec };

test.each([
  ['v1', 'Pod', template, ''],
  ['v1', 'PodTemplate', { template }, 'template'],
  ['v1', 'ReplicationController', { spec: { template } }, 'spec.template'],
  ['apps/v1', 'ReplicaSet', { spec: { template } }, 'spec.template'],
  ['apps/v1', 'Deployment', { spec: { template } }, 'spec.template'],
  ['apps/v1', 'StatefulSet', { spec: { template } }, 'spec.template'],
  ['apps/v1', 'DaemonSet', { spec: { template } }, 'spec.template'],
  ['batch/v1', 'Job', { spec: { template } }, 'spec.template'],
  ['batch/v1', 'CronJob', { spec: { jobTemplate: { spec: { template } } } }, 'spec.jobTemplate.spec.template'],
  ['argoproj.io/v1alpha1', 'Rollout', { spec: { template } }, 'spec.template'],
  ['jobset.x-k8s.io/v1alpha2', 'JobSet', { spec: { replicatedJobs: [{ template: { spec: { template } } }] } }, 'spec.replicatedJobs.0.template.spec.template'],
  ['agents.x-k8s.io/v1alpha1', 'Sandbox', { spec: { podTemplate: template } }, 'spec.podTemplate'],
])('the pod of %s %s is found', (apiVersion, kind, rest, path) => {
  expect(podsIn({ apiVersion, kind, ...rest })).toEqual([{ path: path === '' ? [] : path.split('.'), pod: expect.objectContaining({ spec, metadata: template.metadata }) }]);
});

test('every kind of the table is tried above', () => {
  expect(KINDS_WITH_PODS).toHaveLength(9);
});

test.each([
  ['a Service', { apiVersion: 'v1', kind: 'Service', spec: {} }],
  ['a Job of somebody else without a template', { apiVersion: 'example.com/v1', kind: 'Job', spec: {} }],
  ['a kind that changes containers of others', { apiVersion: 'monitoring.coreos.com/v1', kind: 'Prometheus', spec: { containers: [{ name: 'main' }] } }],
  ['a definition of such a kind', { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', spec: { schema: { spec: { containers: { type: 'array' } } } } }],
  ['a kind named like a member of objects', { apiVersion: 'v1', kind: 'constructor' }],
  ['nothing', undefined],
  ['a text', 'Pod'],
])('%s has no pod', (_, object) => {
  expect(podsIn(object)).toEqual([]);
});

test('a Deployment without a template has a pod that passes nothing, not none', () => {
  expect(podsIn({ apiVersion: 'apps/v1', kind: 'Deployment', spec: {} })).toEqual([{ path: ['spec', 'template'], pod: {} }]);
});
