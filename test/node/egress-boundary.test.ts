import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { inPod } from './client-pod';
import { curl, EgressCluster, install, newSession, node, podOfSession, podsOfRole } from './egress-cluster';
import { PUBLIC_ADDRESS, ZONE } from './egress-internet';
import { OUTSIDE, SYSTEM, TEAM } from './egress-world';
import { NODE_ADDRESS } from './one-node';
import { DIAL } from './session-clients';
import { get, until } from './session-cluster';
import { Session } from '../../src/client';
import { LABELS } from '../../src/protocol/names';
import { OBJECTS, TRUST_KEYS } from '../../src/protocol/objects';
import { PORTS } from '../../src/protocol/ports';
import { BOOTSTRAP_JWKS } from '../../src/protocol/session-api';
import { kubectl, must } from '../cluster/cli';

/* eslint-disable @typescript-eslint/no-explicit-any */

const tunnel = `https://tunnel.${ZONE}`;
let cluster: EgressCluster;
let first: Session;
let second: Session;

beforeAll(async () => {
  cluster = await install();
  first = await newSession(cluster);
  second = await newSession(cluster);
}, 900_000);

afterAll(() => cluster.close());

const logs = () => must(['logs', '-n', SYSTEM, '-l', `${LABELS.role}=egress`, '--tail=-1']);
const ipOf = (role: string): string => podsOfRole(role)[0].status.podIP;
/** Programs print one line of JSON. */
const dialling = (targets: object) => `${DIAL} Promise.all(Object.entries(${JSON.stringify(targets)}).map(async ([name, [host, port]]) => [name, await dial(host, port)]))
  .then((all) => console.log(JSON.stringify(Object.fromEntries(all))))`;

/** What was seen when those that have to be open were so: on a busy node an answer may come too late. */
const openIn = (seen: Readonly<Record<string, string>>, names: readonly string[]) => names.every((name) => seen[name] === 'open') && seen;

describe('a session', () => {
  test('reaches the two ports of the proxy, and nothing else by TCP', async () => {
    const proxy = ipOf('egress');
    const closed = {
      'fence': [proxy, PORTS['egress-fence']],
      'fence of the Service': [get('service', SYSTEM, OBJECTS.egress).spec.clusterIP, PORTS['egress-fence']],
      'metrics of the proxy': [proxy, PORTS.admin],
      'broker': [ipOf('broker'), PORTS['broker-api']],
      'controller': [ipOf('controller'), PORTS['controller-api']],
      'gateway': [ipOf('gateway'), PORTS['gateway-api']],
      'store': [ipOf('store'), PORTS.store],
      'another session': [podOfSession(second).status.podIP, PORTS['session-api']],
      'API server': [NODE_ADDRESS, 6443],
      'Service of the API server': ['10.96.0.1', 443],
      'kubelet': [NODE_ADDRESS, 10250],
      'DNS': ['10.96.0.10', 53],
      'metadata service': ['169.254.169.254', 80],
      'internet': [PUBLIC_ADDRESS, 443],
      'internet in the clear': [PUBLIC_ADDRESS, 80],
      'private destination': [cluster.outside.named, 443],
    };
    const open = { 'proxy': [proxy, PORTS['egress-proxy']], 'base URL': [proxy, PORTS['egress-base-url']] };
    const seen = await until('what is open answers in time', async () => openIn(JSON.parse(await node(first, dialling({ ...closed, ...open }))), Object.keys(open)));
    expect(seen).toEqual({
      ...Object.fromEntries(Object.keys(closed).map((name) => [name, 'ETIMEDOUT'])), 'proxy': 'open', 'base URL': 'open',
    });
  });

  test('gets no answer of DNS', async () => {
    const program = `const resolver = new (require('node:dns').promises.Resolver)({ timeout: 1000, tries: 1 }); resolver.setServers(['10.96.0.10']);
      resolver.resolve4('api.${ZONE}').then(console.log, ({ code }) => console.log(code))`;
    expect(await node(first, program)).toBe('ETIMEOUT');
  });

  test('cannot use the token or the surrogate of another', async () => {
    const { stdout } = await second.execute(['/bin/sh', '-c', 'echo $HTTPS_PROXY $API_KEY']);
    const [proxy, surrogate] = stdout.trim().split(' ');
    expect(await curl(first, tunnel)).toMatchObject({ status: 200 });
    expect(await curl(first, '-x', proxy, tunnel)).toMatchObject({ status: 403, code: 'TOKEN_REFUSED' });
    expect(await curl(first, `https://api.${ZONE}`, '-H', `x-api-key: ${surrogate}`)).toMatchObject({ status: 403, code: 'CREDENTIAL_REFUSED' });
    expect(await curl(first, '--noproxy', '*', `$EGRESS_BASE_URL/api.${ZONE}`, '-H', `x-api-key: ${surrogate}`)).toMatchObject({ status: 403, code: 'TOKEN_REFUSED' });
  });
});

function metricsOf(host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ host, port: PORTS.admin, path: '/metrics', agent: false }, (answer) => resolve(text(answer)));
    asked.on('error', reject).end();
  });
}

describe('the proxy', () => {
  test('is let out to the internet and to the private destination, and not to others beside it', async () => {
    const targets = {
      'internet': [PUBLIC_ADDRESS, 443],
      'port of no policy': [PUBLIC_ADDRESS, 9444],
      'private destination': [cluster.outside.named, 443],
      'pod beside it': [cluster.outside.other, 443],
      'kubelet': [NODE_ADDRESS, 10250],
      'store': [ipOf('store'), PORTS.store],
      'session': [podOfSession(first).status.podIP, PORTS['session-api']],
    };
    const seen = await until('what is open answers in time', () => (
      openIn(JSON.parse(inPod(SYSTEM, podsOfRole('egress')[0].metadata.name, dialling(targets))), ['internet', 'private destination'])));
    expect(seen).toEqual({
      'internet': 'open',
      'port of no policy': 'ETIMEDOUT',
      'private destination': 'open',
      'pod beside it': 'ETIMEDOUT',
      'kubelet': 'ETIMEDOUT',
      'store': 'ETIMEDOUT',
      'session': 'ETIMEDOUT',
    });
  });

  test('tells its metrics what passed, and no secret', async () => {
    const told = (await Promise.all(podsOfRole('egress').map(({ status }) => metricsOf(status.podIP)))).join('\n');
    const passed = told.split('\n').filter((line) => line.startsWith('egress_connections_total'));
    expect(passed.join()).toContain('mode="tunnel",outcome="TOKEN_REFUSED"');
    expect([told, logs()].map((one) => /pdk-|the-real-key/.test(one))).toEqual([false, false]);
  });
});

describe('a session that is over', () => {
  test('has a token that is worth nothing within seconds, and no tunnel that was open', async () => {
    const session = await newSession(cluster);
    const download = session.execute(['/bin/sh', '-c', `curl -sS --max-time 240 -o /dev/null ${tunnel}/drip-revoked`], { timeout: '300s' });
    await until('the download has begun', () => cluster.internet.open.has('/drip-revoked'));
    // What the controller tells the broker at the end of a session, while its pod is still there.
    const data = { [session.id]: new Date(Date.now() + 3_600_000).toISOString() };
    const since = Date.now();
    must(['patch', 'configmap', '-n', SYSTEM, OBJECTS.revokedSessions, '--type=merge', '-p', JSON.stringify({ data })]);
    await until('the tunnel has ended', () => !cluster.internet.open.has('/drip-revoked'));
    const ended = Date.now() - since;
    await until('the token is refused', async () => (await curl(session, tunnel)).status === 403);
    console.info(`after the revocation the tunnel was open for ${ended} ms, the token good for at most ${Date.now() - since} ms`);
    expect((await download).exitCode).not.toBe(0);
    await until('the proxy says why', () => logs().includes('"outcome":"REVOKED"'));
  }, 600_000);

  test('leaves nothing open when it is deleted', async () => {
    const session = await newSession(cluster);
    const download = session.execute(['/bin/sh', '-c', `curl -sS --max-time 240 -o /dev/null ${tunnel}/drip-deleted`], { timeout: '300s' }).catch(() => undefined);
    await until('the download has begun', () => cluster.internet.open.has('/drip-deleted'));
    await session.delete();
    await until('it has ended', () => !cluster.internet.open.has('/drip-deleted'));
    await download;
    await until('its token is revoked', () => session.id in (get('configmap', SYSTEM, OBJECTS.revokedSessions).data ?? {}));
  }, 600_000);
});

describe('the account of the proxy', () => {
  const account = `--as=system:serviceaccount:${SYSTEM}:${OBJECTS.egress}`;
  const rightsIn = (namespace: string) => must(['auth', 'can-i', '--list', account, '-n', namespace, '--no-headers']).trim().split('\n').map((line) => line.trim().split(/\s{2,}/))
    .filter(([resource]) => !resource.startsWith('[') && !resource.startsWith('selfsubject')).map((row) => row.filter((column) => column !== '[]').join(' ')).sort();

  test('has these rights and no others', () => {
    expect(rightsIn(SYSTEM)).toEqual([`secrets [${OBJECTS.egressCa}] [get update]`, `services [${OBJECTS.egress}] [get]`]);
    expect(rightsIn(TEAM)).toEqual([`configmaps [${OBJECTS.agentTrust}] [get update]`]);
    expect(rightsIn(OUTSIDE)).toEqual([]);
  });

  test.each([['secret', SYSTEM, OBJECTS.brokerKeyring], ['secret', TEAM, 'model-key'], ['secrets', SYSTEM], ['configmap', SYSTEM, OBJECTS.revokedSessions], ['pods', TEAM], ['services', SYSTEM]])(
    'does not read %s in %s %s', (...what) => {
      const [kind, namespace, ...name] = what;
      const { ok, stderr } = kubectl(['get', kind, '-n', namespace, ...name, account]);
      expect([ok, stderr]).toEqual([false, expect.stringContaining('is forbidden')]);
    });

  const changed = (change: (trust: any) => void) => {
    const trust = get('configmap', TEAM, OBJECTS.agentTrust);
    change(trust);
    return kubectl(['replace', '-f', '-', account], [trust]);
  };

  test.each<[string, (trust: any) => void]>([
    ['the entry of the controller', ({ data }) => { data[BOOTSTRAP_JWKS] = '{"keys":[]}'; }],
    ['an entry of its own making', ({ data }) => { data.other = 'x'; }],
    ['a label', ({ metadata }) => { metadata.labels = { ...metadata.labels, other: 'x' }; }],
  ])('does not change %s of agent-trust', (_, change) => {
    const { ok, stderr } = changed(change);
    expect([ok, stderr]).toEqual([false, expect.stringMatching(/the egress proxy may change (only the entries|nothing beside)/)]);
  });

  test('changes its own entry', () => {
    expect(changed(({ data }) => { data[TRUST_KEYS.proxyUrl] += ''; }).ok).toBe(true);
  });
});
