import { linesOf, MemoryApi, observer, SYSTEM } from './ship-support';
import { ShipDelivery } from '../../../../../sidecar/src/broker/audit/shipping/ship-delivery';
import { eventsOf } from '../../../../../sidecar/src/broker/audit/shipping/ship-events';
import { SHIP_LIMITS, ShipLimits, waitAfter } from '../../../../../sidecar/src/broker/audit/shipping/ship-limits';
import { decision, gate, HandTimers, until } from '../support';

const objects = (count: number, namespace = 'team-a') => [...eventsOf(
  linesOf(Array.from({ length: count }, (_, index) => decision({ namespace, run: `r${index}` }))), { systemNamespace: SYSTEM, eachOfRun: 10 },
)];

function delivering(limits: Partial<ShipLimits> = {}) {
  const api = new MemoryApi();
  const timers = new HandTimers();
  const { heard, observe } = observer();
  const delivery = new ShipDelivery({
    events: api, systemNamespace: SYSTEM, limits: { ...SHIP_LIMITS, ...limits }, observe, after: timers.after, random: () => 1,
  });
  /** Waits for the wait after a failure, and ends it. */
  const passWait = async (ms: number): Promise<void> => {
    await until(() => timers.delays.includes(ms));
    timers.fire(ms);
  };
  return { api, timers, heard, delivery, passWait };
}

const down = async () => Promise.reject(new Error('connection refused'));

test('events are sent several at a time, and no more than that', async () => {
  const { api, delivery } = delivering({ inFlight: 4 });
  const { opened, open } = gate();
  let inFlight = 0;
  let most = 0;
  api.answer = async () => {
    most = Math.max(most, ++inFlight);
    await opened;
    inFlight--;
    return undefined;
  };
  const delivered = delivery.deliver(objects(20));
  await until(() => inFlight === 4);
  open();
  expect(await delivered).toBe(true);
  expect([most, api.objects.size]).toEqual([4, 20]);
});

test('what is there already counts as shipped', async () => {
  const { api, heard, delivery } = delivering();
  await delivery.deliver(objects(3));
  expect(await delivery.deliver(objects(3))).toBe(true);
  expect(heard.results).toEqual(['created', 'created', 'created', 'exists', 'exists', 'exists']);
  expect(api.objects.size).toBe(3);
});

test('an event is made when its turn has come', async () => {
  const { api, delivery } = delivering({ inFlight: 2 });
  const { opened, open } = gate();
  api.answer = () => opened.then(() => undefined);
  let made = 0;
  function* making() {
    for (const object of objects(9)) {
      made++;
      yield object;
    }
  }
  const delivered = delivery.deliver(making());
  await until(() => api.requests === 2);
  expect(made).toBe(2);
  open();
  expect(await delivered).toBe(true);
  expect([made, api.objects.size]).toEqual([9, 9]);
});

test('an API server that is away is asked again after longer and longer waits, and then nothing is missing', async () => {
  const { api, timers, heard, delivery, passWait } = delivering({ inFlight: 2 });
  api.answer = down;
  const delivered = delivery.deliver(objects(9));
  for (const ms of [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) await passWait(ms);
  await until(() => timers.delays.includes(30_000));
  expect(heard.errors).toEqual(Array.from({ length: 9 }, () => 'connection refused'));
  expect(api.requests).toBe(18);
  api.answer = async () => undefined;
  timers.fire(30_000);
  expect(await delivered).toBe(true);
  expect(api.objects.size).toBe(9);
});

test('waits begin small again once something got through', async () => {
  const { api, timers, delivery, passWait } = delivering({ inFlight: 1 });
  let open = 0;
  api.answer = async () => open-- > 0 ? undefined : down();
  const delivered = delivery.deliver(objects(3));
  await passWait(500);
  await until(() => timers.delays.includes(1000));
  open = 1;
  timers.fire(1000);
  await until(() => timers.delays.includes(500));
  api.answer = async () => undefined;
  timers.fire(500);
  expect(await delivered).toBe(true);
});

test('a request that hangs counts as failed', async () => {
  const { api, heard, timers, delivery, passWait } = delivering();
  api.answer = () => new Promise(() => undefined);
  const delivered = delivery.deliver(objects(1));
  timers.fire(SHIP_LIMITS.createMs);
  await until(() => heard.errors.length === 1);
  api.answer = async () => undefined;
  await passWait(500);
  expect(await delivered).toBe(true);
  expect(heard.errors).toEqual(['the API server did not answer within 15000 ms']);
});

describe('a namespace that does not take its events', () => {
  test('holds up nobody: they are in the platform’s namespace, and say whose they are', async () => {
    const { api, heard, delivery } = delivering();
    api.answer = async (namespace) => namespace === 'full' ? 'refused' : undefined;
    expect(await delivery.deliver([...objects(1, 'full'), ...objects(1)])).toBe(true);
    expect(heard.results.sort()).toEqual(['created', 'moved']);
    const moved = [...api.objects.values()].find(({ metadata }) => metadata.namespace === SYSTEM);
    expect(moved).toMatchObject({ spec: { runRef: { name: 'r0' }, detail: { namespace: 'full' } } });
  });

  test('is waited for when it is the platform’s own', async () => {
    const { api, timers, heard, delivery, passWait } = delivering();
    api.answer = async () => 'refused';
    const delivered = delivery.deliver(objects(1, 'gone'));
    await passWait(500);
    await passWait(1000);
    await until(() => timers.delays.includes(2000));
    api.answer = async () => undefined;
    timers.fire(2000);
    expect(await delivered).toBe(true);
    expect(heard.errors).toEqual(Array.from({ length: 3 }, () => 'namespace agent-platform does not take audit events'));
  });
});

test('an object that no namespace takes is told and not tried for ever', async () => {
  const { api, heard, delivery } = delivering();
  api.answer = async () => 'invalid';
  expect(await delivery.deliver(objects(2))).toBe(true);
  expect(heard.results).toEqual(['dropped', 'dropped']);
});

test('the end gives up at once what is not delivered', async () => {
  const { api, timers, delivery } = delivering();
  api.answer = down;
  const delivered = delivery.deliver(objects(2));
  await until(() => timers.delays.includes(500));
  delivery.stop();
  expect(await delivered).toBe(false);
  expect(timers.delays).toEqual([]);
});

test('a wait is at least half of its length, so that replicas do not come back at once', () => {
  expect([waitAfter(1, 0, SHIP_LIMITS), waitAfter(1, 1, SHIP_LIMITS), waitAfter(3, 0.5, SHIP_LIMITS)]).toEqual([250, 500, 1500]);
  expect(waitAfter(10_000, 1, SHIP_LIMITS)).toBe(30_000);
});
