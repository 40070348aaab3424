import { objectQuota } from '../../src/manifests/object-quota';
import { RESOURCE_KINDS } from '../../src/protocol/resources';

const COUNTS = { HarnessRun: 1, HarnessTemplate: 2, Workspace: 3, BrokerPolicy: 4 };
const { metadata, spec } = objectQuota({ platform: 'p', part: 'namespaces', name: 'agent-quota', namespace: 'team-a' }, COUNTS) as any;

test('every kind of a namespace that people make has a limit, and nothing else has', () => {
  const counted = RESOURCE_KINDS.filter(({ scope, kind }) => scope === 'Namespaced' && kind !== 'AuditEvent').map(({ plural }) => `count/${plural}.paddock.dev`);
  expect(Object.keys(spec.hard).sort()).toEqual(counted.sort());
  expect(spec.hard).toMatchObject({ 'count/harnessruns.paddock.dev': '1', 'count/brokerpolicies.paddock.dev': '4' });
});

test('it comes after all that would be refused while the cluster has not counted', () => {
  expect(metadata.annotations).toEqual({ 'argocd.argoproj.io/sync-wave': '3' });
});
