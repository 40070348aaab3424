import * as fc from 'fast-check';
import { memoryKeyring } from '../../../sidecar/src/crypto/keyring';
import { open, seal, TOKEN_KINDS } from '../../../sidecar/src/crypto/sealed-token';

const now = () => Date.UTC(2026, 0, 1);
const CLAIMS = { notAfter: now() + 1000, run: 'r1', hosts: ['api.example.com'] };
const keyring = memoryKeyring(now);

let token: string;

beforeAll(async () => {
  token = await seal(keyring, 'usersecret', CLAIMS);
});

const opens = async (changed: string) => (await open(keyring, changed)).failure === undefined;
const position = () => fc.nat({ max: token.length - 1 });
const check = <Values>(property: fc.IAsyncProperty<Values>) => fc.assert(property, { numRuns: 300 });

test('a token with any bit flipped is refused', async () => {
  await check(fc.asyncProperty(position(), fc.nat({ max: 6 }), async (at, bit) => {
    // eslint-disable-next-line no-bitwise -- it is about bits
    const flipped = String.fromCharCode(token.charCodeAt(at) ^ (1 << bit));
    return !await opens(token.slice(0, at) + flipped + token.slice(at + 1));
  }));
});

test('the last letter of every part has one spelling', async () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const ends = [...token.matchAll(/[A-Za-z0-9_-](?=\.|$)/g)].map(({ index }) => index);
  for (const at of ends) {
    for (const letter of alphabet) {
      expect(await opens(token.slice(0, at) + letter + token.slice(at + 1))).toBe(letter === token[at]);
    }
  }
});

test('a token that is cut off anywhere is refused', async () => {
  await check(fc.asyncProperty(position(), async (at) => !await opens(token.slice(0, at))));
});

test('a token without any of its letters is refused', async () => {
  await check(fc.asyncProperty(position(), async (at) => !await opens(token.slice(0, at) + token.slice(at + 1))));
});

test('a token with anything added anywhere is refused', async () => {
  await check(fc.asyncProperty(position(), fc.string({ minLength: 1, maxLength: 4 }), async (at, more) => {
    const changed = token.slice(0, at) + more + token.slice(at);
    return changed === token || !await opens(changed);
  }));
});

test('a token with the name of another key of the ring is refused', async () => {
  const other = memoryKeyring(now);
  const [header, ...rest] = token.slice('pdk-usersecret-'.length).split('.');
  const fields = JSON.parse(Buffer.from(header, 'base64url').toString());
  const swapped = Buffer.from(JSON.stringify({ ...fields, kid: other.sealing().kid })).toString('base64url');
  const changed = `pdk-usersecret-${[swapped, ...rest].join('.')}`;
  expect(await open(keyring, changed)).toEqual({ failure: 'UnknownKey' });
  expect(await open(other, changed)).toEqual({ failure: 'BadSeal' });
});

test('a token with any other kind in front of it is refused', async () => {
  for (const kind of TOKEN_KINDS.filter((one) => one !== 'usersecret')) {
    expect(await open(keyring, token.replace('usersecret', kind))).toEqual({ failure: 'BadSeal' });
  }
});

test('a header of any JSON is refused', async () => {
  const rest = token.slice(token.indexOf('.'));
  await check(fc.asyncProperty(fc.json(), async (json) => !await opens(`pdk-usersecret-${Buffer.from(json).toString('base64url')}${rest}`)));
});

test('no text whatsoever crashes the opening', async () => {
  await check(fc.asyncProperty(fc.string({ maxLength: 200 }), async (text) => !await opens(`pdk-usersecret-${text}`) && !await opens(text)));
});
