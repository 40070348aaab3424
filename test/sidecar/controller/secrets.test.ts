import { lenientDaemon } from './lenient-daemon';
import { ALICE, controllerOver, GATEWAY_TOKEN } from './world';

const CANARY = 'canary-4f1d';
const ENV = { SECRET: CANARY, OTHER: `x${CANARY}` };

/** Everything that leaves the process, but for what goes to the worker itself. */
async function leavings(one: ReturnType<typeof controllerOver>): Promise<string> {
  await one.settled();
  return [...one.output, JSON.stringify(await one.records()), await one.registry.metrics()].join('\n');
}

test.each([
  'nothing', 'store.put', 'store.get', 'provider.claim', 'provider.release', 'broker.issue', 'broker.revoke', 'store.remove',
])('no secret is told when %s fails', async (failing) => {
  const one = controllerOver({ workers: 3, proxyUrl: () => 'http://10.96.0.9:15001' });
  one.provider.ask = lenientDaemon().ask;
  const { status, body } = await one.create({ name: 'online', env: ENV }, { ...ALICE, 'idempotency-key': CANARY });
  expect(status).toBe(200);
  one.faults.failAlways(failing);
  await one.create({ name: 'online', env: ENV });
  await one.create({ env: { ...ENV, [`no-name-${failing}`]: CANARY } });
  await one.send('POST', `/v1/sessions/${body.sessionId}/recover`);
  await one.send('DELETE', `/v1/sessions/${body.sessionId}`);
  one.world.now += 3_600_000;
  await one.tick();
  const all = await leavings(one);
  for (const secret of [CANARY, GATEWAY_TOKEN, 'pdk-egress', 'PRIVATE KEY']) expect(all).not.toContain(secret);
});

test('a key that is cut off in the store is told without what is left of it', async () => {
  const one = controllerOver();
  const { body } = await one.create({ env: ENV });
  const { record, version } = (await one.store.get(body.sessionId))!;
  await one.store.put({ ...record, sealedEnv: record.sealedEnv!.slice(0, -4) }, version);
  expect((await one.send('POST', `/v1/sessions/${body.sessionId}/recover`)).status).toBe(503);
  expect(one.output.join('\n')).not.toContain(record.sealedEnv!.slice(20, 60));
});

test('what the platform puts into an environment cannot be asked for, nor seen afterwards', async () => {
  const one = controllerOver({ proxyUrl: () => 'http://10.96.0.9:15001' });
  one.provider.ask = lenientDaemon().ask;
  const { body } = await one.create({ name: 'online', env: ENV });
  const shown = await one.send('GET', `/v1/sessions/${body.sessionId}`);
  expect(shown.status).toBe(200);
  for (const secret of [CANARY, 'pdk-egress', '15001']) expect(JSON.stringify([body, shown.body])).not.toContain(secret);
});
