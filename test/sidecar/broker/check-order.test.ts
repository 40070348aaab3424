import { Answer, Headers } from './build-broker';
import { brokerPolicy, harnessRun, harnessTemplate } from './documents';
import { egressWorld, GITHUB, OF_RUN, POD_IP, REST, RUN, SESSION } from './egress-world';

/**
 * Each endpoint checks in an order that is part of the API. A row breaks one thing; with all rows from the i-th on
 * broken, what the i-th row says is what is told, and with none broken the request is answered.
 */

type World = ReturnType<typeof egressWorld>;

interface Asked {
  readonly who: 'run' | 'egress' | 'operator' | 'nobody';
  readonly method: 'POST' | 'GET';
  readonly token?: string;
  readonly headers: Headers;
  readonly payload: string;
}

interface Row {
  readonly told: string;
  readonly ask?: (asked: Asked) => Asked;
  readonly world?: (world: World) => void;
}

const AUDIT: Row = { told: '503 AuditUnavailable', world: ({ world }) => { world.auditFails = true; } };
const documents = (change: (all: readonly object[]) => readonly object[]) => ({ world }: World) => { world.documents = change(world.documents); };
const without = (kind: string) => documents((all) => all.filter((one) => (one as { kind: string }).kind !== kind));
const replaced = (kind: string, by: object) => documents((all) => all.map((one) => ((one as { kind: string }).kind === kind ? by : one)));
const payload = (body: object) => (asked: Asked): Asked => ({ ...asked, payload: JSON.stringify(body) });

/** In common to all: paddock's prefix of 405, 401 and 400, and what this broker asks besides. */
const PREFIX: readonly Row[] = [
  { told: '405 BadRequest', ask: (asked) => ({ ...asked, method: 'GET', payload: '' }) },
  { told: '401 Unauthorized', ask: (asked) => ({ ...asked, token: 'guessed' }) },
];
const IDENTITY: Row = { told: '400 BadRequest header x-paddock-run must', ask: (asked) => ({ ...asked, headers: { ...asked.headers, 'x-paddock-run': 'R1' } }) };
const STALE: Row = { told: '503 Unavailable', world: ({ world }) => { world.catalogUnready = 'stale'; } };
const FOREIGN: Row = { told: '403 Forbidden', ask: (asked) => ({ ...asked, who: 'nobody' }) };
const LIMIT: Row = { told: '429 RateLimited' };
const MALFORMED: Row = { told: '400 BadRequest', ask: (asked) => ({ ...asked, payload: '{' }) };
const NO_RUN: Row = { told: '404 RunNotFound', world: without('HarnessRun') };
const ENDED: Row = { told: '403 RunTerminated', world: replaced('HarnessRun', harnessRun({}, { phase: 'Failed', podIPs: [POD_IP] })) };

const grants = (more: object) => replaced('BrokerPolicy', brokerPolicy({ name: 'p1' }, { grants: more }));
const EGRESS = [{ host: 'api.github.com' }];

const TABLES: Readonly<Record<string, { readonly asked: (world: World) => Promise<Asked>; readonly rows: readonly Row[] }>> = {
  'issue': {
    asked: async () => ({ who: 'run', method: 'POST', headers: OF_RUN, payload: '{"name":"GITHUB_TOKEN"}' }),
    rows: [...PREFIX, IDENTITY, STALE, FOREIGN, LIMIT, MALFORMED, AUDIT, NO_RUN, ENDED,
      { told: '500 ProviderFailure template', world: without('HarnessTemplate') },
      { told: '404 CredentialNotFound template must', ask: payload({ name: 'GITHUB_TOKEN', template: { name: 'other', kind: 'HarnessTemplate' } }) },
      { told: '404 CredentialNotFound template coder', world: replaced('HarnessTemplate', harnessTemplate({}, ['OTHER'])) },
      { told: '403 PolicyMissing', world: grants({ egress: EGRESS }) },
      { told: '500 ProviderFailure credential', world: without('Secret') }],
  },
  'renew': {
    asked: async () => ({ who: 'run', method: 'POST', headers: OF_RUN, payload: '{"names":["GITHUB_TOKEN"]}' }),
    rows: [...PREFIX, IDENTITY, STALE, FOREIGN, LIMIT, MALFORMED, NO_RUN, ENDED, AUDIT],
  },
  'issue-egress': {
    asked: async () => ({ who: 'operator', method: 'POST', headers: OF_RUN, payload: '{}' }),
    rows: [...PREFIX, FOREIGN, IDENTITY, STALE, LIMIT, MALFORMED,
      { told: '400 BadRequest the headers must', ask: payload({ session: SESSION }) }, AUDIT, NO_RUN, ENDED],
  },
  'revoke': {
    asked: async () => ({ who: 'operator', method: 'POST', headers: OF_RUN, payload: JSON.stringify({ provider: 'UserSuppliedSecret', leaseId: `uss-${'0'.repeat(32)}` }) }),
    rows: [...PREFIX, FOREIGN, IDENTITY, MALFORMED,
      { told: '400 BadRequest provider and leaseId', ask: payload({ provider: 'x' }) },
      { told: '400 BadRequest provider must be one of', ask: payload({ provider: 'Static', leaseId: 'x' }) }, AUDIT],
  },
  'validate-egress': {
    asked: async (world) => ({ who: 'egress', method: 'POST', headers: OF_RUN, payload: JSON.stringify({ ...GITHUB, egressToken: await world.runToken(), clientAddress: POD_IP }) }),
    rows: [...PREFIX, IDENTITY, STALE, FOREIGN, MALFORMED,
      { told: '403 Forbidden capability', ask: payload(GITHUB) },
      { told: '403 Forbidden the egress token', ask: payload({ ...GITHUB, egressToken: 'x' }) }, LIMIT,
      { told: '400 BadRequest host', ask: (asked) => ({ ...asked, payload: asked.payload.replace('api.github.com', '127.0.0.1') }) }, AUDIT],
  },
  'substitute-auth': {
    asked: async (world) => {
      const { value } = (await world.ask('issue', { name: 'GITHUB_TOKEN' })).body;
      return { who: 'run', method: 'POST', headers: OF_RUN, payload: JSON.stringify({ ...GITHUB, incomingAuthorization: `Bearer ${value}` }) };
    },
    rows: [...PREFIX, IDENTITY, STALE, FOREIGN, LIMIT, MALFORMED,
      { told: '400 BadRequest incomingAuthorization', ask: payload(GITHUB) }, AUDIT,
      { told: '404 BearerUnknown', ask: payload({ ...GITHUB, incomingXApiKey: 'pdk-usersecret-eyJ' }) },
      { told: '403 SubstituteFailed the lease has expired', world: ({ world }) => { world.now += 3600_000; } },
      { told: '404 RunTerminated', world: without('HarnessRun') },
      { told: '403 SubstituteFailed the bearer', world: replaced('HarnessRun', harnessRun({ uid: 'later' }, { phase: 'Running' })) },
      ENDED,
      { told: '403 PolicyRevoked', world: grants({ egress: EGRESS }) },
      { told: '403 EgressRevoked', ask: (asked) => ({ ...asked, payload: asked.payload.replace('443', '443,"method":"TRACE"') }) },
      { told: '500 ProviderFailure', world: without('Secret') }],
  },
};

const HEADER_NAMES = { run: undefined, egress: 'token-of-the-egress-proxy', operator: 'token-of-the-operator-00', nobody: 'token-of-somebody-else-0' };

/** So little that no change of the time in a row gives any back. */
const RATE = { perSecond: 1e-6, burst: 3 };
const SCARCE = { issue: RATE, issueEgress: RATE, renew: RATE, validate: RATE, substitute: RATE };

async function answerWith(endpoint: string, rows: readonly Row[]): Promise<Answer> {
  const { asked } = TABLES[endpoint];
  const isLimited = rows.includes(LIMIT);
  // The limit is recorded like any decision, and without a record nothing else is told.
  const broken = isLimited ? rows.filter((row) => row !== AUDIT) : rows;
  const world = egressWorld([RUN, ...REST], isLimited ? { limits: SCARCE } : {});
  const whole = await asked(world);
  const one = broken.reduceRight((request, { ask }) => ask?.(request) ?? request, whole);
  if (isLimited) for (let i = 0; i < 3; i += 1) await send(world, endpoint, whole);
  for (const { world: change } of [...broken].reverse()) change?.(world);
  return send(world, endpoint, one);
}

function send(world: World, endpoint: string, { who, method, token, headers, payload: text }: Asked): Promise<Answer> {
  const bearer = token ?? HEADER_NAMES[who];
  const own = who === 'run' ? {} : { 'x-paddock-run': undefined };
  return world.send(`/v1/${endpoint}`, method === 'GET' ? undefined : text, { ...own, ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }), ...headers }, method);
}

describe.each(Object.keys(TABLES))('%s', (endpoint) => {
  const { rows } = TABLES[endpoint];

  test('answers when nothing is broken', async () => {
    expect((await answerWith(endpoint, [])).status).toBeLessThan(300);
  });

  test.each(rows.map(({ told }, index) => [told, index] as const))('tells %s before what follows it (%i)', async (told, index) => {
    const { status, body } = await answerWith(endpoint, rows.slice(index));
    expect(`${status} ${body.code} ${body.message}`).toContain(told.split(' ').slice(0, 2).join(' '));
    expect(body.message).toContain(told.split(' ').slice(2).join(' '));
  });
});
