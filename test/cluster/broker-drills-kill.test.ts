import { join } from 'node:path';
import { eventually } from './api-server';
import { Asking, askOne, BrokerAnswer, FleetClient, patOf, swapKey, swapPat } from './broker-client';
import { brokerConfig, bundleAsShipped, deployDrillPlatform, DrillRuns, fleetOf, PLANTED, TEAM } from './broker-fleet';
import { verifyAuditLog } from '../../sidecar/src/broker/audit/verification/verify';
import type { BrokerProcess } from '../helpers/broker-process';
import { tempFolder } from '../helpers/temp-folder';

/** How long replicas are killed, and how often at least, however long that takes. */
const SECONDS = 30;
const KILLS = 12;
const WORKERS = 5;

const root = tempFolder();
const NAMES = ['drill-0', 'drill-1', 'drill-2'];
const all: BrokerProcess[] = [];
const client = new FleetClient();
const tokens: string[] = [];
const bearers: string[] = [];
let runs: DrillRuns;
let start: (name: string) => Promise<BrokerProcess>;
let deputy: string;

beforeAll(async () => {
  deployDrillPlatform();
  runs = new DrillRuns();
  start = fleetOf(bundleAsShipped(root), root, brokerConfig(root));
  deputy = await runs.token('deputy');
  tokens.push(deputy);
}, 240_000);

afterAll(async () => {
  await Promise.all(all.map((broker) => broker.end('SIGKILL')));
  runs.close();
});

/** What goes on until the last of the kills. */
interface Drill {
  isOver: boolean;
}

/** Replicas that start, and may have read what there is before a revocation. */
const rising = new Set<Promise<void>>();

/** Kills one replica after another each second, and starts it again. Answers how many. */
async function killing(): Promise<number> {
  const inUse = new Map<string, BrokerProcess>();
  const rise = async (name: string): Promise<void> => {
    const broker = await start(name);
    all.push(broker);
    inUse.set(name, broker);
    client.ready.push(broker);
  };
  await Promise.all(NAMES.map(rise));
  const began = Date.now();
  let kills = 0;
  for (let turn = 0; kills < KILLS || Date.now() - began < SECONDS * 1000; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const name = NAMES[turn % NAMES.length];
    const victim = inUse.get(name);
    if (victim === undefined || client.ready.length < 2) continue;
    inUse.delete(name);
    kills += 1;
    await victim.end('SIGKILL');
    // As with a Service, clients learn of it after they have tried.
    client.ready.splice(client.ready.indexOf(victim), 1);
    const again = rise(name).finally(() => rising.delete(again));
    rising.add(again);
  }
  await Promise.all(rising);
  return kills;
}

/** Runs that come and go, each with a token of the pool when there is one. Answers every token that two runs held at once. */
async function leasing(drill: Drill): Promise<{ readonly doubled: string[]; readonly runs: number; readonly swaps: number }> {
  const holders = new Map<string, { readonly run: string; ended: boolean }>();
  const doubled: string[] = [];
  let made = 0;
  let swaps = 0;
  const worker = async (index: number): Promise<void> => {
    for (let turn = 0; !drill.isOver; turn += 1) {
      const run = `w${index}-${turn}`;
      const asking = { run, token: await runs.make(run) };
      tokens.push(asking.token);
      const holding = { run, ended: false };
      made += 1;
      for (const end = Date.now() + 3000 + 1000 * index; !drill.isOver && Date.now() < end;) {
        await client.ask('validate-egress', { host: 'github.com', port: 443 }, asking);
        const issued = await client.ask('issue', { name: 'PAT' }, asking);
        if (issued.status !== 200) continue;
        bearers.push(issued.body.value);
        const swapped = await client.ask('substitute-auth', swapPat(issued.body.value), asking);
        if (swapped.status !== 200) continue;
        swaps += 1;
        const token = patOf(swapped);
        const other = holders.get(token);
        if (other !== undefined && other.run !== run && !other.ended) doubled.push(`${token} of ${other.run} and ${run}`);
        holders.set(token, holding);
      }
      // The broker may know it before this does.
      holding.ended = true;
      await runs.end(run);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, (_, index) => worker(index)));
  return { doubled, runs: made, swaps };
}

type Ask = (endpoint: string, body: object, asking: Asking) => Promise<BrokerAnswer>;

interface Revoked {
  readonly bearer: string;
  readonly run: string;
  readonly token: string;
  readonly session: string;
}

/** Waits until a revocation is known everywhere, which takes one event of a watch. Whoever starts after it knows it from the start. */
async function known({ bearer, run, token, session }: Revoked): Promise<void> {
  await Promise.all(rising);
  await Promise.all([...client.ready].map((broker) => eventually(async () => {
    const swapped = await askOne(broker, 'substitute-auth', swapKey(bearer), { run, token }).catch(() => undefined);
    const connect = await askOne(broker, 'validate-egress', connectOf(session), { token: deputy }).catch(() => undefined);
    return !client.ready.includes(broker) || swapped?.code === 'PolicyRevoked' && connect?.body.allowed === false;
  }, Boolean)));
}

const connectOf = (session: string): object => ({ host: 'github.com', port: 443, egressToken: session, clientAddress: '10.0.0.9' });

/** Leases and sessions that are revoked, and asked for until the end. Answers what came back to life. */
async function revoking(drill: Drill) {
  const revoked: Revoked[] = [];
  const lost: string[] = [];
  const spreading: Promise<void>[] = [];
  const look = async (ask: Ask) => {
    for (const { bearer, run, token, session } of revoked) {
      const swapped = await ask('substitute-auth', swapKey(bearer), { run, token });
      if (swapped.code !== 'PolicyRevoked') lost.push(`${run}: ${swapped.status} ${swapped.code}`);
      const again = await ask('issue', { name: 'KEY' }, { run, token });
      if (again.code !== 'PolicyRevoked') lost.push(`${run} again: ${again.status} ${again.code}`);
      const connect = await ask('validate-egress', connectOf(session), { token: deputy });
      if (connect.body.allowed !== false) lost.push(`session of ${run}: ${connect.status} ${JSON.stringify(connect.body)}`);
    }
  };
  for (let turn = 0; !drill.isOver; turn += 1) {
    const run = `v-${turn}`;
    const token = await runs.make(run);
    tokens.push(token);
    const { body: { value, leaseId, provider } } = await client.ask('issue', { name: 'KEY' }, { run, token });
    const notAfter = new Date(Date.now() + 3600_000).toISOString().replace(/\.\d+/, '');
    const session = { namespace: TEAM, pool: 'pool', id: `session-${turn}`, podUID: `pod-${turn}`, podIPs: ['10.0.0.9'], template: 'coder', notAfter };
    const sealed = await client.ask('issue-egress', { session }, { token: deputy });
    bearers.push(value, sealed.body.value);
    const open = await client.ask('validate-egress', connectOf(sealed.body.value), { token: deputy });
    if (open.body.allowed !== true) throw new Error(`the session is refused before it is revoked: ${JSON.stringify(open)}`);
    const answers = [
      await client.ask('revoke', { provider, leaseId, credentialName: 'KEY' }, { run, token: deputy }),
      await client.ask('revoke', { session: { namespace: TEAM, id: session.id, notAfter: session.notAfter } }, { token: deputy }),
    ];
    if (answers.some(({ status }) => status !== 204)) throw new Error(JSON.stringify(answers));
    const one = { bearer: value, run, token, session: sealed.body.value };
    spreading.push(known(one).then(() => { revoked.push(one); }));
    await look((endpoint, body, asking) => client.ask(endpoint, body, asking));
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  await Promise.all(spreading);
  return { revoked: revoked.length, lost, look };
}

test('a replica that is killed each second costs nobody an answer, a token or a revocation', async () => {
  const drill: Drill = { isOver: false };
  const killed = killing().finally(() => { drill.isOver = true; });
  while (client.ready.length < 3) await new Promise((resolve) => setTimeout(resolve, 50));
  const [kills, leased, revoked] = await Promise.all([killed, leasing(drill), revoking(drill)]);
  // Each replica by itself, all of them started anew at least once.
  for (const broker of client.ready) {
    const alone = new FleetClient();
    alone.ready.push(broker);
    await revoked.look((endpoint, body, asking) => alone.ask(endpoint, body, asking));
  }
  const { runs: made, swaps } = leased;
  const { retries, unavailable, tally } = client;
  console.info(JSON.stringify({ kills, retries, unavailable, made, swaps, revoked: revoked.revoked, tally: Object.fromEntries(tally) }));

  expect(leased.doubled).toEqual([]);
  expect(revoked.lost).toEqual([]);
  const expected = /^(issue|issue-egress|validate-egress|substitute-auth) 200$|^revoke 204$|^issue 503 PoolExhausted$|^(issue|substitute-auth) 403 PolicyRevoked$/;
  expect([...tally.keys()].filter((answer) => !expected.test(answer))).toEqual([]);
  for (const answer of ['issue 200', 'issue 503 PoolExhausted', 'substitute-auth 200', 'validate-egress 200', 'revoke 204']) expect([...tally.keys()]).toContain(answer);
}, 400_000);

test('what the killed replicas recorded is whole', async () => {
  for (const name of NAMES) {
    expect(await verifyAuditLog(join(root, name, 'audit'))).toMatchObject({ ok: true });
  }
});

test('nothing secret is in any line that they printed', () => {
  const printed = all.map(({ output }) => output).join('\n');
  expect(printed.length).toBeGreaterThan(1000);
  for (const text of [PLANTED.model, PLANTED.raw, ...PLANTED.pats, ...tokens, ...bearers]) expect(printed.includes(text)).toBe(false);
  expect(printed).not.toMatch(/planted-|eyJhbGciOi|PRIVATE KEY/);
});
