import { podOptions } from './agent-pod-options';
import { agentPod } from '../../src/manifests/agent-pod';
import { policyFor } from '../../src/manifests/network-policy';
import { runNetworkPolicy } from '../../src/manifests/run-network-policy';

const RUN = { platform: 'p', namespace: 'team-a', run: 'fix-42' };

test('the pods of a run are opened to the proxy, and to nothing else', () => {
  expect(runNetworkPolicy(RUN).spec).toEqual({
    podSelector: { matchLabels: { 'cdk8s-agent-platform/role': 'agent', 'paddock.dev/run': 'fix-42' } },
    policyTypes: ['Ingress', 'Egress'],
    egress: [{
      to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'p' } }, podSelector: { matchLabels: { 'cdk8s-agent-platform/role': 'egress' } } }],
      ports: [{ port: 15001, protocol: 'TCP' }, { port: 15002, protocol: 'TCP' }],
    }],
  });
});

test('nobody is let in', () => {
  expect(runNetworkPolicy(RUN).spec).not.toHaveProperty('ingress');
});

test('the port of the fence is not opened: it is by its silence that a run begins', () => {
  expect(JSON.stringify(runNetworkPolicy(RUN))).not.toContain('15003');
});

test('it opens what the policy of the namespace does', () => {
  const agent = { role: 'agent', namespace: 'team-a' } as const;
  const { spec } = policyFor(agent, { platform: 'p', endpoints: [agent, { role: 'egress', namespace: 'p' }], places: {} });
  expect(runNetworkPolicy(RUN).spec.egress).toEqual(spec.egress);
});

test('it selects pods of its run', () => {
  const { labels } = agentPod(podOptions()).metadata;
  expect(labels).toMatchObject(runNetworkPolicy(RUN).spec.podSelector.matchLabels!);
  expect(labels).not.toMatchObject(runNetworkPolicy({ ...RUN, run: 'fix-4' }).spec.podSelector.matchLabels!);
});

test('it goes with the run, by which it is found; at synth there is no run yet', () => {
  expect(runNetworkPolicy({ ...RUN, uid: 'u' }).metadata).toMatchObject({
    name: 'fix-42-egress', namespace: 'team-a', labels: { 'paddock.dev/run': 'fix-42' }, ownerReferences: [{ kind: 'HarnessRun', name: 'fix-42', uid: 'u', controller: true }],
  });
  expect(runNetworkPolicy(RUN).metadata).not.toHaveProperty('ownerReferences');
});
