import { curl, EgressCluster, install, newSession, podOfSession, workers } from './egress-cluster';
import { GRANTED_PORT, OTHER_PORT, ZONE } from './egress-internet';
import { CREDENTIAL, REAL_KEY, SYSTEM, TEAM } from './egress-world';
import { get, readySince } from './session-cluster';
import { Session } from '../../src/client';
import { OBJECTS, TRUST_KEYS } from '../../src/protocol/objects';
import { PORTS } from '../../src/protocol/ports';
import { BOOTSTRAP_JWKS, CA_BUNDLE } from '../../src/protocol/session-api';

/* eslint-disable @typescript-eslint/no-explicit-any */

let cluster: EgressCluster;
let session: Session;
const api = `https://api.${ZONE}`;
const tunnel = `https://tunnel.${ZONE}`;
const WITH_KEY = ['-H', `x-api-key: $${CREDENTIAL}`] as const;

beforeAll(async () => {
  cluster = await install();
  session = await newSession(cluster);
}, 900_000);

afterAll(() => cluster.close());

test('agents are told where the proxy is and whom to trust', () => {
  const { data } = get('configmap', TEAM, OBJECTS.agentTrust);
  const { clusterIP } = get('service', SYSTEM, OBJECTS.egress).spec;
  expect(Object.keys(data).sort()).toEqual([BOOTSTRAP_JWKS, CA_BUNDLE, TRUST_KEYS.proxyUrl]);
  expect(data[TRUST_KEYS.proxyUrl]).toBe(`http://${clusterIP}:${PORTS['egress-proxy']}`);
  expect(data[CA_BUNDLE].match(/BEGIN CERTIFICATE/g).length).toBeGreaterThan(100);
  expect(data[CA_BUNDLE]).not.toContain('PRIVATE KEY');
});

test('every worker has passed the fence before its own program began', () => {
  const ended = workers().filter((pod) => readySince(pod) !== undefined).map(({ status }) => {
    const { state } = status.initContainerStatuses.find(({ name }: any) => name === 'fence');
    return [state.terminated.exitCode, Date.parse(state.terminated.finishedAt) <= Date.parse(status.containerStatuses[0].state.running.startedAt)];
  });
  expect(ended).toEqual(ended.map(() => [0, true]));
  expect(ended.length).toBeGreaterThan(1);
});

describe('a session', () => {
  test('has a surrogate in place of the credential, and nothing else of it', async () => {
    const { stdout } = await session.execute(['/usr/bin/env']);
    expect(stdout).toMatch(new RegExp(`^${CREDENTIAL}=pdk-`, 'm'));
    expect(stdout).not.toContain(REAL_KEY);
    expect(JSON.stringify(podOfSession(session))).not.toMatch(/pdk-/);
  });

  test('reaches the host of its policy, where the real credential arrives', async () => {
    expect(await curl(session, `${api}/v1?page=2`, ...WITH_KEY)).toMatchObject({ exitCode: 0, status: 200, text: expect.stringContaining('the internet, /v1?page=2') });
    const [{ headers }] = cluster.internet.of('/v1?page=2');
    expect(headers).toMatchObject({ 'host': `api.${ZONE}`, 'x-api-key': REAL_KEY });
    expect(JSON.stringify(headers)).not.toMatch(/pdk-|proxy-/);
  });

  test('without its surrogate reaches the host without a credential', async () => {
    expect(await curl(session, `${api}/bare`)).toMatchObject({ status: 200 });
    expect(cluster.internet.of('/bare')[0].headers).not.toHaveProperty('x-api-key');
  });

  test('sees a certificate of the platform there, and that of the upstream through a tunnel', async () => {
    const issuers = await Promise.all([api, tunnel].map(async (url) => /^Issuer:.*$/m.exec((await curl(session, '-w', '%{certs}%{http_connect} %{http_code}', url)).text)?.[0]));
    expect(issuers).toEqual([expect.stringContaining('agent platform egress CA'), expect.stringContaining('authority of the upstreams')]);
  });

  test('reaches a host without credentials through a tunnel, in which nothing is touched', async () => {
    expect(await curl(session, `${tunnel}/through`, '-H', 'x-mine: 1')).toMatchObject({ exitCode: 0, status: 200 });
    expect(cluster.internet.of('/through')[0].headers).toMatchObject({ 'x-mine': '1', 'user-agent': expect.stringContaining('curl') });
  });

  test('reaches a port that its policy names beside the usual ones', async () => {
    expect(await curl(session, `${tunnel}:${GRANTED_PORT}/port`)).toMatchObject({ exitCode: 0, status: 200 });
  });

  test('reaches a host over plain http', async () => {
    expect(await curl(session, `http://plain.${ZONE}/plain`)).toMatchObject({ exitCode: 0, status: 200 });
  });

  test('reaches a private address that the platform names', async () => {
    expect(await curl(session, `https://private.${ZONE}/hostname`)).toMatchObject({ exitCode: 0, status: 200, text: expect.stringContaining('named') });
  });

  test.each([['and told to leave the proxy out', ['--noproxy', '*']], ['and left to itself', []]])('uses a base URL, %s', async (name, options) => {
    const path = `/base?${encodeURIComponent(name)}`;
    expect(await curl(session, ...options, `$EGRESS_BASE_URL/api.${ZONE}${path}`, ...WITH_KEY)).toMatchObject({ exitCode: 0, status: 200 });
    expect(cluster.internet.of(path)[0].headers).toMatchObject({ 'x-api-key': REAL_KEY });
  });
});

describe('is refused', () => {
  const REFUSED: [what: string, url: string, status: number, code: string][] = [
    ['a host of no policy', `https://forbidden.${ZONE}`, 403, 'HOST_NOT_ALLOWED'],
    ['a host that nobody knows', 'https://forbidden.example', 403, 'HOST_NOT_ALLOWED'],
    ['the address of a host', 'https://93.184.216.34', 403, 'HOST_NOT_ALLOWED'],
    ['a port of no policy', `${tunnel}:${OTHER_PORT}`, 403, 'HOST_NOT_ALLOWED'],
    ['the other protocol', `http://api.${ZONE}`, 403, 'HOST_NOT_ALLOWED'],
    ['a private address for another name', `https://unnamed.${ZONE}`, 403, 'ADDRESS_REFUSED'],
    ['another private address', `https://outside.${ZONE}`, 403, 'ADDRESS_REFUSED'],
    ['the metadata service', `https://metadata.${ZONE}`, 403, 'ADDRESS_REFUSED'],
    ['the node', `https://node.${ZONE}`, 403, 'ADDRESS_REFUSED'],
    ['a Service', `https://service.${ZONE}`, 403, 'ADDRESS_REFUSED'],
    ['the proxy itself', `https://loopback.${ZONE}`, 403, 'ADDRESS_REFUSED'],
  ];

  test.each(REFUSED)('%s: %s', async (_, url, status, code) => {
    expect(await curl(session, url)).toMatchObject({ status, code });
  });

  test('the surrogate in a body, in another header and for another host', async () => {
    const before = cluster.internet.seen.length;
    const answers = await Promise.all([
      curl(session, `${api}/misplaced`, '-d', `key=$${CREDENTIAL}`), curl(session, `${api}/misplaced`, '-H', `x-other: $${CREDENTIAL}`), curl(session, `http://plain.${ZONE}/misplaced`, ...WITH_KEY),
    ]);
    expect(answers.map(({ status, code }) => [status, code])).toEqual([[403, 'BEARER_MISPLACED'], [403, 'CREDENTIAL_REFUSED'], [403, 'BEARER_MISPLACED']]);
    expect(JSON.stringify(cluster.internet.seen.slice(before))).not.toContain('pdk-');
  });

  test('an answer with the credential in it', async () => {
    const { status, code, text } = await curl(session, `${api}/mirror`, ...WITH_KEY);
    expect([status, code, text.includes(REAL_KEY)]).toEqual([502, 'CREDENTIAL_IN_ANSWER', false]);
  });

  test('a request without the token, or with another', async () => {
    const proxy = get('configmap', TEAM, OBJECTS.agentTrust).data[TRUST_KEYS.proxyUrl];
    const answers = await Promise.all([proxy, proxy.replace('//', '//me:pdk-egress-a.b.c.d.e@'), proxy.replace('//', '//me:secret@')].map((url) => curl(session, '-x', url, api)));
    expect(answers.map(({ status, code }) => [status, code])).toEqual([[407, 'PROXY_AUTH_REQUIRED'], [403, 'TOKEN_REFUSED'], [407, 'PROXY_AUTH_REQUIRED']]);
  });
});

test('nothing else has reached the internet', () => {
  const hosts = new Set(cluster.internet.seen.map(({ host }) => host));
  expect([...hosts].sort()).toEqual([`api.${ZONE}`, `plain.${ZONE}`, `tunnel.${ZONE}`, `tunnel.${ZONE}:${GRANTED_PORT}`]);
});
