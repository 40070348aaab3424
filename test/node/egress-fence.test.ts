import { inPod } from './client-pod';
import { applyAll, EgressCluster, podsOfRole, workers } from './egress-cluster';
import { POOL, SYSTEM, TEAM } from './egress-world';
import { enforced, inert, ready } from './one-node';
import { DIAL } from './session-clients';
import { get, readySince, until } from './session-cluster';
import { LABELS } from '../../src/protocol/names';
import { OBJECTS } from '../../src/protocol/objects';
import { PORTS } from '../../src/protocol/ports';
import { must } from '../cluster/cli';

/* eslint-disable @typescript-eslint/no-explicit-any */

const fenceOf = ({ status }: any) => status.initContainerStatuses?.find(({ name }: any) => name === 'fence');
const programOf = ({ status }: any) => status.containerStatuses?.[0];

let cluster: EgressCluster;

beforeAll(async () => {
  cluster = await applyAll();
  ready(SYSTEM, `deployment/${OBJECTS.egress}`);
}, 900_000);

afterAll(() => cluster.close());

test('the proxy serves, and says where it is', () => {
  expect(Object.keys(get('configmap', TEAM, OBJECTS.agentTrust).data)).toContain('proxy-url');
});

enforced('with a network plugin that enforces policies', () => {
  test('a worker starts', () => ready(TEAM, `deployment/${POOL}`), 500_000);

  test('a worker that gets out all the same waits, and starts as soon as it does not any more', async () => {
    const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'hole', namespace: TEAM } };
    const podSelector = { matchLabels: { [LABELS.pool]: POOL } };
    must(['apply', '--server-side', '-f', '-'], [{ ...policy, spec: { podSelector, policyTypes: ['Egress'], egress: [{}] } }]);
    const [{ metadata: { name: waits } }] = workers();
    const proxy = podsOfRole('egress')[0].status.podIP;
    await until('it counts', () => inPod(TEAM, waits, `${DIAL} dial('${proxy}', ${PORTS['egress-fence']}).then(console.log)`).trim() === 'open');
    const before = workers().map(({ metadata }) => metadata.uid);
    must(['delete', 'pod', '-n', TEAM, workers()[0].metadata.name, '--force', '--grace-period=0']);
    const next = () => workers().find(({ metadata }) => !before.includes(metadata.uid));
    const begun = await until('its fence has begun', () => fenceOf(next() ?? { status: {} })?.state.running?.startedAt, 120);
    // Three rounds of silence take six seconds.
    await until('it has had time', () => Date.now() - Date.parse(begun) > 12_000);
    expect([fenceOf(next()).state, programOf(next()).state]).toEqual([{ running: { startedAt: begun } }, { waiting: { reason: 'PodInitializing' } }]);
    must(['delete', 'networkpolicy', '-n', TEAM, 'hole']);
    await until('it is ready', () => readySince(next()) !== undefined, 120);
    expect(fenceOf(next())).toMatchObject({ restartCount: 0, state: { terminated: { exitCode: 0 } } });
  }, 400_000);
});

inert('with a network plugin that enforces nothing', () => {
  test('no worker starts, and each says why', async () => {
    const failures = await until('every fence has failed', () => {
      const ended = workers().map((pod) => [fenceOf(pod)?.state.terminated, fenceOf(pod)?.lastState.terminated].find((one) => one !== undefined));
      return ended.length > 0 && ended.every((one) => one !== undefined) && ended;
    }, 300);
    expect(failures.map(({ exitCode, message }: any) => [exitCode, message])).toEqual(failures.map(() => [1, expect.stringMatching(/the network policy of this pod is not enforced after 120 s/)]));
    expect(workers().map((pod) => [programOf(pod).started, Object.keys(programOf(pod).state), programOf(pod).restartCount])).toEqual(failures.map(() => [false, ['waiting'], 0]));
  }, 600_000);
});
