import fc from 'fast-check';
import { linesOf, substitution, SYSTEM } from './ship-support';
import { AuditRecord } from '../../../../../sidecar/src/broker/audit/audit-event';
import { eventsOf } from '../../../../../sidecar/src/broker/audit/shipping/ship-events';
import { anchorIn, anchorObject } from '../../../../../sidecar/src/broker/audit/shipping/ship-object';
import { auditEventSpec } from '../../../../../src/protocol/resources/audit-event';
import { problemsOf } from '../../../../../src/protocol/schema/validate';
import { decision, NOON } from '../support';

const events = (records: readonly AuditRecord[], eachOfRun = 10) => [...eventsOf(linesOf(records), { systemNamespace: SYSTEM, eachOfRun })];
const at = (milliseconds: number): string => new Date(NOON + milliseconds).toISOString();

test('a decision becomes an event of its run, with the place of the record', () => {
  const [event] = events([decision({ caller: 'team-a/r1-collector', credential: { name: 'TOKEN', provider: 'PATPool' }, matchedPolicy: 'p1' })]);
  expect(event).toEqual({
    apiVersion: 'paddock.dev/v1alpha1',
    kind: 'AuditEvent',
    metadata: {
      name: 'ae-broker-0-00000000-1-aaaaaaaaaaaa',
      namespace: 'team-a',
      labels: { 'paddock.dev/run': 'r1', 'paddock.dev/decision': 'granted', 'paddock.dev/kind': 'credential-issued', 'paddock.dev/component': 'broker' },
    },
    spec: {
      runRef: { name: 'r1' },
      decision: 'granted',
      kind: 'credential-issued',
      timestamp: at(0),
      credential: { name: 'TOKEN', provider: 'PATPool' },
      matchedPolicy: { name: 'p1' },
      reason: 'issued',
      detail: { stream: 'broker-0-00000000', sequence: '1', caller: 'team-a/r1-collector' },
    },
  });
});

test('substitutions become one event per run, credential and host, with count and window', () => {
  const found = events([
    substitution(), substitution({ destination: { host: 'b.example.com', port: 443 } }), substitution(), substitution({ run: 'r2' }),
    substitution({ credential: { name: 'OTHER' } }), substitution(),
  ]);
  expect(found.map(({ spec: { runRef, credential, destination, count } }) => [runRef!.name, credential!.name, destination!.host, count])).toEqual([
    ['r1', 'TOKEN', 'api.example.com', 3], ['r1', 'TOKEN', 'b.example.com', undefined], ['r1', 'OTHER', 'api.example.com', undefined], ['r2', 'TOKEN', 'api.example.com', undefined],
  ]);
  expect(found[0].spec).toMatchObject({ timestamp: at(5), windowStart: at(0), windowEnd: at(5), detail: { sequence: '1', lastSequence: '6' } });
});

test('an issue and a denial are never counted together, alike as they are', () => {
  const records = [decision(), decision(), decision({ decision: 'denied', kind: 'credential-denied' }), decision({ decision: 'denied', kind: 'credential-denied' })];
  expect(events(records).map(({ spec }) => spec.count)).toEqual([undefined, undefined, undefined, undefined]);
});

test('a flood of refused hosts ends as one summary with samples', () => {
  const blocked = Array.from({ length: 50 }, (_, index) => decision({ decision: 'denied', kind: 'egress-block', destination: { host: `h${index}.example.com`, port: 443 }, reason: 'no grant' }));
  const found = events(blocked, 10);
  expect(found).toHaveLength(11);
  expect(found[10].spec).toMatchObject({
    kind: 'egress-block-summary',
    decision: 'denied',
    count: 40,
    windowStart: at(10),
    windowEnd: at(49),
    reason: 'no grant',
    sampleDestinations: [{ host: 'h10.example.com' }, { host: 'h11.example.com' }, { host: 'h12.example.com' }],
  });
  expect(found[10].spec.destination).toBeUndefined();
});

test('a flood of denied credentials ends as one event that says what is alike and what is not', () => {
  const denied = Array.from({ length: 5 }, (_, index) => decision({ decision: 'denied', kind: 'credential-denied', credential: { name: 'TOKEN' }, reason: `no ${index}` }));
  expect(events(denied, 2)[2].spec).toMatchObject({ kind: 'credential-denied', count: 3, credential: { name: 'TOKEN' }, reason: 'several decisions, one of them: no 2' });
});

test('a record that counts decisions itself is counted as that many', () => {
  const counted = { count: 40, windowStart: at(-500), windowEnd: at(7000), reason: 'too many' };
  const [one] = events([decision({ decision: 'denied', kind: 'egress-block-summary', ...counted, sampleDestinations: [{ host: 'a.com', port: 443 }] })]);
  expect(one.spec).toMatchObject({ kind: 'egress-block-summary', timestamp: at(7000), ...counted, sampleDestinations: [{ host: 'a.com' }] });
  const [, folded] = events([substitution({ destination: undefined }), ...[1, 2].map(() => decision({ ...counted, kind: 'egress-allow' }))], 1).slice(-2);
  expect(folded.spec).toMatchObject({ count: 40, windowStart: at(-500), windowEnd: at(7000) });
});

test('one run that floods takes nothing from another', () => {
  const flood = Array.from({ length: 20 }, () => decision({ decision: 'denied', kind: 'credential-denied' }));
  const found = events([...flood, decision({ run: 'r2', reason: 'mine' })], 3);
  expect(found.map(({ spec }) => spec.reason)).toContain('mine');
});

test('the same lines have the same names, and any other summary another one', () => {
  const three = [substitution(), substitution(), substitution()];
  const name = (records: readonly AuditRecord[]) => events(records)[0].metadata.name;
  expect(name(three)).toBe(name(three));
  expect(name(three)).not.toBe(name(three.slice(0, 2)));
  expect(name(three)).toMatch(/^ae-broker-0-00000000-1-[0-9a-f]{12}$/);
});

test('a record that no event can be made of is told as text, and where no namespace can be, in the platform’s', () => {
  const odd = decision({ run: 'Not A Name', namespace: 'NOT/A/NAMESPACE', credential: { name: '' }, matchedPolicy: 'P 1' });
  const [event] = events([odd]);
  expect(event.metadata.namespace).toBe(SYSTEM);
  expect(event.metadata.labels).not.toHaveProperty('paddock.dev/run');
  expect(JSON.parse(event.spec.detail!.record)).toEqual(odd);
  expect(problemsOf(auditEventSpec, event.spec, 'spec')).toEqual([]);
});

test('a window does not end before it begins when the clock was set back', () => {
  const lines = linesOf([substitution(), substitution()]);
  const back = [lines[1], { ...lines[0], head: { ...lines[0].head, sequence: 3 } }];
  expect([...eventsOf(back, { systemNamespace: SYSTEM, eachOfRun: 10 })][0].spec).toMatchObject({ windowStart: at(0), windowEnd: at(1) });
});

const text = fc.string({ unit: 'binary', maxLength: 40 });
const plain: fc.Arbitrary<AuditRecord> = fc.record({
  decision: fc.constantFrom('granted', 'denied', 'warned'),
  kind: fc.constantFrom('credential-issued', 'credential-denied', 'credential-revoked', 'egress-allow', 'egress-block', 'egress-discovery-allow'),
  namespace: fc.oneof(fc.constantFrom('team-a', 'team-b'), text),
  run: fc.oneof(fc.constantFrom('r1', 'r2'), text),
  destination: fc.record({ host: fc.oneof(fc.constantFrom('a.com', 'b.com'), text), port: fc.constantFrom(443, 80) }),
  credential: fc.record({ name: fc.oneof(fc.constant('TOKEN'), text), provider: fc.constantFrom('PATPool', 'GitHubApp') }),
  matchedPolicy: fc.oneof(fc.constant('p1'), text),
  reason: text,
  caller: text,
}, { requiredKeys: ['decision', 'kind', 'namespace', 'run'] });
const summary = fc.record({ count: fc.integer({ min: 1, max: 1000 }), windowStart: fc.constant(at(-9)), windowEnd: fc.constantFrom(at(-8), at(9)) });
const record = fc.oneof({ weight: 4, arbitrary: plain }, fc.tuple(plain, summary).map(([one, counted]) => ({ ...one, ...counted })));

test('whatever is recorded: each event is of its schema, none has the name of another, and all decisions are counted', () => {
  fc.assert(fc.property(fc.array(record as fc.Arbitrary<AuditRecord>, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (records, eachOfRun) => {
    const found = events(records, eachOfRun);
    expect(found.flatMap(({ spec }) => problemsOf(auditEventSpec, spec, 'spec'))).toEqual([]);
    expect(new Set(found.map(({ metadata }) => metadata.name)).size).toBe(found.length);
    expect(found.reduce((sum, { spec }) => sum + (spec.count ?? 1), 0)).toBe(records.reduce((sum, { count }) => sum + (count ?? 1), 0));
    const families = new Set(records.map(({ namespace, run, kind, decision: decided }) => JSON.stringify([namespace, run, kind, decided])));
    expect(found.length).toBeLessThanOrEqual(families.size * (eachOfRun + 1));
  }));
});

test('an anchor is an event of its schema, from which the head comes back', () => {
  const head = { stream: 'broker-0-1a2b3c4d', sequence: 7, hash: 'f'.repeat(64) };
  const object = anchorObject(SYSTEM, head, NOON);
  expect(problemsOf(auditEventSpec, object.spec, 'spec')).toEqual([]);
  expect(object.metadata).toMatchObject({ namespace: SYSTEM, name: 'anchor-broker-0-1a2b3c4d-7-ffffffffffff' });
  expect(anchorIn(object)).toEqual(head);
  expect(anchorIn(events([decision()])[0])).toBeUndefined();
});
