import { until } from './audit/support';
import { shedLoad } from '../../../sidecar/src/broker/load-shedding';
import { buildAdmin } from '../../../sidecar/src/server/program/admin';
import { createRegistry } from '../../../sidecar/src/server/telemetry/metrics';
import { capturedLog, closeAll, testServer } from '../server/frame';

afterEach(closeAll);

const ask = { method: 'POST', url: '/v1/issue', payload: { name: 'a' } } as const;

/** A server that has taken its first look at itself. */
async function looked(bounds: Parameters<typeof shedLoad>[1]) {
  const app = testServer();
  let entered = 0;
  app.post('/guarded', { onRequest: async () => void entered++ }, () => 'in');
  shedLoad(app, { ...bounds, lookEvery: 10 });
  await app.ready();
  await until(() => (app as unknown as { memoryUsage(): { heapUsed: number } }).memoryUsage().heapUsed > 0);
  return { app, entered: () => entered };
}

test('a server within its bounds answers', async () => {
  const { app } = await looked({ heapBytes: Infinity, eventLoopDelay: Infinity });
  expect((await app.inject(ask)).statusCode).toBe(200);
});

test('a server with too much on its heap refuses, in the shape of all refusals, and says when to come back', async () => {
  const { app } = await looked({ heapBytes: 1 });
  const answer = await app.inject(ask);
  expect([answer.statusCode, answer.json()]).toEqual([503, { code: 'Unavailable', message: 'the broker is overloaded; try again' }]);
  expect(answer.headers).toMatchObject({ 'retry-after': '1', 'cache-control': 'no-store' });
});

test('a server whose event loop is late refuses', async () => {
  const { app } = await looked({ heapBytes: Infinity, eventLoopDelay: 0.001 });
  const statuses: number[] = [];
  while (!statuses.includes(503) && statuses.length < 1000) {
    keepBusy();
    statuses.push((await app.inject(ask)).statusCode);
  }
  expect(statuses).toContain(503);
});

/** Lets nothing else run for longer than there is between two looks. */
function keepBusy(): void {
  for (const end = performance.now() + 15; performance.now() < end;);
}

test('nothing is asked about a caller that is sent away', async () => {
  const { app, entered } = await looked({ heapBytes: 1 });
  expect((await app.inject({ method: 'POST', url: '/guarded' })).statusCode).toBe(503);
  expect(entered()).toBe(0);
});

test('probes are answered meanwhile', async () => {
  await looked({ heapBytes: 1 });
  const admin = buildAdmin({ log: capturedLog().log, registry: createRegistry('test'), unready: () => undefined });
  expect((await admin.inject('/livez')).statusCode).toBe(200);
  await admin.close();
});
