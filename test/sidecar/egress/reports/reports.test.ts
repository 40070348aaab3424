import { Registry } from 'prom-client';
import { EgressMetrics } from '../../../../sidecar/src/egress/reports/metrics';
import { openReports } from '../../../../sidecar/src/egress/reports/reports';

interface Line {
  readonly level: string;
  readonly fields: Record<string, unknown>;
}

function opened() {
  const lines: Line[] = [];
  const registry = new Registry();
  let now = 1_000;
  let ids = 0;
  const write = (level: string) => (fields: object) => void lines.push({ level, fields: { ...fields } });
  const reports = openReports({
    log: { info: write('info'), warn: write('warn') } as never,
    metrics: new EgressMetrics(registry),
    clock: () => now,
    newId: () => `id-${++ids}`,
  });
  const value = async (name: string) => (await registry.getSingleMetric(name)!.get()).values.map((one) => ({ ...one.labels, count: one.value }));
  return { lines, reports, value, pass: (milliseconds: number) => { now += milliseconds; } };
}

const VERDICT = { allowed: true, matchedPolicy: 'p', auditId: 'broker-0/7', until: 9 };

test('a connection is one line, with what is needed to find the record of the decision', () => {
  const { lines, reports, pass } = opened();
  const report = reports('tunnel', { run: 'fix-1', address: '10.0.0.9' });
  report.target({ host: 'api.example.com', port: 443, kind: 'name' });
  report.verdict(VERDICT);
  pass(250);
  report.end({ outcome: 'CLOSED', sent: 10, received: 20 });
  expect(lines).toEqual([{
    level: 'info',
    fields: {
      connection: 'id-1',
      run: 'fix-1',
      client: '10.0.0.9',
      host: 'api.example.com',
      port: 443,
      policy: 'p',
      audit: 'broker-0/7',
      mode: 'tunnel',
      outcome: 'CLOSED',
      status: undefined,
      sent: 10,
      received: 20,
      ms: 250,
    },
  }]);
});

test('a request of a tunnel names both, and the record of the exchange', () => {
  const { lines, reports } = opened();
  const tunnel = reports('intercepted', { run: 'r', address: 'a' });
  const request = reports('intercepted', { run: 'r', address: 'a' }, tunnel.id);
  request.end({ outcome: 'ANSWERED', status: 200, auditId: 'broker-1/9' });
  expect(lines[0].fields).toMatchObject({ connection: 'id-1', request: 'id-2', exchange: 'broker-1/9', status: 200 });
});

test('a report that has ended hears nothing more', async () => {
  const { lines, reports, value } = opened();
  const report = reports('plain', { address: 'a' });
  report.end({ outcome: 'REVOKED' });
  report.end({ outcome: 'CLOSED', sent: 5 });
  expect(lines).toHaveLength(1);
  expect(await value('egress_connections_total')).toEqual([{ mode: 'plain', outcome: 'REVOKED', count: 1 }]);
  expect(await value('egress_open_connections')).toEqual([{ count: 0 }]);
});

test('path, query and headers of a target are in no line', () => {
  const { lines, reports } = opened();
  const report = reports('base-url', { address: 'a' });
  report.target({ host: 'api.example.com', port: 443, kind: 'name', path: '/v1?key=secret' } as never);
  report.end({ outcome: 'ANSWERED' });
  expect(JSON.stringify(lines)).not.toContain('secret');
});

test('a client that looks whether credentials are wanted is counted, and is no line', async () => {
  const { lines, reports, value } = opened();
  reports('tunnel', { address: 'a' }).end({ outcome: 'PROXY_AUTH_REQUIRED', status: 407 });
  expect(lines).toEqual([]);
  expect(await value('egress_connections_total')).toEqual([{ mode: 'tunnel', outcome: 'PROXY_AUTH_REQUIRED', count: 1 }]);
});

test.each([
  ['BROKER_FAILED', 'warn'], ['INTERNAL', 'warn'], ['UPSTREAM_TIMEOUT', 'warn'], ['HOST_NOT_ALLOWED', 'info'], ['TOKEN_REFUSED', 'info'], ['REVOKED', 'info'],
] as const)('%s is told at level %s', (outcome, level) => {
  const { lines, reports } = opened();
  reports('tunnel', { address: 'a' }).end({ outcome });
  expect(lines[0].level).toBe(level);
});

test('bytes are counted by direction', async () => {
  const { reports, value } = opened();
  reports('tunnel', { address: 'a' }).end({ outcome: 'CLOSED', sent: 3, received: 4 });
  expect(await value('egress_bytes_total')).toEqual([{ direction: 'sent', count: 3 }, { direction: 'received', count: 4 }]);
});
