import * as fc from 'fast-check';
import { MINUTE, recordOf, T0 } from './records';
import { readRecord, recordText } from '../../../sidecar/src/store/record-text';
import { LONGEST_SESSION, RECORD_LIMITS, SESSION_KINDS, SESSION_PHASES, SessionRecord } from '../../../src/protocol/session-record';

const text = (max: number) => fc.string({ minLength: 1, maxLength: max, unit: 'grapheme' }).filter(({ length }) => length <= max);

const records: fc.Arbitrary<SessionRecord> = fc.record({
  kind: fc.constantFrom(...SESSION_KINDS),
  phase: fc.constantFrom(...SESSION_PHASES),
  namespace: text(63),
  name: text(63),
  owner: fc.option(text(100), { nil: undefined }),
  createdAt: fc.nat(2 ** 31).map((seconds) => seconds * 1000),
  sealedEnv: fc.option(text(100), { nil: undefined }),
  metadata: fc.option(fc.dictionary(text(20).filter((key) => !['__proto__', 'constructor', 'prototype'].includes(key)), fc.string({ maxLength: 50 }), { maxKeys: 5 }), { nil: undefined }),
  life: fc.integer({ min: 1, max: LONGEST_SESSION }),
  idleTimeout: fc.integer({ min: 1, max: LONGEST_SESSION }),
}).map(({ life, ...changes }) => recordOf('s1', { ...changes, expiresAt: changes.createdAt + life }));

test('what is written is what is read', () => {
  fc.assert(fc.property(records, (record) => {
    expect(readRecord('s1', recordText(record))).toEqual({ record: JSON.parse(JSON.stringify(record)) });
  }));
});

test('any text is a record or a problem, and no problem shows the text', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (any) => {
    expect(readRecord('s1', any)).toEqual({ problem: expect.stringMatching(/^(is not a JSON object|\w+ is missing, too long or of another form|has schema \d+, which a later version reads)$/), newer: expect.any(Boolean) });
  }));
});

test('a record with any field replaced is read as it is or told by its name', () => {
  fc.assert(fc.property(fc.constantFrom(...Object.keys(recordOf('s1'))), fc.jsonValue({ maxDepth: 2 }), (field, value) => {
    const changed = { ...recordOf('s1'), [field]: value };
    const read = readRecord('s1', JSON.stringify(changed));
    if ('record' in read) expect(read.record).toEqual(JSON.parse(JSON.stringify(changed)));
    else expect(read.problem).toMatch(new RegExp(`^(${field}|expiresAt|has schema|is not a JSON)`));
  }));
});

test.each<[string, object, string]>([
  ['a record of another schema', { schema: 0 }, 'schema'],
  ['a life longer than any', { expiresAt: T0 + LONGEST_SESSION + 1 }, 'expiresAt'],
  ['no idle time', { idleTimeout: 0 }, 'idleTimeout'],
  ['half a millisecond', { idleTimeout: 0.5 }, 'idleTimeout'],
  ['an empty owner', { owner: '' }, 'owner'],
  ['a kind that is none', { kind: 'shell' }, 'kind'],
  ['no sealed key', { sealedKey: undefined }, 'sealedKey'],
  ['metadata that are no texts', { metadata: { a: 1 } }, 'metadata'],
  ['too many metadata', { metadata: Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`k${at}`, ''])) }, 'metadata'],
  ['a worker that is a text', { worker: 'pod' }, 'worker is not an object'],
  ['a worker without UID', { worker: { ...recordOf('s1').worker, podUid: undefined } }, 'worker.podUid'],
  ['a port that is none', { worker: { ...recordOf('s1').worker, entryPoints: [{ path: '/', protocol: 'HTTP', port: 0 }] } }, 'worker.entryPoints'],
  ['a protocol that is none', { worker: { ...recordOf('s1').worker, entryPoints: [{ path: '/', protocol: 'FTP', port: 21 }] } }, 'worker.entryPoints'],
])('%s is not kept, and not read either', (_what, changes, problem) => {
  const record = { ...recordOf('s1'), ...changes };
  expect(() => recordText(record as SessionRecord)).toThrow(`the record cannot be kept: ${problem}`);
  expect(readRecord('s1', JSON.stringify(record))).toEqual({ problem: expect.stringContaining(problem), newer: false });
});

test('a record that is too long as a whole is not kept', () => {
  const metadata = Object.fromEntries(Array.from({ length: 32 }, (_, at) => [`k${at}`, '€'.repeat(RECORD_LIMITS.metadataValue)]));
  const record = recordOf('s1', { sealedEnv: 'x'.repeat(RECORD_LIMITS.sealedEnv), metadata });
  expect(() => recordText(record)).toThrow(`allowed: at most ${RECORD_LIMITS.bytes}`);
});

test('a session without worker is kept until it is ready', () => {
  const { worker: _worker, ...rest } = recordOf('s1', { expiresAt: T0 + MINUTE });
  expect(readRecord('s1', recordText({ ...rest, phase: 'creating' }))).toHaveProperty('record');
  expect(() => recordText({ ...rest, phase: 'ready' })).toThrow('worker is missing, and the phase is ready');
});
