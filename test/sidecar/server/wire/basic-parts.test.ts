import fc from 'fast-check';
import { basicParts } from '../../../../sidecar/src/server/wire/basic-parts';

const basic = (text: string | Buffer, scheme = 'Basic') => `${scheme} ${Buffer.from(text as string).toString('base64')}`;

test.each<[string, string, string[]]>([
  ['user and password', basic('git:secret'), ['git', 'secret']],
  ['a scheme in capitals, with blanks around', ` ${basic('git:secret', 'BASIC ')} `, ['git', 'secret']],
  ['a password with a colon', basic('git:a:b'), ['git', 'a:b']],
  ['no user', basic(':secret'), ['', 'secret']],
  ['no password', basic('git:'), ['git', '']],
  ['no colon', basic('secret'), ['', 'secret']],
  ['the URL-safe coding', `Basic ${Buffer.from('gi~?t:secret').toString('base64url')}`, ['gi~?t', 'secret']],
])('%s', (_what, value, parts) => {
  expect(basicParts(value)).toEqual(parts);
});

test.each([
  ['another scheme', 'Bearer Z2l0OnNlY3JldA=='], ['no scheme', 'Z2l0OnNlY3JldA=='], ['the scheme alone', 'Basic'], ['something behind it', `${basic('git:secret')} x`], ['two in one', `${basic('a:b')}, ${basic('c:d')}`],
])('%s has no parts', (_what, value) => {
  expect(basicParts(value)).toEqual([]);
});

test('every byte is one character, whatever charset the client takes', () => {
  const bytes = fc.uint8Array({ maxLength: 40 });
  fc.assert(fc.property(bytes.filter((user) => !user.includes(58)), bytes, (user, password) => {
    const parts = basicParts(basic(Buffer.concat([user, Buffer.from(':'), password])));
    expect(parts.map((part) => Buffer.from(part, 'latin1'))).toEqual([Buffer.from(user), Buffer.from(password)]);
  }));
});
