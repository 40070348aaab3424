import { VALID_SECONDS } from '../../../sidecar/src/broker/routes/validate-egress';
import { memoryKeyring } from '../../../sidecar/src/crypto/keyring';
import { MAX_TOKEN_LENGTH, seal, TOKEN_KINDS } from '../../../sidecar/src/crypto/sealed-token';
import { refuse } from '../../../sidecar/src/egress/refusals/refuse';
import { cidrProblem } from '../../../src/manifests/cidr';
import { GLOBAL_UNICAST_V6, SPECIAL_RANGES } from '../../../src/protocol/address-ranges';
import {
  EGRESS_STATUS, EgressCode, LONGEST_VERDICT, MAX_CLIENT_HELLO, MAX_EGRESS_HEADERS, MAX_EGRESS_TARGET, MAX_RUN_TOKEN,
  PROXY_CHALLENGE, REFUSED_PORTS, RUN_TOKEN_PATTERN, TUNNEL_ENDS,
} from '../../../src/protocol/egress-api';

const CODES = Object.keys(EGRESS_STATUS) as EgressCode[];

test.each(CODES)('%s is a refusal with each of its statuses', (code) => {
  expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
  expect(refuse(code, 'x')).toMatchObject({ code, status: EGRESS_STATUS[code][0] });
  for (const status of EGRESS_STATUS[code]) {
    expect(refuse(code, 'x', { status: status as never }).status).toBe(status);
    expect(status).toBeGreaterThanOrEqual(400);
  }
});

test('no code travels with the status of another meaning', () => {
  expect(() => refuse('PROXY_AUTH_REQUIRED', 'x', { status: 401 as never })).toThrow(TypeError);
  // A proxy that wants to be asked again says 407, and only then.
  expect(CODES.filter((code) => (EGRESS_STATUS[code] as readonly number[]).includes(407))).toEqual(['PROXY_AUTH_REQUIRED']);
});

test('codes and ends of tunnels are told from each other', () => {
  expect(TUNNEL_ENDS.filter((end) => end in EGRESS_STATUS)).toEqual([]);
  expect(new Set(TUNNEL_ENDS).size).toBe(TUNNEL_ENDS.length);
});

describe('a run token', () => {
  const pattern = new RegExp(RUN_TOKEN_PATTERN);

  test.each(TOKEN_KINDS)('of kind %s, as the broker seals it, has the form', (kind) => {
    expect(seal(memoryKeyring(() => 0), kind, { notAfter: 1000 })).toMatch(pattern);
  });

  test.each(['', 'pdk-', 'pdk-egress', 'pdk-egress-x', 'pdk-egress-a.b.c.d', 'pdk-egress-a.b.c.d.e.f', 'pdk-egress-a..b.c.d\n', ' pdk-egress-a..b.c.d', 'xpdk-egress-a..b.c.d', 'ghp_a..b.c.d'])('is not %j', (text) => {
    expect(text).not.toMatch(pattern);
  });

  test('fits into the headers of a request, beside a target', () => {
    expect(MAX_RUN_TOKEN).toBe(MAX_TOKEN_LENGTH);
    expect(Math.ceil(MAX_RUN_TOKEN / 3) * 4 + MAX_EGRESS_TARGET).toBeLessThan(MAX_EGRESS_HEADERS);
  });
});

test('no answer of the broker is kept longer than it may be', () => {
  expect(LONGEST_VERDICT).toBe(VALID_SECONDS * 1000);
});

test('the challenge names a scheme and a realm', () => {
  expect(PROXY_CHALLENGE['proxy-authenticate']).toMatch(/^Basic realm="[^"\\]+"$/);
});

test('mail between servers is refused, mail by a password is left to policies', () => {
  expect([25, 465, 587, 443].map((port) => REFUSED_PORTS.includes(port))).toEqual([true, false, false, false]);
});

test('a hello of the usual size has room many times', () => {
  expect(MAX_CLIENT_HELLO).toBeGreaterThan(4 * 2_048);
});

describe('special ranges', () => {
  test.each([...SPECIAL_RANGES, { cidr: GLOBAL_UNICAST_V6, name: 'global unicast' }])('$cidr, $name, is a network', ({ cidr, name }) => {
    // Kubernetes reads these as IPv4 and refuses them in policies; here they are IPv6.
    if (cidr !== '::ffff:0:0/96') expect(cidrProblem(cidr)).toBeUndefined();
    expect(name).not.toMatch(/\d+\.\d/);
  });

  test('each is there once', () => {
    const all = SPECIAL_RANGES.map(({ cidr }) => cidr);
    expect(new Set(all).size).toBe(all.length);
  });
});
