import { inspect } from 'node:util';
import { ALONE, BEARER_GRANT, HOUR, inContainer, PLANTED, policy, proxied, RUN, secrets, T0 } from './example-grants';
import { issueLease } from '../../../sidecar/src/broker/grants/issuing';
import { admit, Attempt } from '../../../sidecar/src/broker/grants/opening';
import { userSuppliedSecret } from '../../../sidecar/src/broker/providers/user-supplied-secret';
import { findSurrogate, refuseMisplaced } from '../../../sidecar/src/broker/surrogates/carriers';
import { memoryKeyring } from '../../../sidecar/src/crypto/keyring';
import { open, seal } from '../../../sidecar/src/crypto/sealed-token';
import { ApiError } from '../../../sidecar/src/server/http/errors';

/** No failure says a credential, a bearer or any part of one: errors go to clients, audit and logs. */

const keyring = memoryKeyring(() => T0);
const EGRESS = [{ host: 'api.example.com' }];

let bearer: string;
let other: string;
let attempt: Attempt;

beforeAll(async () => {
  const issuing = { keyring, provider: userSuppliedSecret, run: RUN, grant: BEARER_GRANT, secrets: secrets(PLANTED), ...ALONE, now: T0 };
  [bearer, other] = [(await issueLease(issuing)).value, (await issueLease(issuing)).value];
  attempt = {
    opened: await open(keyring, bearer),
    run: RUN,
    known: RUN,
    policies: [policy([BEARER_GRANT], EGRESS)],
    destination: { host: 'api.example.com', port: 443 },
    line: {},
    now: T0,
  };
});

/** Everything that can be read off an error: message, fields, cause and stack. */
async function told(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    expect(error).toBeInstanceOf(error instanceof RangeError ? RangeError : ApiError);
    return inspect(error, { depth: 9, showHidden: true });
  }
  throw new Error('nothing was refused');
}

function expectClean(text: string): void {
  const parts = [PLANTED, ...[bearer, other].flatMap((token) => token.split('.')).filter((part) => part.length > 8)];
  for (const part of parts) {
    expect(text).not.toContain(part);
    expect(text).not.toContain(Buffer.from(part).toString('base64').slice(0, -4));
  }
}

describe('what a judge of bearers tells', () => {
  test.each<[string, (one: Attempt) => Partial<Attempt>]>([
    ['of a bad seal', () => ({ opened: { failure: 'BadSeal' } })],
    ['of a lease that has ended', () => ({ now: T0 + 2 * HOUR })],
    ['of a foreign run', () => ({ run: { namespace: 'team-b', name: 'r2' } })],
    ['of a later run', () => ({ known: { ...RUN, uid: 'uid-2' } })],
    ['of a missing run', () => ({ known: undefined })],
    ['of an ended run', () => ({ known: { ...RUN, phase: 'Failed' } })],
    ['of a revoked lease', (one) => ({ known: { ...RUN, revokedLeases: [admit(one).lease.leaseId] } })],
    ['of a missing grant', () => ({ policies: [policy([], EGRESS)] })],
    ['of a missing egress grant', () => ({ policies: [policy([BEARER_GRANT], [])] })],
    ['of another host', () => ({ policies: [policy([BEARER_GRANT], [{ host: 'b.example.com' }])], destination: { host: 'b.example.com', port: 1 } })],
    ['of a grant without that host', () => ({ policies: [policy([proxied({ header: { name: 'a' } }, ['b.example.com'])], EGRESS)] })],
  ])('%s', async (_, change) => {
    const text = await told(() => admit({ ...attempt, ...change(attempt) }));
    expectClean(text);
    // Nor whose it is: the bearer may have been stolen from another run.
    if (text.includes('SubstituteFailed')) expect(text).not.toMatch(/\br1\b|uid-1|team-a/);
  });
});

describe('what a finder of bearers tells', () => {
  test('of two bearers', async () => {
    expectClean(await told(() => findSurrogate({ incomingXApiKey: bearer, incomingAuthorization: `Bearer ${other}` })));
  });

  test('of one in the middle of something', async () => {
    expectClean(await told(() => findSurrogate({ path: `/x${bearer}?${PLANTED}`, headers: { [PLANTED]: PLANTED } })));
  });

  test('of one in the wrong place, whose name is the client\'s choice', async () => {
    const sighting = findSurrogate({ query: `${PLANTED}=${bearer}`, headers: {} })!;
    expectClean(await told(() => refuseMisplaced(sighting, [{ in: 'header', name: 'authorization' }])));
  });
});

describe('what a provider tells', () => {
  const bad = [`${PLANTED}\n${PLANTED}`, `${PLANTED}\0`, ` ${PLANTED}`, PLANTED.repeat(1000), Buffer.concat([Buffer.from(PLANTED), Buffer.from([0xff])])];

  test.each(bad)('of a Secret that it cannot use (%#)', async (value) => {
    const { exchange, issue } = userSuppliedSecret;
    expectClean(await told(() => exchange(BEARER_GRANT, { secrets: secrets(value) })));
    expectClean(await told(() => issue(BEARER_GRANT, { secrets: secrets(value) })));
  });

  test('of one that cannot go into a container', async () => {
    expectClean(await told(() => userSuppliedSecret.issue(inContainer(), { secrets: secrets(`${PLANTED}\0`) })));
  });
});

test('what is told of claims that are too long to seal', async () => {
  expectClean(await told(() => seal(keyring, 'usersecret', { notAfter: T0, much: PLANTED.repeat(1000) })));
});
