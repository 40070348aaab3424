import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { contentOf, contentText, genesis, headOf, isSealedAfter, seal, unseal } from '../../../../../sidecar/src/broker/audit/log/chain';
import { eventContent } from '../../../../../sidecar/src/broker/audit/log/record';
import { decision, NOON } from '../support';

const text = contentText(eventContent(decision(), new Date(NOON).toISOString()));
const start = genesis('broker-0-00000000');
const { line, head } = seal(start, 1, text);
const bytes = Buffer.from(line.trimEnd());

test('a line can be checked with nothing but SHA-256: the hash is over the hash before and the line in front of its own', () => {
  const [body] = line.split(',"hash":');
  expect(createHash('sha256').update('0'.repeat(64) + body).digest('hex')).toBe(JSON.parse(line).hash);
});

test('a line is JSON on one line, with stream and number first', () => {
  expect(line.indexOf('\n')).toBe(line.length - 1);
  expect(Object.keys(JSON.parse(line))).toEqual(['stream', 'sequence', 'batch', 'type', 'time', 'event', 'hash']);
});

test('what was sealed is read back as it was, whatever its texts are', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 999 }), (reason, batch) => {
    const content = eventContent(decision({ reason }), 'now');
    const sealed = seal(head, batch, contentText(content));
    const read = unseal(Buffer.from(sealed.line).subarray(0, -1))!;
    expect(headOf(read)).toEqual(sealed.head);
    expect(read.batch).toBe(batch);
    expect(isSealedAfter(head.hash, read)).toBe(true);
    expect(contentOf(read)).toMatchObject(content);
  }));
});

test('a line sealed after another hash is told apart', () => {
  expect(isSealedAfter(head.hash, unseal(bytes)!)).toBe(false);
});

test('a line of which any bit is turned is not the line any more', () => {
  fc.assert(fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
    const turned = Buffer.from(bytes);
    const value = 2 ** bit;
    turned[at] += Math.floor(turned[at] / value) % 2 === 0 ? value : -value;
    const sealed = unseal(turned);
    expect(sealed !== undefined && isSealedAfter(start.hash, sealed)).toBe(false);
  }), { numRuns: 500 });
});

test.each([
  ['nothing', ''],
  ['no JSON', 'x'.repeat(200)],
  ['a line without hash', line.split(',"hash":')[0] + '}'],
  ['a hash in capitals', line.trimEnd().replace(/"hash":"[0-9a-f]{64}"/, (hash) => `"hash":${hash.slice(7).toUpperCase()}`)],
  ['something behind the hash', `${line.trimEnd()} `],
  ['another order of names', line.trimEnd().replace('"stream":"broker-0-00000000","sequence":1', '"sequence":1,"stream":"broker-0-00000000"')],
  ['the number 0', line.trimEnd().replace('"sequence":1', '"sequence":0')],
  ['a number with a sign', line.trimEnd().replace('"sequence":1', '"sequence":+1')],
  ['a number beyond the safe ones', line.trimEnd().replace('"sequence":1', '"sequence":9007199254740993')],
  ['a line that is too long', `${line.slice(0, 40)}${' '.repeat(40_000)}${line.trimEnd().slice(40)}`],
])('not a line of the log: %s', (_, other) => {
  expect(unseal(Buffer.from(other))).toBeUndefined();
});

test('a sealed line that is not JSON says nothing', () => {
  expect(contentOf(unseal(Buffer.from(seal(start, 1, 'no json').line).subarray(0, -1))!)).toBeUndefined();
});
