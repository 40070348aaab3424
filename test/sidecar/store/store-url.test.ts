import * as fc from 'fast-check';
import { cursorText, readCursor } from '../../../sidecar/src/store/cursor';
import { parseStoreUrl } from '../../../sidecar/src/store/store-url';

const PLAIN = { kind: 'server', host: 'store', port: 6379, tls: false, cluster: false, database: 0 };

test.each([
  ['memory:', { kind: 'memory' }],
  ['redis://store', PLAIN],
  ['redis://store/', PLAIN],
  ['redis://store?cluster=false', PLAIN],
  ['rediss://store:6380', { ...PLAIN, tls: true, port: 6380 }],
  ['redis://store/5', { ...PLAIN, database: 5 }],
  ['redis://store?cluster=true', { ...PLAIN, cluster: true }],
  ['redis://:s3cret@store', { ...PLAIN, password: 's3cret' }],
  ['redis://us%40r:p%2Fw%23@store', { ...PLAIN, username: 'us@r', password: 'p/w#' }],
  ['redis://[::1]:7000', { ...PLAIN, host: '::1', port: 7000 }],
])('%s is understood', (text, target) => {
  expect(parseStoreUrl(text)).toEqual(target);
});

test.each([
  ['', 'is no such URL'],
  ['memory', 'is no such URL'],
  ['memory://x', 'is no such URL'],
  ['http://store', 'is no such URL'],
  ['redis:///5', 'is no such URL'],
  ['redis://store:99999', 'is no such URL'],
  ['redis://store/x', 'has a path'],
  ['redis://store/5/6', 'has a path'],
  ['redis://store/1024', 'has a path'],
  ['redis://store/-1', 'has a path'],
  ['redis://store/1?cluster=true', 'names database 1'],
  ['redis://store?cluster=yes', 'has a query'],
  ['redis://store?tls=true', 'has a query'],
  ['redis://store?cluster=true&cluster=false', 'has a query'],
  ['redis://user@store', 'has a user without a password'],
  ['redis://:%zz@store', 'has a user or password with a %'],
  ['redis://store#x', 'has a fragment'],
])('%j is refused', (text, problem) => {
  expect(() => parseStoreUrl(text)).toThrow(problem);
});

test('a user without a password is understood when there is a file with one', () => {
  expect(parseStoreUrl('rediss://default@store', { hasPasswordFile: true })).toEqual({ ...PLAIN, tls: true, username: 'default' });
  expect(parseStoreUrl('redis://store', { hasPasswordFile: true })).toEqual(PLAIN);
  expect(() => parseStoreUrl('redis://:%zz@store', { hasPasswordFile: true })).toThrow('has a user or password with a %');
});

test('no message repeats a password', () => {
  for (const text of ['redis://:hunter2@store/x', 'http://:hunter2@store', 'redis://:hunter2@store#x', 'redis://:hunter2%zz@store']) {
    expect(() => parseStoreUrl(text)).toThrow(expect.objectContaining({ message: expect.not.stringContaining('hunter2') }));
  }
});

test('any user and password survive the way into a URL and out of it', () => {
  const words = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
  fc.assert(fc.property(words, words, (username, password) => {
    const url = `rediss://${encodeURIComponent(username)}:${encodeURIComponent(password)}@store`;
    expect(parseStoreUrl(url)).toMatchObject({ username, password });
  }));
});

describe('a cursor', () => {
  test('leads to where it was made', () => {
    fc.assert(fc.property(fc.nat(15), fc.nat(), fc.string({ maxLength: 100 }), (shard, score, member) => {
      expect(readCursor(cursorText({ shard, score, member }), 16)).toEqual({ shard, score, member });
    }));
  });

  test.each([
    ['of another listing', cursorText({ shard: 1, score: 0, member: 'a' })],
    ['with a score that is none', Buffer.from('[0,null,"a"]').toString('base64url')],
    ['with a score below all', Buffer.from('[0,-2,"a"]').toString('base64url')],
    ['that is no list', Buffer.from('{"shard":0}').toString('base64url')],
    ['that is nothing', ''],
    ['that is too long', cursorText({ shard: 0, score: 0, member: 'a'.repeat(600) })],
  ])('%s is refused', (_what, text) => {
    expect(() => readCursor(text, 1)).toThrow('the cursor is none of this listing');
  });

  test('of any text is read or refused, never anything else', () => {
    fc.assert(fc.property(fc.string(), (text) => {
      try {
        expect(readCursor(text, 3).shard).toBeLessThan(3);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }));
  });
});
