import { MemoryApi, substitution, SYSTEM } from './ship-support';
import { shipCursors } from '../../../../../sidecar/src/broker/audit/shipping/ship-lanes';
import { SHIP_FLUSH_MS } from '../../../../../sidecar/src/broker/audit/shipping/ship-limits';
import { startShipping } from '../../../../../sidecar/src/broker/audit/shipping/shipping';
import { capturedLog } from '../../../server/frame';
import { decision, HandTimers, openLog, temporaryFolders, until } from '../support';

const folder = temporaryFolders();
const anchorsOf = (api: MemoryApi) => [...api.objects.values()].filter(({ spec }) => spec.kind === 'audit-anchor');

async function shipped(api: MemoryApi) {
  const at = folder();
  const cursors = shipCursors(at);
  const log = await openLog(at, { cursors: Object.values(cursors) });
  const timers = new HandTimers();
  const captured = capturedLog();
  const observed: string[] = [];
  const shipping = startShipping({
    folder: at,
    cursors,
    head: () => log.heads()[0],
    events: api,
    namespace: SYSTEM,
    observe: { shipped: (result) => observed.push(result), failed: () => observed.push('failed') },
    log: captured.log,
    clock: () => 0,
    after: timers.after,
  });
  // The first look, at what a process before has left.
  await until(() => Object.values(shipping.lag()).every(({ records }) => records === 0));
  return { log, timers, shipping, observed, lines: captured.lines };
}

test('the end ships what is left, and anchors the last head', async () => {
  const api = new MemoryApi();
  const { log, shipping, lines } = await shipped(api);
  await log.write(decision());
  await shipping.close();
  expect([...api.objects.values()].map(({ spec }) => spec.kind)).toEqual(['credential-issued', 'audit-anchor']);
  expect(shipping.lag()).toEqual({ decisions: { records: 0, seconds: 0 }, uses: { records: 0, seconds: 0 } });
  expect(lines()).toEqual([]);
  await log.close();
});

test('the end does not wait for ten minutes to ship uses', async () => {
  const api = new MemoryApi();
  const { log, timers, shipping } = await shipped(api);
  await log.write(substitution());
  timers.fire(5000);
  await until(() => shipping.lag().decisions.records === 0);
  expect([api.requests, shipping.lag().uses]).toEqual([0, { records: 1, seconds: 0 }]);
  await shipping.close();
  expect([...api.objects.values()].map(({ spec }) => spec.kind)).toEqual(['credential-issued', 'audit-anchor']);
  await log.close();
});

test('a lane that fails is told of once while the other works', async () => {
  const api = new MemoryApi();
  api.answer = async (_namespace, { spec }) => spec.destination === undefined ? undefined : Promise.reject(new Error('no'));
  const { log, timers, shipping, observed, lines } = await shipped(api);
  await log.write(substitution());
  for (let look = 0; look < 120; look++) timers.fire(5000);
  await until(() => shipping.lag().decisions.records === 0);
  for (let failures = 1; failures < 4; failures++) {
    await until(() => observed.filter((what) => what === 'failed').length >= failures);
    await log.write(decision());
    timers.fire(5000);
    await until(() => shipping.lag().decisions.records === 0);
    timers.delays.filter((ms) => ms < 5000).forEach((ms) => timers.fire(ms));
  }
  api.answer = async () => undefined;
  await shipping.close();
  expect(lines().map(({ level, lane }) => [level, lane])).toEqual([['warn', 'uses'], ['info', 'uses']]);
  await log.close();
});

test('a failure is told once, however often it is tried, and once when it is over', async () => {
  const api = new MemoryApi();
  api.answer = async () => Promise.reject(new Error('connection refused'));
  const { log, timers, shipping, observed, lines } = await shipped(api);
  await log.write(decision());
  timers.fire(5000);
  for (let failures = 1; failures < 4; failures++) {
    await until(() => observed.length >= failures);
    timers.delays.filter((ms) => ms < 5000).forEach((ms) => timers.fire(ms));
  }
  await until(() => observed.length >= 4);
  api.answer = async () => undefined;
  await shipping.close();
  expect(lines().map(({ level, msg }) => [level, msg])).toEqual([
    ['warn', 'audit events cannot be shipped; they wait in the audit log'], ['info', 'audit events are shipped again'],
  ]);
  await log.close();
});

test('what cannot be shipped in time does not hold up the end, and is told', async () => {
  const api = new MemoryApi();
  const { log, timers, shipping, lines } = await shipped(api);
  for (const record of [decision(), substitution()]) await log.write(record);
  api.answer = () => new Promise(() => undefined);
  const closed = shipping.close();
  await until(() => api.requests === 2);
  timers.fire(SHIP_FLUSH_MS);
  await closed;
  expect(lines()).toMatchObject([{ level: 'warn', msg: expect.stringContaining('not everything of the audit log is shipped') }]);
  await log.close();
});

test('anchors in the API are a minute apart, as nothing removes them there', async () => {
  const api = new MemoryApi();
  const { log, timers, shipping } = await shipped(api);
  expect(timers.delays.filter((ms) => ms >= 10_000)).toEqual([60_000]);
  for (let minute = 1; minute <= 3; minute++) {
    await log.write(decision());
    timers.fire(60_000);
    await until(() => anchorsOf(api).length === minute);
  }
  timers.fire(60_000);
  await shipping.close();
  expect(anchorsOf(api)).toHaveLength(3);
  await log.close();
});

test('anchors that the API does not know are told of once, and events go on', async () => {
  const api = new MemoryApi();
  api.answer = async (_namespace, { spec }) => spec.kind === 'audit-anchor' ? 'invalid' : undefined;
  const { log, timers, shipping, lines } = await shipped(api);
  for (let look = 0; look < 3; look++) {
    const { requests } = api;
    timers.fire(60_000);
    await until(() => api.requests > requests);
  }
  await log.write(decision());
  await shipping.close();
  expect(api.decisions).toBe(1);
  expect(lines()).toMatchObject([{ level: 'warn', msg: expect.stringContaining('cannot be anchored') }]);
  await log.close();
});

test('an event that no namespace takes is an error in the log, without its content', async () => {
  const api = new MemoryApi();
  api.answer = async (_namespace, { spec }) => spec.kind === 'audit-anchor' ? undefined : 'invalid';
  const { log, shipping, observed, lines } = await shipped(api);
  await log.write(decision({ reason: 'a reason' }));
  await shipping.close();
  expect(observed).toEqual(['dropped']);
  expect(lines()).toMatchObject([{ level: 'error', event: expect.stringMatching(/^ae-broker-0-/) }]);
  expect(JSON.stringify(lines())).not.toContain('a reason');
  await log.close();
});
