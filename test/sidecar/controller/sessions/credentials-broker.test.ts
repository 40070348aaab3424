import { BrokerFailure, SessionBroker } from '../../../../sidecar/src/controller/broker-client';
import { poolsIn } from '../../../../sidecar/src/controller/pools/pool-entries';
import type { BrokerCode } from '../../../../src/protocol/broker-api';
import { brokerPolicy, harnessTemplate, headerGrant, secret } from '../../broker/documents';
import { egressWorld, GITHUB, UPSTREAM } from '../../broker/egress-world';
import { lenientDaemon } from '../lenient-daemon';
import { controllerOver } from '../world';

const EGRESS = [{ host: 'api.github.com' }];
const IN_CONTAINER = { inContainer: { accepted: true, reason: 'the tool signs requests by itself' } };
const grants = (...credentials: object[]) => brokerPolicy({ name: 'p1' }, { grants: { credentials, egress: EGRESS } });
const requires = (...names: string[]) => harnessTemplate({}, names);

/** A controller and a broker with these documents, and what the daemon of a worker was given. */
function both(documents: readonly object[], credentials: readonly string[] = ['GITHUB_TOKEN']) {
  const { askAs, records } = egressWorld(documents);
  const ask = async (endpoint: string, body: object): Promise<Record<string, unknown>> => {
    const { status, body: answer } = await askAs('controller', endpoint, body);
    if (status >= 400) throw new BrokerFailure(status >= 500 ? 'Unavailable' : 'Refused', `the broker answered ${status}`, (answer as { code: BrokerCode }).code);
    return answer as Record<string, unknown>;
  };
  const broker: SessionBroker = {
    issue: async (session) => String((await ask('issue-egress', { session })).value),
    credential: async (name, egressToken) => await ask('issue', { name, egressToken }) as never,
    revoke: async (session) => void await ask('revoke', { session }),
  };
  const pools = poolsIn('test', JSON.stringify({ pools: [{ namespace: 'team-a', name: 'python', maxSessionSeconds: 3600, idleSeconds: 900, template: 'coder', credentials }] }));
  const one = controllerOver({ broker, pools: () => pools, proxyUrl: () => 'http://10.96.0.9:15001' });
  const daemon = lenientDaemon();
  one.provider.ask = daemon.ask;
  const substituted = (environment: Readonly<Record<string, string>>, clientAddress: string) => askAs('egress', 'substitute-auth', {
    ...GITHUB,
    method: 'GET',
    path: '/user',
    query: '',
    headers: { authorization: `Bearer ${environment.GITHUB_TOKEN}` },
    egressToken: new URL(environment.HTTPS_PROXY).password,
    clientAddress,
  });
  return { one, seen: daemon.seen, substituted, records };
}

const USUAL = [requires('GITHUB_TOKEN'), grants(headerGrant()), secret({ token: UPSTREAM })];

test('a session has a surrogate, which the broker exchanges for the credential, for its own pod and until its end', async () => {
  const { one, seen, substituted } = both(USUAL);
  const { status, body } = await one.create();
  const [{ worker }] = one.provider.busy();
  const environment = seen.environment!;
  expect([status, environment.GITHUB_TOKEN]).toEqual([200, expect.stringMatching(/^pdk-/)]);
  expect(JSON.stringify(environment)).not.toContain(UPSTREAM);
  expect(await substituted(environment, worker.podIP)).toMatchObject({ status: 200, body: { setHeaders: { Authorization: `Bearer ${UPSTREAM}` } } });
  expect(await substituted(environment, '10.0.0.250')).toMatchObject({ status: 403, body: { code: 'Forbidden' } });
  await one.send('DELETE', `/v1/sessions/${body.sessionId}`);
  expect((await substituted(environment, worker.podIP)).status).toBe(403);
});

describe('what the broker refuses ends the creation, and leaves nothing behind', () => {
  test.each<[string, object[], string[] | undefined, string]>([
    ['a credential that nothing grants', [requires('GITHUB_TOKEN'), grants(), secret({ token: UPSTREAM })], undefined, 'the credential broker refuses the credential GITHUB_TOKEN: PolicyMissing'],
    ['one that the template does not require', [requires(), ...USUAL.slice(1)], undefined, 'the credential broker refuses the credential GITHUB_TOKEN: CredentialNotFound'],
    ['one of two', USUAL, ['GITHUB_TOKEN', 'OTHER'], 'the credential broker refuses the credential OTHER: CredentialNotFound'],
    ['one whose Secret is not there', USUAL.slice(0, 2), undefined, 'the credential broker does not give the credential GITHUB_TOKEN now: ProviderFailure'],
    ['one that is handed out as it is', [
      requires('GITHUB_TOKEN'), grants({ name: 'GITHUB_TOKEN', provider: { kind: 'UserSuppliedSecret', secretRef: { name: 'upstream', key: 'token' }, deliveryMode: IN_CONTAINER } }), secret({ token: UPSTREAM }),
    ], undefined, 'the credential GITHUB_TOKEN has the delivery InContainer: sessions get surrogates only'],
  ])('%s', async (_what, documents, credentials, message) => {
    const { one, records, seen } = both(documents, credentials);
    const answer = await one.create();
    await one.settled();
    expect([answer.status >= 500, answer.body.message]).toEqual([true, message]);
    expect([await one.records(), one.provider.busy(), seen.environment]).toEqual([[], [], undefined]);
    expect(records.some(({ kind, reason }) => kind === 'credential-revoked' || /revoke/.test(String(reason)))).toBe(true);
    expect(one.output.join('')).not.toContain(UPSTREAM);
  });
});
