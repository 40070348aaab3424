import { curl, EgressCluster, install, newSession, podsOfRole } from './egress-cluster';
import { ZONE } from './egress-internet';
import { SYSTEM, TEAM } from './egress-world';
import { ready } from './one-node';
import { get, readySince, until } from './session-cluster';
import { Session } from '../../src/client';
import { OBJECTS, TRUST_KEYS } from '../../src/protocol/objects';
import { PORTS } from '../../src/protocol/ports';
import { CA_BUNDLE } from '../../src/protocol/session-api';
import { must } from '../cluster/cli';

/* eslint-disable @typescript-eslint/no-explicit-any */

const api = `https://api.${ZONE}`;
const tunnel = `https://tunnel.${ZONE}`;
const OLD_BUNDLE = '/workspace/old.pem';
let cluster: EgressCluster;
let session: Session;

beforeAll(async () => {
  cluster = await install();
  session = await newSession(cluster);
  await session.execute(['/bin/sh', '-c', `cp $CURL_CA_BUNDLE ${OLD_BUNDLE}`]);
}, 900_000);

afterAll(() => cluster.close());

/** The proxy of the session, at one replica. */
const at = async (address: string) => (await session.execute(['/bin/sh', '-c', 'echo $HTTPS_PROXY'])).stdout.trim().replace(/@[^@:]+:/, `@${address}:`);
const trust = () => get('configmap', TEAM, OBJECTS.agentTrust).data as Record<string, string>;
const restarts = () => podsOfRole('egress').map(({ status }) => status.containerStatuses[0].restartCount);
const untilServed = (what: string, seconds: number) => until(what, async () => (await curl(session, `${api}/again`)).status === 200, seconds);

test('a replica that is gone takes only its own downloads with it, and the next one is trusted by who knew the last', async () => {
  const [gone, stays] = podsOfRole('egress');
  const downloads = await Promise.all([gone, stays].map(async ({ status }, index) => {
    const proxy = await at(status.podIP);
    return { name: `/drip-${index}`, done: curl(session, '-x', proxy, '--cacert', OLD_BUNDLE, '--max-time', '280', `${index === 0 ? tunnel : api}/drip-${index}`) };
  }));
  for (const { name } of downloads) await until(`${name} has begun`, () => cluster.internet.open.has(name));
  must(['delete', 'pod', '-n', SYSTEM, gone.metadata.name, '--force', '--grace-period=0']);
  await until('the download of the other has ended', () => !cluster.internet.open.has('/drip-0'));
  const since = Date.now();
  await untilServed('requests are served', 30);
  console.info(`a request was served ${Date.now() - since} ms after the replica was gone`);
  cluster.internet.open.get('/drip-1')!.end();
  expect(await downloads[1].done).toMatchObject({ exitCode: 0, status: 200 });
  expect((await downloads[0].done).exitCode).not.toBe(0);
  ready(SYSTEM, `deployment/${OBJECTS.egress}`);
  const next = await until('another one is ready', () => podsOfRole('egress').find((pod) => pod.metadata.name !== stays.metadata.name && readySince(pod) !== undefined), 180);
  const proxy = await at(next.status.podIP);
  // The network leads to it a moment after it is ready.
  await until('it is trusted', async () => {
    const { exitCode, status } = await curl(session, '-x', proxy, '--cacert', OLD_BUNDLE, `${api}/trusted`);
    if (exitCode === CURL_UNTRUSTED) throw new Error(`${next.metadata.name} is not trusted`);
    return exitCode === 0 && status === 200;
  });
}, 900_000);

test('without the broker nothing passes, and all is as before when it is back', async () => {
  must(['scale', '-n', SYSTEM, `statefulset/${OBJECTS.broker}`, '--replicas=0']);
  must(['wait', '-n', SYSTEM, `pod/${OBJECTS.broker}-0`, '--for=delete', '--timeout=120s']);
  const before = cluster.internet.seen.length;
  expect(await curl(session, `${api}/away`)).toMatchObject({ status: 502, code: 'BROKER_FAILED' });
  await until('no verdict is left', async () => (await curl(session, `${tunnel}/away`)).status === 502);
  expect(cluster.internet.seen.slice(before).filter(({ host }) => host === `api.${ZONE}`)).toEqual([]);
  expect(podsOfRole('egress').map((pod) => readySince(pod) !== undefined)).toEqual([true, true]);
  must(['scale', '-n', SYSTEM, `statefulset/${OBJECTS.broker}`, '--replicas=1']);
  const since = Date.now();
  await untilServed('requests are served', 60);
  console.info(`a request was served ${Date.now() - since} ms after the broker was wanted back`);
  expect(restarts()).toEqual([0, 0]);
}, 900_000);

/** The address of a Service that was deleted and made again is another one; the CAs of a Secret that was emptied are others too. */
test('another address and other CAs are published within a round, and are not trusted by who knew the last', async () => {
  const { metadata, spec } = get('service', SYSTEM, OBJECTS.egress);
  const before = trust();
  must(['delete', 'service', '-n', SYSTEM, OBJECTS.egress]);
  const { name, namespace, labels, annotations } = metadata;
  const ports = spec.ports.map(({ nodePort, ...port }: any) => port);
  // What holds the old address, so that it is not given again.
  must(['create', '-f', '-'], [{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'holder', namespace: 'default' }, spec: { clusterIP: spec.clusterIP, ports: [{ port: 1 }] } }]);
  must(['create', '-f', '-'], [{ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace, labels, annotations }, spec: { type: spec.type, selector: spec.selector, ports } }]);
  must(['patch', 'secret', '-n', SYSTEM, OBJECTS.egressCa, '--type=json', '-p', JSON.stringify([{ op: 'remove', path: '/data' }])]);
  const since = Date.now();
  await until('both are published', () => ![before[TRUST_KEYS.proxyUrl], undefined].includes(trust()[TRUST_KEYS.proxyUrl]) && ![before[CA_BUNDLE], undefined].includes(trust()[CA_BUNDLE]), 100);
  console.info(`another address and other CAs were published ${Date.now() - since} ms after they were made`);
  const { clusterIP } = get('service', SYSTEM, OBJECTS.egress).spec;
  expect(clusterIP).not.toBe(spec.clusterIP);
  expect(trust()[TRUST_KEYS.proxyUrl]).toBe(`http://${clusterIP}:${PORTS['egress-proxy']}`);
  // Both replicas have taken over the same ones.
  const answers = await until('both sign with the new CA', async () => {
    const refused = await Promise.all(podsOfRole('egress').map(async ({ status }) => curl(session, '-x', await at(status.podIP), '--cacert', OLD_BUNDLE, api)));
    return refused.every(({ exitCode }) => exitCode === CURL_UNTRUSTED) && refused;
  }, 90);
  expect(answers.map(({ text }) => /unable to get local issuer|self-signed/.test(text))).toEqual([true, true]);
  // The controller reads the address in rounds of its own.
  await until('a new session is told', async () => {
    const told = await newSession(cluster);
    const { status } = await curl(told, '--connect-timeout', '3', `${api}/told`);
    await told.delete();
    return status === 200;
  }, 90);
  console.info(`a new session knew them ${Date.now() - since} ms after they were made`);
  must(['delete', 'service', '-n', 'default', 'holder']);
}, 600_000);

/** https://curl.se/libcurl/c/libcurl-errors.html#CURLEPEERFAILEDVERIFICATION */
const CURL_UNTRUSTED = 60;
