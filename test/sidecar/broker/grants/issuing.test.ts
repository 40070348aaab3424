import { issueLease, Issuing } from '../../../../sidecar/src/broker/grants/issuing';
import { leaseId, leaseOf } from '../../../../sidecar/src/broker/leases/lease';
import { userSuppliedSecret } from '../../../../sidecar/src/broker/providers/user-supplied-secret';
import { memoryKeyring } from '../../../../sidecar/src/crypto/keyring';
import { open } from '../../../../sidecar/src/crypto/sealed-token';
import { ALONE, BEARER_GRANT, grantOf, HOUR, inContainer, PLANTED, proxied, refusalOf, RUN, secrets, T0 } from '../example-grants';

const keyring = memoryKeyring(() => T0);

function issuing(more: Partial<Issuing> = {}): Issuing {
  return { keyring, provider: userSuppliedSecret, run: RUN, grant: BEARER_GRANT, secrets: secrets(PLANTED), ...ALONE, now: T0, ...more };
}

describe('a credential that the proxy injects', () => {
  test('is handed out as a bearer of the provider\'s kind for the hosts of the grant', async () => {
    const { value, ...rest } = await issueLease(issuing());
    expect(value).toMatch(/^pdk-usersecret-eyJ/);
    expect(rest).toEqual({
      leaseId: leaseId(keyring.idKey, 'uss', 'uid-1', 'API_KEY'),
      expiresAt: '2026-05-04T10:00:00Z',
      provider: 'UserSuppliedSecret',
      deliveryMode: 'ProxyInjected',
      hosts: ['api.example.com'],
    });
  });

  test('is bound to one run by name and UID (B12)', async () => {
    const { value } = await issueLease(issuing());
    expect(leaseOf(await open(keyring, value))).toMatchObject({ namespace: 'team-a', run: 'r1', runUid: 'uid-1', credential: 'API_KEY', issuedAt: T0 });
  });

  test('is no part of its bearer, in any coding', async () => {
    const { value } = await issueLease(issuing());
    const opened = JSON.stringify(await open(keyring, value));
    expect(`${value}${opened}`).not.toContain(PLANTED);
    expect(opened).not.toContain(Buffer.from(PLANTED).toString('base64url'));
  });

  test('answers the same lease when it is asked for again, and earlier bearers stay valid (B15)', async () => {
    const [first, again] = [await issueLease(issuing()), await issueLease(issuing({ now: T0 + HOUR / 2 }))];
    expect(again.leaseId).toBe(first.leaseId);
    expect(again.expiresAt).toBe('2026-05-04T10:30:00Z');
    expect(leaseOf(await open(keyring, first.value))?.leaseId).toBe(first.leaseId);
  });

  test('lives for rotationSeconds, and not past the deadline of the run', async () => {
    const grant = { ...BEARER_GRANT, provider: { ...BEARER_GRANT.provider, rotationSeconds: 600 } };
    expect((await issueLease(issuing({ grant }))).expiresAt).toBe('2026-05-04T09:10:00Z');
    expect((await issueLease(issuing({ grant, run: { ...RUN, deadline: T0 + 60_000 } }))).expiresAt).toBe('2026-05-04T09:01:00Z');
  });

  test('is refused to a run past its deadline', async () => {
    expect(await refusalOf(() => issueLease(issuing({ run: { ...RUN, deadline: T0 } })))).toBe('RunTerminated 403 the run is past its deadline');
  });
});

describe('a credential that goes into the container', () => {
  test('is handed out as it is, without an end (S52)', async () => {
    const { leaseId: id, ...rest } = await issueLease(issuing({ grant: inContainer(), secrets: secrets('line 1\nline 2\n') }));
    expect(id).toMatch(/^uss-[0-9a-f]{32}-[0-9a-f]{16}$/);
    expect(rest).toEqual({
      value: 'line 1\nline 2\n',
      expiresAt: '0001-01-01T00:00:00Z',
      provider: 'UserSuppliedSecret',
      deliveryMode: 'InContainer',
      inContainerReason: 'the client signs with it, so no proxy can',
    });
  });

  test('ends after rotationSeconds when the grant says so', async () => {
    expect((await issueLease(issuing({ grant: inContainer({ rotationSeconds: 60 }) }))).expiresAt).toBe('2026-05-04T09:01:00Z');
  });

  test('keeps its lease id while the Secret is the same, whenever it is asked for (S46)', async () => {
    const grant = inContainer();
    const ids = [T0, T0 + HOUR].map(async (now) => (await issueLease(issuing({ grant, now }))).leaseId);
    expect(await ids[0]).toBe(await ids[1]);
    expect((await issueLease(issuing({ grant, secrets: secrets('other') }))).leaseId).not.toBe(await ids[0]);
  });
});

describe('a revoked lease', () => {
  test.each([['proxyInjected', BEARER_GRANT], ['inContainer', inContainer()]])('of %s is refused for the rest of the run, without reading the Secret', async (_, grant) => {
    const { leaseId: revoked } = await issueLease(issuing({ grant }));
    const read = jest.fn();
    const run = { ...RUN, revokedLeases: [revoked] };
    expect(await refusalOf(() => issueLease(issuing({ grant, run, secrets: read }))))
      .toBe('PolicyRevoked 403 the lease on credential API_KEY is revoked for the rest of the run');
    expect(read).not.toHaveBeenCalled();
  });

  test('of a later run of the same name is another one', async () => {
    const { leaseId: revoked } = await issueLease(issuing());
    const { leaseId: later } = await issueLease(issuing({ run: { ...RUN, uid: 'uid-2', revokedLeases: [revoked] } }));
    expect(later).not.toBe(revoked);
  });
});

test('twelve hosts of the longest names still fit a bearer', async () => {
  const hosts = Array.from({ length: 12 }, (_, index) => `${`${'a'.repeat(61)}.`.repeat(4)}a${String(index).padStart(3, 'b')}a`.slice(0, 253));
  const { value } = await issueLease(issuing({ grant: proxied({ header: { name: 'x-api-key' } }, hosts) }));
  expect(leaseOf(await open(keyring, value))?.hosts).toEqual(hosts);
});

test('a grant without a delivery is a failure of the provider', async () => {
  expect(await refusalOf(() => issueLease(issuing({ grant: grantOf(undefined) })))).toContain('ProviderFailure 500');
});
