import { createHmac, createSign } from 'node:crypto';
import { CompactSign } from 'jose';
import { AUDIENCE, Claims, ISSUER, jwks, NOW, rawToken, SigningKey, signingKey, token } from './tokens';
import { IssuerKeys, KeysUnavailable } from '../../../../sidecar/src/gateway/auth/issuer-keys';
import { keySetIn } from '../../../../sidecar/src/gateway/auth/key-set';
import { OidcIssuer } from '../../../../sidecar/src/gateway/auth/oidc';
import { createLogger } from '../../../../sidecar/src/server/telemetry/log';
import type { IssuerEntry } from '../../../../src/protocol/session-pools';
import { newKeyPair } from '../../../helpers/key-pair';

const K1 = signingKey('k1');
const K2 = signingKey('k2');
const ALICE = { owner: `${ISSUER}#alice`, admin: false, key: `${ISSUER}#alice` };

function issuer(keyText: string, more: Partial<IssuerEntry> = {}) {
  const world = { now: NOW * 1000, set: keySetIn('keys', keyText), later: undefined as string | undefined, down: false, looks: 0, lines: [] as string[] };
  const keys: IssuerKeys = {
    current: async () => {
      world.looks += 1;
      if (world.down) throw new KeysUnavailable();
      return world.set;
    },
    newer: async () => {
      if (world.down) throw new KeysUnavailable();
      if (world.later === undefined) return undefined;
      world.set = keySetIn('keys', world.later);
      return world.set;
    },
    close: () => undefined,
  };
  const log = createLogger({ role: 'gateway', level: 'trace', destination: { write: (line: string) => void world.lines.push(line) } });
  const entry: IssuerEntry = { issuer: ISSUER, audience: AUDIENCE, kind: 'oidc', ...more };
  return { world, oidc: new OidcIssuer({ entry, keys, clock: () => world.now, log }) };
}

test.each(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'])('a token by %s is good', async (alg) => {
  const key = signingKey('k', alg);
  const { oidc } = issuer(jwks(K1, key));
  expect(await oidc.principalOf(await token(key))).toEqual(ALICE);
});

describe('a token is good', () => {
  test.each<[string, Claims]>([
    ['with several audiences, of which ours is one', { aud: ['other', AUDIENCE] }],
    ['without iat and nbf', { iat: undefined }],
    ['that ended less than half a minute ago', { exp: NOW - 29 }],
    ['that begins in less than half a minute', { nbf: NOW + 30, iat: NOW + 30 }],
  ])('%s', async (_, changed) => {
    expect(await issuer(jwks(K1)).oidc.principalOf(await token(K1, changed))).toEqual(ALICE);
  });

  test('without kid, when any of the keys has signed it', async () => {
    const { oidc } = issuer(jwks(K1, K2));
    expect(await oidc.principalOf(await token(K2, {}, { kid: undefined }))).toEqual(ALICE);
  });
});

describe('a token is of nobody', () => {
  test.each<[string, Claims]>([
    ['of another issuer', { iss: `${ISSUER}/` }],
    ['for somebody else', { aud: 'other' }],
    ['for no one', { aud: undefined }],
    ['for a part of our name', { aud: AUDIENCE.slice(0, -1) }],
    ['without end', { exp: undefined }],
    ['whose end is a text', { exp: String(NOW + 600) }],
    ['that has ended', { exp: NOW - 30 }],
    ['that has not begun', { nbf: NOW + 31 }],
    ['from the future', { iat: NOW + 31 }],
    ['whose iat is a text', { iat: String(NOW) }],
    ['without subject', { sub: undefined }],
    ['with an empty subject', { sub: '' }],
  ])('%s', async (_, changed) => {
    expect(await issuer(jwks(K1)).oidc.principalOf(await token(K1, changed))).toBeUndefined();
  });

  test('by another key of the same name', async () => {
    expect(await issuer(jwks(K1)).oidc.principalOf(await token(signingKey('k1')))).toBeUndefined();
  });

  test('without kid by a key that is not in the set', async () => {
    expect(await issuer(jwks(K1, K2)).oidc.principalOf(await token(signingKey('k3'), {}, { kid: undefined }))).toBeUndefined();
  });

  test('by nobody at all', async () => {
    const claims = { iss: ISSUER, aud: AUDIENCE, sub: 'alice', exp: NOW + 600 };
    const { oidc } = issuer(jwks(K1));
    for (const alg of ['none', 'None', 'NONE']) expect(await oidc.principalOf(rawToken({ alg }, claims, ''))).toBeUndefined();
  });

  test('by HMAC with a public key as secret', async () => {
    const rsa = signingKey('k', 'RS256');
    const unsigned = rawToken({ alg: 'HS256', kid: 'k' }, { iss: ISSUER, aud: AUDIENCE, sub: 'alice', exp: NOW + 600 }, '').slice(0, -1);
    const signature = createHmac('sha256', JSON.stringify(rsa.jwk)).update(unsigned).digest('base64url');
    expect(await issuer(jwks(rsa)).oidc.principalOf(`${unsigned}.${signature}`)).toBeUndefined();
  });

  test('by an RSA key of 1024 bits', async () => {
    const { publicKey, privateKey } = newKeyPair('rsa', { modulusLength: 1024 });
    const weak: SigningKey = { kid: 'k', alg: 'RS256', privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid: 'k' } };
    const unsigned = rawToken({ alg: 'RS256', kid: 'k' }, { iss: ISSUER, aud: AUDIENCE, sub: 'alice', exp: NOW + 600 }, '').slice(0, -1);
    const signature = createSign('RSA-SHA256').update(unsigned).sign(privateKey, 'base64url');
    expect(await issuer(jwks(weak)).oidc.principalOf(`${unsigned}.${signature}`)).toBeUndefined();
  });

  test('that wants an extension to be understood', async () => {
    const signed = new CompactSign(new TextEncoder().encode(JSON.stringify({ iss: ISSUER, aud: AUDIENCE, sub: 'alice', exp: NOW + 600 })));
    const critical = await signed.setProtectedHeader({ alg: 'ES256', kid: 'k1', crit: ['x'], x: 1 }).sign(K1.privateKey, { crit: { x: true } });
    expect(await issuer(jwks(K1)).oidc.principalOf(critical)).toBeUndefined();
  });

  test('by a key of the set that cannot be read', async () => {
    const broken: SigningKey = { ...K1, jwk: { ...K1.jwk, x: 'AAAA' } };
    const { oidc } = issuer(jwks(broken));
    expect(await oidc.principalOf(await token(K1))).toBeUndefined();
  });
});

test('a refused token leaves neither itself nor its claims in the log', async () => {
  const { world, oidc } = issuer(jwks(K1));
  const bad = await token(K1, { sub: 'planted-subject', aud: 'planted-audience' });
  await oidc.principalOf(bad);
  expect(world.lines.join()).toContain('ERR_JWT_CLAIM_VALIDATION_FAILED');
  expect(world.lines.join()).not.toMatch(/planted/);
  expect(world.lines.join()).not.toContain(bad.split('.')[2]);
});

test('a key that is new is looked for, and tokens of the old one end with it', async () => {
  const { world, oidc } = issuer(jwks(K1));
  const old = await token(K1);
  expect(await oidc.principalOf(old)).toEqual(ALICE);
  world.later = jwks(K2);
  expect(await oidc.principalOf(await token(K2))).toEqual(ALICE);
  world.later = undefined;
  expect(await oidc.principalOf(old)).toBeUndefined();
});

test('a token is not remembered when its key has gone while it was verified', async () => {
  const { world, oidc } = issuer(jwks(K1));
  const { find } = world.set;
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => { release = resolve; });
  const slow = async (...args: Parameters<typeof find>) => {
    await held;
    return find(...args);
  };
  world.set = { ...world.set, find: Object.assign(slow, { jwks: find.jwks }) };
  const old = await token(K1);
  const verifying = oidc.principalOf(old);
  await Promise.resolve();
  world.set = keySetIn('keys', jwks(K2));
  expect(await oidc.principalOf(await token(K2))).toEqual(ALICE);
  release();
  expect(await verifying).toEqual(ALICE);
  expect(await oidc.principalOf(old)).toBeUndefined();
});

test('while keys are unavailable every token is answered with 503, also one that was good', async () => {
  const { world, oidc } = issuer(jwks(K1));
  const good = await token(K1);
  await oidc.principalOf(good);
  world.down = true;
  for (const one of [good, await token(K2)]) await expect(oidc.principalOf(one)).rejects.toMatchObject({ code: 'UNAVAILABLE', status: 503, headers: { 'retry-after': '10' } });
});

test('a good token is not verified again for a minute, and another one is', async () => {
  const { world, oidc } = issuer(jwks(K1));
  let verified = 0;
  const { find } = world.set;
  const counted = (...args: Parameters<typeof find>) => {
    verified += 1;
    return find(...args);
  };
  world.set = { ...world.set, find: Object.assign(counted, { jwks: find.jwks }) };
  const good = await token(K1);
  for (let i = 0; i < 5; i += 1) await oidc.principalOf(good);
  expect(verified).toBe(1);
  world.now += 59_999;
  await oidc.principalOf(good);
  expect(verified).toBe(1);
  world.now += 1;
  await oidc.principalOf(good);
  expect(verified).toBe(2);
  await oidc.principalOf(await token(K1, { sub: 'bob' }));
  expect(verified).toBe(3);
});

test('a remembered token ends at its time', async () => {
  const { world, oidc } = issuer(jwks(K1));
  const good = await token(K1, { exp: NOW + 100 });
  await oidc.principalOf(good);
  world.now += 129_999;
  expect(await oidc.principalOf(good)).toEqual(ALICE);
  world.now += 1;
  expect(await oidc.principalOf(good)).toBeUndefined();
});

test('the role that everybody needs is told from a token that is no good', async () => {
  const { oidc } = issuer(jwks(K1), { roleClaim: 'roles', requiredRole: 'user', adminRole: 'boss' });
  await expect(token(K1, { roles: ['guest'] }).then((one) => oidc.principalOf(one))).rejects.toMatchObject({ code: 'FORBIDDEN', status: 403 });
  expect(await oidc.principalOf(await token(K1, { roles: ['user', 'boss'] }))).toMatchObject({ admin: true });
  expect(await oidc.principalOf(await token(signingKey('k1'), { roles: ['guest'] }))).toBeUndefined();
});
