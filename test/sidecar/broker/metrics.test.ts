import { Registry } from 'prom-client';
import { BrokerMetrics } from '../../../sidecar/src/broker/metrics';

function metered() {
  const registry = new Registry();
  const metrics = new BrokerMetrics(registry);
  /** Lines of one metric. */
  const lines = async (name: string): Promise<string[]> => (await registry.metrics()).split('\n').filter((line) => line.startsWith(name));
  return { metrics, lines };
}

test('what is counted is there', async () => {
  const { metrics, lines } = metered();
  metrics.answered('issue', 'ok');
  metrics.answered('validateEgress', 'RateLimited');
  metrics.decided({ kind: 'egress-block', decision: 'denied', count: 40 });
  metrics.decided({ kind: 'egress-block', decision: 'denied' });
  metrics.reviewed('hit');
  metrics.auditFailed();
  expect(await lines('broker_requests_total')).toEqual(['broker_requests_total{endpoint="issue",code="ok"} 1', 'broker_requests_total{endpoint="validateEgress",code="RateLimited"} 1']);
  expect(await lines('broker_decisions_total')).toEqual(['broker_decisions_total{kind="egress-block",decision="denied"} 41']);
  expect(await lines('broker_token_reviews_total')).toEqual(['broker_token_reviews_total{result="hit"} 1']);
  expect(await lines('broker_audit_write_failures_total')).toEqual(['broker_audit_write_failures_total 1']);
});

test('providers and shipping tell of themselves', async () => {
  const { metrics: { providers, shipping }, lines } = metered();
  providers.issued!('PATPool', 20, 'ok');
  providers.pool!({ namespace: 'team-a', secret: 'pats', key: 'pool' }, 5, 2);
  providers.exhausted!({ namespace: 'team-a', secret: 'pats', key: 'pool' });
  shipping.shipped('moved', {} as never);
  shipping.failed(new Error('no'));
  expect(await lines('broker_issue_duration_seconds_sum')).toEqual(['broker_issue_duration_seconds_sum{provider="PATPool",outcome="ok"} 0.02']);
  expect(await lines('broker_pool_leased_tokens')).toEqual(['broker_pool_leased_tokens{namespace="team-a",secret="pats",key="pool"} 2']);
  expect(await lines('broker_pool_exhausted_total')).toHaveLength(1);
  expect(await lines('broker_audit_events_total')).toEqual(['broker_audit_events_total{result="moved"} 1']);
  expect(await lines('broker_audit_ship_failures_total')).toEqual(['broker_audit_ship_failures_total 1']);
});

test('gauges are read when the metrics are', async () => {
  const { metrics, lines } = metered();
  const now = { records: 3, limits: { issue: 7 } as Record<string, number> };
  metrics.follow({
    shipLag: () => ({ decisions: { records: 0, seconds: 0 }, uses: { records: now.records, seconds: 1.5 } }),
    limitKeys: () => now.limits,
    certificateExpires: () => 90_000,
  });
  expect(await lines('broker_audit_unshipped_records')).toEqual(['broker_audit_unshipped_records{lane="decisions"} 0', 'broker_audit_unshipped_records{lane="uses"} 3']);
  expect(await lines('broker_audit_ship_lag_seconds')).toEqual(['broker_audit_ship_lag_seconds{lane="decisions"} 0', 'broker_audit_ship_lag_seconds{lane="uses"} 1.5']);
  expect(await lines('broker_certificate_expiry_timestamp_seconds')).toEqual(['broker_certificate_expiry_timestamp_seconds 90']);
  Object.assign(now, { records: 0, limits: { substitute: 1 } });
  expect(await lines('broker_audit_unshipped_records{lane="uses"}')).toEqual(['broker_audit_unshipped_records{lane="uses"} 0']);
  expect(await lines('broker_limit_keys')).toEqual(['broker_limit_keys{limiter="substitute"} 1']);
});

test('what nobody gives has no series, so that it does not look like 0', async () => {
  const { metrics, lines } = metered();
  metrics.follow({});
  expect(await lines('broker_catalog_age_seconds')).toEqual([]);
  expect(await lines('broker_audit_unshipped_records')).toEqual([]);
});

test('pools beyond a thousand have no series, and those before keep theirs', async () => {
  const { metrics: { providers }, lines } = metered();
  for (let index = 0; index < 1100; index++) providers.pool!({ namespace: 'team-a', secret: `s${index}`, key: 'k' }, 1, 0);
  providers.exhausted!({ namespace: 'team-a', secret: 's1099', key: 'k' });
  providers.pool!({ namespace: 'team-a', secret: 's0', key: 'k' }, 9, 0);
  const found = await lines('broker_pool_tokens{');
  expect(found).toHaveLength(1000);
  expect(found).toContain('broker_pool_tokens{namespace="team-a",secret="s0",key="k"} 9');
  expect(await lines('broker_pool_exhausted_total{')).toEqual([]);
});
