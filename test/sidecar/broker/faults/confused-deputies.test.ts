import * as fc from 'fast-check';
import { isRunItself } from '../../../../sidecar/src/broker/callers/authorize';
import { providersOf } from '../../../../sidecar/src/broker/providers/registry';
import { MemoryRevocations } from '../../../../sidecar/src/broker/revocations/revocations';
import { Answer, callerNamed, RUN_TOKEN } from '../build-broker';
import { brokerPolicy, harnessRun, harnessTemplate, headerGrant, secret } from '../documents';
import { egressWorld, GITHUB, OF_RUN, POD_IP, POLICY, REST, RUN, SESSION, UPSTREAM } from '../egress-world';
import { MemorySlotStore } from '../slots/memory-slot-store';

/** Who may do something for one run tries to do it for another; and what one request decides, another undoes meanwhile. */

const OTHER_TOKEN = 'token-of-team-a-r2-collector';
const OTHER = harnessRun({ name: 'r2' }, { phase: 'Running', podIPs: ['10.0.0.8'], podUID: 'pod-of-r2' });
const outcome = ({ status, body }: Answer) => `${status} ${body?.code ?? ''}`.trim();
const bearer = (value: string) => ({ ...GITHUB, incomingAuthorization: `Bearer ${value}` });

async function twoRuns() {
  const world = egressWorld([RUN, OTHER, ...REST]);
  world.world.callers.set(OTHER_TOKEN, callerNamed('team-a', 'r2-collector'));
  const asOther = { 'authorization': `Bearer ${OTHER_TOKEN}`, 'x-paddock-run': 'r2' };
  const tokenOf = async (name: string) => String((await world.askAs('operator', 'issue-egress', {}, { ...OF_RUN, 'x-paddock-run': name })).body.value);
  return {
    ...world,
    asOther,
    tokens: { r1: await tokenOf('r1'), r2: await tokenOf('r2'), session: await world.sessionToken() },
    bearers: {
      r1: String((await world.ask('issue', { name: 'GITHUB_TOKEN' })).body.value),
      r2: String((await world.ask('issue', { name: 'GITHUB_TOKEN' }, asOther)).body.value),
      session: String((await world.askAs('controller', 'issue', { name: 'GITHUB_TOKEN', egressToken: await world.sessionToken() })).body.value),
    },
  };
}

const ADDRESS = { r1: POD_IP, r2: '10.0.0.8', session: SESSION.podIPs[0] } as const;
const SUBJECTS = ['r1', 'r2', 'session'] as const;

describe('of every token, bearer and address only those of one subject go together:', () => {
  const cases = SUBJECTS.flatMap((token) => SUBJECTS.flatMap((of) => SUBJECTS.map((address) => [token, of, address] as const)));

  test.each(cases)('the token of %s, the bearer of %s, the address of %s', async (token, of, address) => {
    const { askAs, tokens, bearers, output } = await twoRuns();
    const answer = await askAs('egress', 'substitute-auth', { ...bearer(bearers[of]), egressToken: tokens[token], clientAddress: ADDRESS[address] });
    const isOne = token === of && of === address;
    expect(outcome(answer)).toBe(isOne ? '200' : token === address ? '403 SubstituteFailed' : '403 Forbidden');
    expect(output.join('\n').includes(UPSTREAM)).toBe(isOne);
  });

  test.each(SUBJECTS.map((name) => [name]))('base URLs show the bearer of %s twice, from its own address only', async (of) => {
    const { askAs, bearers } = await twoRuns();
    for (const address of SUBJECTS) {
      const answer = await askAs('egress', 'substitute-auth', { ...bearer(bearers[of]), egressToken: bearers[of], clientAddress: ADDRESS[address] });
      expect([address, answer.status]).toEqual([address, address === of ? 200 : 403]);
    }
  });
});

describe('a run', () => {
  test('gains nothing by the token or the bearer of another', async () => {
    const { ask, asOther, tokens, bearers } = await twoRuns();
    expect(outcome(await ask('substitute-auth', bearer(bearers.r1), asOther))).toBe('403 SubstituteFailed');
    expect(outcome(await ask('substitute-auth', { ...bearer(bearers.r1), egressToken: tokens.r1, clientAddress: POD_IP }, asOther))).toBe('403 Forbidden');
    expect(outcome(await ask('validate-egress', { ...GITHUB, egressToken: tokens.r1, clientAddress: POD_IP }, asOther))).toBe('403 Forbidden');
    expect(outcome(await ask('issue', { name: 'GITHUB_TOKEN' }, { ...asOther, 'x-paddock-run': 'r1' }))).toBe('403 Forbidden');
    expect(outcome(await ask('revoke', { provider: 'UserSuppliedSecret', leaseId: 'uss-00000000000000000000000000000000' }, asOther))).toBe('403 Forbidden');
  });

  test('speaks from its pod for itself alone, and from a pod of that UID in another namespace not at all', async () => {
    const { ask, world } = await twoRuns();
    world.callers.set('in-pod', callerNamed('team-a', 'default', [], 'pod-of-r2'));
    world.callers.set('elsewhere', callerNamed('team-b', 'default', [], 'pod-of-r2'));
    const as = (token: string, run: string, namespace?: string) => (
      ask('issue', { name: 'GITHUB_TOKEN' }, { 'authorization': `Bearer ${token}`, 'x-paddock-run': run, 'x-paddock-run-namespace': namespace }));
    expect(outcome(await as('in-pod', 'r2'))).toBe('200');
    expect(outcome(await as('in-pod', 'r1'))).toBe('403 Forbidden');
    expect(outcome(await as('elsewhere', 'r2'))).toBe('403 Forbidden');
    expect(outcome(await as('elsewhere', 'r2', 'team-a'))).toBe('400 BadRequest');
  });

  test('of no name has the account of a run of another name', () => {
    const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
    fc.assert(fc.property(label, fc.oneof(label, label.map((name) => `${name}-collector`)), (one, other) => {
      expect(isRunItself(callerNamed('team-a', `${one}-collector`), { namespace: 'team-a', name: other }, undefined)).toBe(one === other);
    }));
  });
});

describe('a deputy', () => {
  const FAR = { ...SESSION, namespace: 'team-z', id: '5f2c9d1e-0000-4000-8000-00000000000f' };

  test('gets nothing for runs and sessions of a namespace that is not served', async () => {
    const { askAs, sessionToken, output } = await twoRuns();
    const ofFar = { 'x-paddock-run': 'r1', 'x-paddock-run-namespace': 'team-z' };
    expect(outcome(await askAs('operator', 'issue', { name: 'GITHUB_TOKEN' }, ofFar))).toBe('404 RunNotFound');
    expect(outcome(await askAs('operator', 'issue-egress', {}, ofFar))).toBe('404 RunNotFound');
    const egressToken = await sessionToken(FAR);
    const { status } = await askAs('controller', 'issue', { name: 'GITHUB_TOKEN', egressToken });
    expect(status).toBeGreaterThanOrEqual(400);
    expect((await askAs('egress', 'validate-egress', { ...GITHUB, egressToken, clientAddress: FAR.podIPs[0] })).body).toMatchObject({ allowed: false });
    expect(output.join('\n')).not.toContain(UPSTREAM);
  });

  test('may not name one run and prove another', async () => {
    const { askAs, tokens } = await twoRuns();
    for (const egressToken of [tokens.r2, tokens.session]) {
      expect(outcome(await askAs('operator', 'issue', { name: 'GITHUB_TOKEN', egressToken }, OF_RUN))).toBe('403 Forbidden');
      expect(outcome(await askAs('egress', 'validate-egress', { ...GITHUB, egressToken, clientAddress: POD_IP }, OF_RUN))).toBe('403 Forbidden');
    }
  });

  test('with one capability has no other, whatever it proves', async () => {
    const { askAs, tokens } = await twoRuns();
    const proof = { egressToken: tokens.r1, clientAddress: POD_IP };
    const answers = [
      await askAs('egress', 'issue', { name: 'GITHUB_TOKEN', ...proof }, OF_RUN),
      await askAs('egress', 'issue-egress', {}, OF_RUN),
      await askAs('egress', 'revoke', { provider: 'UserSuppliedSecret', leaseId: `uss-${'0'.repeat(32)}` }, OF_RUN),
      await askAs('controller', 'renew', { names: ['GITHUB_TOKEN'] }, OF_RUN),
      await askAs('operator', 'substitute-auth', { ...GITHUB, incomingXApiKey: 'x', ...proof }, OF_RUN),
      await askAs('nobody', 'substitute-auth', { ...GITHUB, incomingXApiKey: 'x', ...proof }, OF_RUN),
    ];
    // To name another namespace than one's own is the mistake of paddock's order of checks.
    expect(answers.map(outcome)).toEqual(['400 BadRequest', '403 Forbidden', '403 Forbidden', '400 BadRequest', '400 BadRequest', '403 Forbidden']);
  });
});

describe('meanwhile', () => {
  test('a lease that is revoked while it is issued is revoked: the bearer opens nothing, and it is not issued or renewed again', async () => {
    let release = () => undefined as void;
    const held = new Promise<string>((resolve) => { release = () => resolve('held'); });
    const hold = { on: false };
    const audit = { write: async () => (hold.on ? held : 'written'), unready: () => undefined, close: async () => {} };
    const world = egressWorld([RUN, ...REST], { audit });
    const { leaseId } = (await world.ask('issue', { name: 'GITHUB_TOKEN' })).body;
    hold.on = true;
    const issuing = world.ask('issue', { name: 'GITHUB_TOKEN' });
    await new Promise((resolve) => setImmediate(resolve));
    const revoking = world.askAs('operator', 'revoke', { provider: 'UserSuppliedSecret', leaseId }, OF_RUN);
    await new Promise((resolve) => setImmediate(resolve));
    hold.on = false;
    release();
    const [issued, revoked] = await Promise.all([issuing, revoking]);
    expect(revoked.status).toBe(204);
    if (issued.status === 200) expect(outcome(await world.ask('substitute-auth', bearer(issued.body.value)))).toBe('403 PolicyRevoked');
    expect(outcome(await world.ask('issue', { name: 'GITHUB_TOKEN' }))).toBe('403 PolicyRevoked');
    expect((await world.askAs('operator', 'renew', { names: ['GITHUB_TOKEN'] }, OF_RUN)).body).toEqual({ leases: [], refused: [{ name: 'GITHUB_TOKEN', code: 'PolicyRevoked' }] });
  });

  test('a lease that is revoked while its credential is fetched is not exchanged any more', async () => {
    let release = () => undefined as void;
    const held = new Promise<void>((resolve) => { release = resolve; });
    const hold = { on: false };
    const revocations = new MemoryRevocations(() => 0);
    const plain = providersOf({ http: () => Promise.reject(new Error('no test goes out')), slots: new MemorySlotStore(), clock: () => 0 });
    const slow = egressWorld([RUN, ...REST], {
      revocations,
      providers: (kind) => {
        const provider = plain(kind)!;
        return { ...provider, exchange: async (...asked) => (hold.on ? held.then(() => provider.exchange(...asked)) : provider.exchange(...asked)) };
      },
    });
    const { value, leaseId } = (await slow.ask('issue', { name: 'GITHUB_TOKEN' })).body;
    hold.on = true;
    const swapping = slow.ask('substitute-auth', bearer(value));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await revocations.revokeLeases({ namespace: 'team-a', name: 'r1' }, [leaseId]);
    release();
    expect(outcome(await swapping)).toBe('403 PolicyRevoked');
    expect(slow.output.join('\n')).not.toContain(UPSTREAM);
  });

  test.each<[string, readonly object[], string]>([
    ['another policy takes its name first, of another provider', [brokerPolicy({ name: 'a' }, { grants: { credentials: [{ name: 'GITHUB_TOKEN', provider: { kind: 'AnthropicAPI', secretRef: { name: 'upstream', key: 'token' } } }], egress: [{ host: 'api.anthropic.com' }] } }), ...REST], '403 PolicyRevoked'],
    ['another policy takes its name first, for another host', [brokerPolicy({ name: 'a' }, { grants: { credentials: [headerGrant('GITHUB_TOKEN', ['other.example.com'])], egress: [{ host: 'other.example.com' }] } }), ...REST], '403 PolicyRevoked'],
    ['its template is another that no policy is for', [harnessTemplate(), brokerPolicy({ name: 'p1' }, { ...POLICY.spec as object, appliesToTemplates: ['writer*'] }), secret({ token: UPSTREAM })], '403 PolicyRevoked'],
    ['its template is gone', REST.slice(1), '403 PolicyRevoked'],
    ['its Secret is of that name in another namespace only', [harnessTemplate(), POLICY, secret({ token: UPSTREAM }, { namespace: 'team-b' })], '500 ProviderFailure'],
  ])('a bearer is worth nothing once %s', async (_, rest, told) => {
    const { ask, world, output } = egressWorld();
    const { value } = (await ask('issue', { name: 'GITHUB_TOKEN' })).body;
    world.documents = [RUN, ...rest];
    expect(outcome(await ask('substitute-auth', bearer(value)))).toBe(told);
    expect(output.join('\n')).not.toMatch(new RegExp(`${UPSTREAM}|${RUN_TOKEN}`));
  });
});
