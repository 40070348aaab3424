import { buildAdmin } from '../../../../sidecar/src/server/program/admin';
import { createRegistry, RequestMetrics } from '../../../../sidecar/src/server/telemetry/metrics';
import { capturedLog } from '../frame';

function admin(reason?: string) {
  const captured = capturedLog();
  const registry = createRegistry('broker');
  const state = { reason };
  const app = buildAdmin({ log: captured.log, registry, unready: () => state.reason });
  const get = async (url: string) => {
    const { statusCode, body } = await app.inject({ method: 'GET', url });
    return [statusCode, body];
  };
  return { app, get, state, registry, ...captured };
}

test('a process that runs is alive, ready or not', async () => {
  expect(await admin('starting').get('/livez')).toEqual([200, 'ok']);
});

test('readiness says why not, until there is no reason', async () => {
  const { get, state } = admin('the audit log cannot be written');
  expect(await get('/readyz')).toEqual([503, 'the audit log cannot be written']);
  state.reason = undefined;
  expect(await get('/readyz')).toEqual([200, 'ok']);
  state.reason = 'closing';
  expect(await get('/readyz')).toEqual([503, 'closing']);
});

test('a check of readiness that fails is not ready', async () => {
  const app = buildAdmin({ log: capturedLog().log, registry: createRegistry('broker'), unready: () => { throw new Error('hunter2'); } });
  const answer = await app.inject({ method: 'GET', url: '/readyz' });
  expect([answer.statusCode, answer.json()]).toEqual([503, { code: 'Unavailable', message: 'the request could not be served' }]);
});

test('metrics are those of this process: requests, durations, event loop, memory', async () => {
  const { app, registry } = admin();
  const metrics = new RequestMetrics(registry);
  metrics.answered('/v1/issue', 200, 4);
  metrics.answered('/v1/issue', 200, 40);
  metrics.answered('/v1/issue', 403, 1);
  const { headers, body } = await app.inject({ method: 'GET', url: '/metrics' });
  expect(headers['content-type']).toContain('version=0.0.4');
  for (const line of [
    'http_requests_total{route="/v1/issue",status="200",role="broker"} 2',
    'http_requests_total{route="/v1/issue",status="403",role="broker"} 1',
    'http_request_duration_seconds_bucket{le="0.005",role="broker",route="/v1/issue"} 2',
    'http_request_duration_seconds_count{role="broker",route="/v1/issue"} 3',
  ]) expect(body).toContain(line);
  expect(body).toMatch(/nodejs_eventloop_lag_seconds[^]*process_resident_memory_bytes|process_resident_memory_bytes[^]*nodejs_eventloop_lag_seconds/);
});

test('the registries of two roles in one process do not meet', async () => {
  const [one, two] = [createRegistry('broker'), createRegistry('egress')];
  new RequestMetrics(one).answered('/a', 200, 1);
  new RequestMetrics(two);
  expect(await two.metrics()).not.toContain('route="/a"');
});

test('probes fill no log', async () => {
  const { get, text } = admin('starting');
  await get('/livez');
  await get('/readyz');
  expect(text()).toBe('');
});

test.each([['GET', '/'], ['GET', '/debug'], ['GET', '/livez/x']] as const)('%s %s is not there', async (method, url) => {
  expect((await admin().app.inject({ method, url })).json()).toEqual({ code: 'NotFound', message: 'there is no such path' });
});

test.each(['/livez', '/readyz', '/metrics'])('%s is only read', async (url) => {
  const answer = await admin().app.inject({ method: 'POST', url });
  expect([answer.statusCode, answer.headers.allow]).toEqual([405, 'GET']);
});
