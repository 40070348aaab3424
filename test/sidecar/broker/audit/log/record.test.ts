import { contentText } from '../../../../../sidecar/src/broker/audit/log/chain';
import { MAX_LINE_BYTES } from '../../../../../sidecar/src/broker/audit/log/limits';
import { eventContent } from '../../../../../sidecar/src/broker/audit/log/record';
import { auditEventSpec } from '../../../../../src/protocol/resources/audit-event';
import { decision } from '../support';

const TIME = '2030-01-31T12:00:00.000Z';
const long = 'x'.repeat(5000);

test('a decision is written with its fields in one order, whatever order it came in', () => {
  const one = eventContent({ decision: 'denied', kind: 'credential-denied', namespace: 'a', run: 'r', reason: 'no', caller: 'a/b' }, TIME);
  const other = eventContent({ caller: 'a/b', reason: 'no', run: 'r', namespace: 'a', kind: 'credential-denied', decision: 'denied' }, TIME);
  expect(contentText(one)).toBe(contentText(other));
});

test('fields that are not known are not written', () => {
  const record = { ...decision(), token: 'hunter2', credential: { name: 'KEY', value: 'hunter2' }, destination: { host: 'a.example', port: 1, extra: 'hunter2' } };
  expect(contentText(eventContent(record, TIME))).not.toContain('hunter2');
});

test('a record that fits is written as it is and is not marked', () => {
  const record = decision({ reason: 'r'.repeat(1024), run: 'n'.repeat(63), destination: { host: 'h'.repeat(253), port: 443 } });
  expect(eventContent(record, TIME)).toEqual({ type: 'event', time: TIME, event: record });
});

test.each([
  ['reason', 1024, decision({ reason: long })],
  ['run', 63, decision({ run: long })],
  ['namespace', 63, decision({ namespace: long })],
  ['matchedPolicy', 253, decision({ matchedPolicy: long })],
  ['caller', 317, decision({ caller: long })],
] as const)('a %s beyond its limit is cut to %d characters, and the record says so', (field, limit, record) => {
  const { event, cut } = eventContent(record, TIME);
  expect(event[field]).toBe('x'.repeat(limit));
  expect(cut).toEqual([field]);
});

test('host, credential and provider are cut too', () => {
  const { event, cut } = eventContent(decision({ destination: { host: long, port: 1 }, credential: { name: long, provider: long } }), TIME);
  expect([event.destination?.host.length, event.credential?.name.length, event.credential?.provider?.length]).toEqual([253, 253, 64]);
  expect(cut).toEqual(['destination.host', 'credential.name', 'credential.provider']);
});

test('the limits are those of the AuditEvent schema', () => {
  const { properties } = auditEventSpec;
  const { event } = eventContent(decision({
    reason: long, run: long, matchedPolicy: long, destination: { host: long, port: 1 }, credential: { name: long, provider: long },
  }), TIME);
  expect(event.reason).toHaveLength(properties.reason.maxLength);
  expect(event.run).toHaveLength(properties.runRef.properties.name.maxLength);
  expect(event.matchedPolicy).toHaveLength(properties.matchedPolicy.properties.name.maxLength);
  expect(event.destination?.host).toHaveLength(properties.destination.properties.host.maxLength);
  expect(event.credential?.name).toHaveLength(properties.credential.properties.name.maxLength);
  expect(event.credential?.provider).toHaveLength(properties.credential.properties.provider.maxLength);
});

test('no text of any kind makes a line that is too long to be read back', () => {
  const worst = '\u0000'.repeat(5000);
  const record = decision({
    namespace: worst,
    run: worst,
    reason: worst,
    caller: worst,
    matchedPolicy: worst,
    destination: { host: worst, port: 1 },
    credential: { name: worst, provider: worst },
  });
  expect(contentText(eventContent(record, TIME)).length).toBeLessThan(MAX_LINE_BYTES / 2);
});
