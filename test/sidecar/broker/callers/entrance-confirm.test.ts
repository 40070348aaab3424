import { snapshotOf } from '../../../../sidecar/src/broker/catalog/directory/directory-snapshot';
import { checkedObject } from '../../../../sidecar/src/broker/catalog/object-check';
import type { RunName } from '../../../../sidecar/src/broker/catalog/run-name';
import { brokerOver, callerNamed } from '../build-broker';
import { brokerPolicy, harnessRun, harnessTemplate, headerGrant, secret } from '../documents';

const GRANTS = { grants: { credentials: [headerGrant()], egress: [{ host: 'api.github.com' }] } };
const OTHERS = [harnessTemplate(), brokerPolicy({}, GRANTS), secret({ token: 'planted' })];
const POD_TOKEN = 'token-of-the-pod-of-r1';

/** A broker whose catalog does not know that the pod is the run's until it looks again. */
function laggingBroker(found: object) {
  let documents: object[] = [harnessRun(), ...OTHERS];
  const confirmed: RunName[] = [];
  const snapshot = () => snapshotOf(documents.map((value, index) => checkedObject({ file: 'test', place: `document ${index}`, value: JSON.parse(JSON.stringify(value)) })));
  const broker = brokerOver([], {
    catalog: {
      snapshot,
      secret: async (namespace, name, key) => snapshot().secret(namespace, name)?.data.get(key),
      confirm: async (run) => {
        confirmed.push(run);
        documents = [found, ...OTHERS];
      },
      unready: () => undefined,
      close: async () => undefined,
    },
  });
  broker.world.callers.set(POD_TOKEN, callerNamed('team-a', 'default', [], 'pod-1'));
  return { ...broker, confirmed };
}

const AS_POD = { authorization: `Bearer ${POD_TOKEN}` };

test('the pod of a run is served before the catalog knows it', async () => {
  const { ask, confirmed } = laggingBroker(harnessRun({}, { podUID: 'pod-1' }));
  expect(await ask('issue', { name: 'GITHUB_TOKEN' }, AS_POD)).toMatchObject({ status: 200 });
  expect(confirmed).toEqual([{ namespace: 'team-a', name: 'r1' }]);
});

test('another pod is refused after that look too', async () => {
  const { ask, confirmed } = laggingBroker(harnessRun({}, { podUID: 'pod-2' }));
  expect(await ask('issue', { name: 'GITHUB_TOKEN' }, AS_POD)).toMatchObject({ status: 403, body: { code: 'Forbidden' } });
  expect(confirmed).toHaveLength(1);
});

test('nobody else causes a look: no stranger without a pod, and nobody whose token is not valid', async () => {
  const { ask, confirmed, world } = laggingBroker(harnessRun({}, { podUID: 'pod-1' }));
  world.callers.set('token-of-some-stranger', callerNamed('team-a', 'default'));
  expect((await ask('issue', { name: 'GITHUB_TOKEN' }, { authorization: 'Bearer token-of-some-stranger' })).status).toBe(403);
  expect((await ask('issue', { name: 'GITHUB_TOKEN' }, { authorization: 'Bearer token-of-nobody' })).status).toBe(401);
  expect(confirmed).toEqual([]);
});
