import { X509Certificate } from 'node:crypto';
import { CertifiedKey, CertificateMaker, factsOf, isSignedBy } from '../../../../sidecar/src/crypto/certificate-facts';
import * as maker from '../../../../sidecar/src/crypto/self-made-certificate';
import { LEAF_LIFETIME } from '../../../../sidecar/src/egress/authority/authorities';
import { LeafCertificates } from '../../../../sidecar/src/egress/authority/leaf-certificates';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2030, 0, 1);
const authorities: CertifiedKey[] = [];

beforeAll(async () => {
  for (const name of ['one', 'two']) authorities.push(await maker.makeAuthority(name, { now: NOW, notAfter: NOW + 365 * DAY }));
});

/** Certificates that are made are kept for a look, in the order of their making. */
function world(max?: number) {
  const state = { now: NOW, authority: authorities[0], fault: undefined as Error | undefined };
  const made: string[] = [];
  const keys: string[] = [];
  const watched: CertificateMaker = {
    ...maker,
    makeServingSigner: async (authority) => {
      const { key, certify } = await maker.makeServingSigner(authority);
      keys.push(key);
      return {
        key,
        certify: async (...args) => {
          if (state.fault !== undefined) throw state.fault;
          made.push(await certify(...args));
          return made.at(-1)!;
        },
      };
    },
  };
  const leaves = new LeafCertificates({ authority: () => state.authority, load: async () => watched, clock: () => state.now, max });
  return { state, made, keys, leaves, hosts: () => made.map((cert) => factsOf(cert).names) };
}

test('a certificate is for exactly one host, for a week and from an hour ago, and signed by the CA of now', async () => {
  const { leaves, made } = world();
  await leaves.contextFor('api.example.com');
  expect(factsOf(made[0])).toEqual({ notBefore: NOW - HOUR, notAfter: NOW + LEAF_LIFETIME, names: ['api.example.com'] });
  expect(isSignedBy(made[0], authorities[0].cert)).toBe(true);
  const { ca, keyUsage } = new X509Certificate(made[0]);
  // Server authentication and nothing else: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.12
  expect([ca, keyUsage]).toEqual([false, ['1.3.6.1.5.5.7.3.1']]);
});

test('the longest name has one, although no subject could hold it', async () => {
  const { leaves, hosts } = world();
  const longest = `${'a.'.repeat(125)}com`;
  await leaves.contextFor(longest);
  expect([longest.length, hosts()]).toEqual([253, [[longest]]]);
});

test('it ends with its CA', async () => {
  const { leaves, made, state } = world();
  state.now = NOW + 364 * DAY;
  await leaves.contextFor('api.example.com');
  expect(factsOf(made[0]).notAfter).toBe(NOW + 365 * DAY);
});

test('a host that was asked for is remembered, and many who ask at once wait for one', async () => {
  const { leaves, made, keys } = world();
  const all = await Promise.all(Array.from({ length: 20 }, () => leaves.contextFor('api.example.com')));
  expect(new Set([...all, await leaves.contextFor('api.example.com')]).size).toBe(1);
  await leaves.contextFor('example.com');
  expect([made.length, keys.length]).toEqual([2, 1]);
});

test('as many hosts as agreed are remembered: what was not asked for longest goes', async () => {
  const { leaves, hosts } = world(2);
  for (const host of ['a.com', 'b.com', 'a.com', 'c.com', 'a.com', 'b.com']) await leaves.contextFor(host);
  expect(hosts().flat()).toEqual(['a.com', 'b.com', 'c.com', 'b.com']);
});

describe('another key, and certificates for it, are made', () => {
  test('after a day, and not before', async () => {
    const { leaves, state, keys, made } = world();
    await leaves.contextFor('api.example.com');
    state.now += DAY - 1;
    await leaves.contextFor('api.example.com');
    expect([keys.length, made.length]).toEqual([1, 1]);
    state.now += 1;
    await leaves.contextFor('api.example.com');
    expect([new Set(keys).size, made.length]).toEqual([2, 2]);
  });

  test('at once when another CA signs', async () => {
    const { leaves, state, made } = world();
    await leaves.contextFor('api.example.com');
    state.authority = authorities[1];
    await leaves.contextFor('api.example.com');
    expect(made.map((cert) => isSignedBy(cert, authorities[1].cert))).toEqual([false, true]);
  });

  test('when the clock was set back behind the beginning of the last ones', async () => {
    const { leaves, state, made } = world();
    await leaves.contextFor('api.example.com');
    state.now -= 2 * HOUR;
    await leaves.contextFor('api.example.com');
    expect(made.map((cert) => factsOf(cert).notBefore)).toEqual([NOW - HOUR, NOW - 3 * HOUR]);
  });

  test('by whoever asks next when they could not be made', async () => {
    const { leaves, state, made } = world();
    state.fault = new Error('no entropy');
    const all = await Promise.allSettled([leaves.contextFor('api.example.com'), leaves.contextFor('api.example.com')]);
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    state.fault = undefined;
    await leaves.contextFor('api.example.com');
    expect(made).toHaveLength(1);
  });

  test('not at all when the maker cannot be loaded, until it can be', async () => {
    let broken = true;
    const load = async () => {
      if (broken) throw new Error('no such file');
      return maker;
    };
    const leaves = new LeafCertificates({ authority: () => authorities[0], load, clock: () => NOW });
    await expect(leaves.contextFor('api.example.com')).rejects.toThrow('no such file');
    broken = false;
    await leaves.contextFor('api.example.com');
  });
});

describe('none is made', () => {
  test.each([
    '', '*', '*.example.com', 'API.example.com', 'api.example.com.', 'api_1.example.com', 'a..com', '127.0.0.1', '2130706433', '0x7f000001', '::1', '[::1]',
    'api.example.com:443', 'a.com,DNS:b.com', 'a.com\u0000.b.com', 'a.com\n', ' a.com', 'münchen.example', `${'a.'.repeat(126)}com`,
  ])('for %j', async (host) => {
    const { leaves, made } = world();
    await expect(leaves.contextFor(host)).rejects.toThrow(RangeError);
    expect(made).toEqual([]);
  });
});
