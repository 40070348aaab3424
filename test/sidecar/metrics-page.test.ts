import { readFileSync } from 'node:fs';
import { Registry } from 'prom-client';
import { BrokerMetrics } from '../../sidecar/src/broker/metrics';
import { ControllerMetrics } from '../../sidecar/src/controller/metrics';
import { EgressMetrics } from '../../sidecar/src/egress/reports/metrics';
import { OperatorMetrics } from '../../sidecar/src/operator/metrics';
import { RequestMetrics } from '../../sidecar/src/server/telemetry/metrics';

const PAGE = readFileSync('docs/reference/metrics.md', 'utf8');

interface Registered {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly type: string;
}

let metrics: Registered[];

/** Every metric of every server, with those that are read from elsewhere. */
beforeAll(async () => {
  const registry = new Registry();
  new RequestMetrics(registry);
  new BrokerMetrics(registry).follow({
    shipLag: () => ({ decisions: { records: 0, seconds: 0 }, uses: { records: 0, seconds: 0 } }),
    catalogAge: () => 0,
    refusedObjects: () => ({}),
    limitKeys: () => ({}),
    certificateExpires: () => 0,
  });
  new ControllerMetrics(registry);
  new EgressMetrics(registry);
  new OperatorMetrics(registry).observe({
    queue: { depth: 0, oldestAge: 0 }, leading: () => false, runs: () => [], unknownNamespaces: () => 0, lackingDefinitions: () => false,
  });
  const described = await registry.getMetricsAsJSON();
  metrics = described.map(({ name, help, type }) => {
    const { labelNames } = registry.getSingleMetric(name) as unknown as Registered;
    return { name, help, labelNames, type: String(type) };
  });
});

function line({ name, type, labelNames, help }: Registered): string {
  return `| \`${name}\` | ${type} | ${labelNames.map((label) => `\`${label}\``).join(', ')} | ${help} |`;
}

test('the page has a line for every metric, and no other line', () => {
  expect(PAGE.split('\n').filter((text) => text.startsWith('| `'))).toEqual(metrics.map(line));
});

test('names end as Prometheus wants it: counters with _total, times with _seconds', () => {
  const wrong = metrics.filter(({ name, type }) => (type === 'counter') !== name.endsWith('_total') || (type === 'histogram' && !name.endsWith('_seconds')));
  expect(wrong.map(({ name }) => name)).toEqual([]);
});

test('no label names what there is no end of', () => {
  const labels = new Set(metrics.flatMap(({ labelNames }) => labelNames));
  expect([...labels].filter((label) => ['run', 'host', 'caller', 'address', 'pod', 'lease'].includes(label))).toEqual([]);
});
