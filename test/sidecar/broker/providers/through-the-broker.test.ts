import { brokerOver, callerNamed, TestBroker } from '../build-broker';
import { brokerPolicy, harnessRun, harnessTemplate, secret } from '../documents';

const PATS = ['planted-pat-one', 'planted-pat-two'];
const RUNS = ['r1', 'r2', 'r3'];
const secretRef = { name: 'upstream', key: 'token' };
const POOL = { kind: 'PATPool', secretRef, hosts: ['api.github.com'] };
const ANTHROPIC = { kind: 'AnthropicAPI', secretRef };

function documents(provider: object, value: string, statuses: Readonly<Record<string, object>> = {}) {
  return [
    ...RUNS.map((name) => harnessRun({ name }, { phase: 'Running', ...statuses[name] })),
    harnessTemplate(),
    brokerPolicy({ name: 'p1' }, {
      grants: { credentials: [{ name: 'GITHUB_TOKEN', provider }], egress: [{ host: 'api.github.com' }, { host: 'api.anthropic.com' }] },
    }),
    secret({ token: value }),
  ];
}

function brokerWith(provider: object, value: string) {
  const broker = brokerOver(documents(provider, value));
  for (const run of RUNS) broker.world.callers.set(run, callerNamed('team-a', `${run}-collector`));
  const as = (run: string) => ({ 'authorization': `Bearer ${run}`, 'x-paddock-run': run });
  return {
    ...broker,
    issue: (run: string) => broker.ask('issue', { name: 'GITHUB_TOKEN' }, as(run)),
    swap: (run: string, body: object) => broker.ask('substitute-auth', { host: 'api.github.com', port: 443, ...body }, as(run)),
  };
}

const patOf = ({ body }: Awaited<ReturnType<TestBroker['ask']>>) => Buffer.from(body.setHeaders.Authorization.replace('Basic ', ''), 'base64').toString();
const basic = (surrogate: string) => ({ incomingAuthorization: `Basic ${Buffer.from(`x-access-token:${surrogate}`).toString('base64')}` });

describe('a PAT pool', () => {
  test('is issued with the fields of the wire, slot 0 included (S51)', async () => {
    const { issue } = brokerWith(POOL, PATS.join('\n'));
    expect((await issue('r1')).body).toEqual({
      value: expect.stringMatching(/^pdk-patpool-eyJ/),
      leaseId: expect.stringMatching(/^pat-[0-9a-f]{32}-[0-9a-f]{16}$/),
      expiresAt: '2026-05-04T10:00:00Z',
      provider: 'PATPool',
      deliveryMode: 'ProxyInjected',
      hosts: ['api.github.com'],
      poolSecretRef: secretRef,
      poolSlotIndex: 0,
    });
  });

  test('gives each run a token of its own, and a third run none', async () => {
    const { issue, swap, records } = brokerWith(POOL, PATS.join('\n'));
    for (const [index, run] of ['r1', 'r2'].entries()) {
      expect(patOf(await swap(run, basic((await issue(run)).body.value)))).toBe(`x-access-token:${PATS[index]}`);
    }
    expect(await issue('r3')).toMatchObject({ status: 503, body: { code: 'PoolExhausted' }, headers: { 'retry-after': '10' } });
    expect(records.at(-1)).toMatchObject({ decision: 'denied', credential: { provider: 'PATPool' }, reason: expect.stringContaining('PoolExhausted') });
  });

  test('answers the same lease when it is asked again', async () => {
    const { issue } = brokerWith(POOL, PATS.join('\n'));
    expect((await issue('r1')).body.leaseId).toBe((await issue('r1')).body.leaseId);
  });

  test('has a free token when a run was revoked or is over, and its bearer is refused from then on (B18)', async () => {
    const { issue, swap, world } = brokerWith(POOL, PATS.join('\n'));
    const [first, second] = [(await issue('r1')).body, (await issue('r2')).body];
    world.documents = documents(POOL, PATS.join('\n'), { r1: { revokedLeases: { [first.leaseId]: '2026-05-04T09:00:00Z' } } });
    expect((await issue('r3')).body.poolSlotIndex).toBe(0);
    expect(await swap('r1', basic(first.value))).toMatchObject({ status: 403, body: { code: 'PolicyRevoked' } });
    expect(await issue('r1')).toMatchObject({ status: 403, body: { code: 'PolicyRevoked' } });
    world.documents = documents(POOL, PATS.join('\n'), { r2: { phase: 'Failed' } });
    expect(await swap('r2', basic(second.value))).toMatchObject({ status: 403, body: { code: 'RunTerminated' } });
    expect((await issue('r1')).body.poolSlotIndex).toBe(1);
  });

  test('does not give a run its first token back by renewing its second', async () => {
    const { issue, swap, world } = brokerWith(POOL, PATS[0]);
    const first = (await issue('r1')).body;
    world.documents = documents(POOL, PATS[1]);
    const second = (await issue('r1')).body;
    world.now += 61 * 60_000;
    const expiresAt = '2026-05-04T12:00:00Z';
    const lease = { provider: 'PATPool', leaseID: second.leaseId, credentialName: 'GITHUB_TOKEN', expiresAt };
    world.documents = documents(POOL, PATS.join('\n'), { r1: { issuedLeases: [lease] } });
    expect(patOf(await swap('r1', basic(second.value)))).toBe(`x-access-token:${PATS[1]}`);
    expect(await swap('r1', basic(first.value))).toMatchObject({ status: 403, body: { code: 'SubstituteFailed' } });
  });

  test('tells no token to anybody but the egress proxy', async () => {
    const { issue, records, logLines, output } = brokerWith(POOL, PATS.join('\n'));
    for (const run of RUNS) await issue(run);
    expect(JSON.stringify([records, logLines(), output])).not.toContain('planted');
  });
});

describe('a key of Anthropic', () => {
  test('is exchanged for x-api-key, whichever way its surrogate came', async () => {
    const { issue, swap } = brokerWith(ANTHROPIC, 'planted-key');
    const { body: { value, leaseId } } = await issue('r1');
    expect([value, leaseId]).toEqual([expect.stringMatching(/^pdk-anthropic-eyJ/), expect.stringMatching(/^anth-[0-9a-f]{32}$/)]);
    for (const carried of [{ incomingXApiKey: value }, { headers: { authorization: `Bearer ${value}` } }, { headers: { 'x-api-key': value } }]) {
      const { body } = await swap('r1', { host: 'api.anthropic.com', ...carried });
      expect(body).toMatchObject({ setHeaders: { 'X-Api-Key': 'planted-key' }, removeHeaders: ['Authorization'] });
    }
  });

  test('goes to its own host only', async () => {
    const { issue, swap } = brokerWith(ANTHROPIC, 'planted-key');
    const { body: { value } } = await issue('r1');
    expect(await swap('r1', { incomingXApiKey: value })).toMatchObject({ status: 403, body: { code: 'HostNotAllowed' } });
  });
});
