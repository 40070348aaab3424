import { X509Certificate } from 'node:crypto';
import * as maker from '../../../../sidecar/src/crypto/self-made-certificate';
import { ROTATE_AFTER, SIGNS_AFTER } from '../../../../sidecar/src/egress/authority/authorities';
import { publicRoots } from '../../../../sidecar/src/egress/authority/trust-bundle';
import { EgressTrust, openPodTrust } from '../../../../sidecar/src/egress/trust/open-trust';
import type { KubeObject, Resource } from '../../../../sidecar/src/kube/client';
import { KubeError } from '../../../../sidecar/src/kube/kube-error';
import { HandTimers } from '../../broker/audit/support';
import { KubeObjects, unavailable } from '../../controller/keys/kube-objects';
import { capturedLog } from '../../server/frame';

const T0 = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;
const BUNDLE = 'ca-bundle.pem';
const URL_KEY = 'proxy-url';

const opened: EgressTrust[] = [];
afterEach(() => opened.splice(0).forEach((trust) => trust.close()));

/** A Service beside what `KubeObjects` has. */
class Cluster extends KubeObjects {
  clusterIP = '10.96.0.17';

  override async get(resource: Resource, name: string): Promise<KubeObject> {
    if (resource.plural !== 'services') return super.get(resource, name);
    expect([resource.namespace, name]).toEqual(['agents', 'egress']);
    return { metadata: { name }, spec: { clusterIP: this.clusterIP } };
  }
}

function world(namespaces = ['team-a', 'team-b']) {
  const kube = new Cluster();
  kube.add('secrets', 'agents', 'egress-ca');
  for (const namespace of namespaces) kube.add('configmaps', namespace, 'agent-trust');
  const state = { now: T0, added: [] as string[] };
  const captured = capturedLog();
  const timers = new HandTimers();
  const open = async () => {
    opened.push(await openPodTrust({
      client: kube,
      namespace: 'agents',
      service: 'egress',
      secret: 'egress-ca',
      agentNamespaces: () => namespaces,
      added: () => state.added,
      load: async () => maker,
      clock: () => state.now,
      wait: async () => undefined,
      after: timers.after,
      random: () => 0.5,
      log: captured.log,
    }));
    return opened.at(-1)!;
  };
  const published = (namespace: string) => Object.fromEntries(kube.entries('configmaps', namespace, 'agent-trust'));
  const cas = (namespace = 'team-a') => (published(namespace)[BUNDLE].match(/-----BEGIN[^]*?-----END CERTIFICATE-----\n/g) ?? [])
    .filter((cert) => new X509Certificate(cert).subject.startsWith('CN=agent platform egress CA '));
  return { kube, state, timers, captured, open, published, cas };
}

test('every namespace with agents is told the address and the CAs before the proxy is ready', async () => {
  const { open, published, cas } = world();
  const trust = await open();
  expect(published('team-a')).toEqual(published('team-b'));
  expect(Object.keys(published('team-a')).sort()).toEqual([BUNDLE, URL_KEY]);
  expect(published('team-a')[URL_KEY]).toBe('http://10.96.0.17:15001');
  expect([cas().length, published('team-a')[BUNDLE].startsWith(cas()[0]), trust.problem()]).toEqual([1, true, undefined]);
  expect(published('team-a')[BUNDLE].endsWith(publicRoots().join(''))).toBe(true);
});

test('what is in the ConfigMap is a certificate each, never a key', async () => {
  const { open, published, kube } = world();
  await open();
  expect(kube.entries('secrets', 'agents', 'egress-ca').get('ca-1.pem')).toContain('PRIVATE KEY');
  expect(JSON.stringify(published('team-a'))).not.toContain('PRIVATE');
});

test('the keys of the controller stay, also what it writes in between', async () => {
  const { open, kube, published } = world(['team-a']);
  kube.add('configmaps', 'team-a', 'agent-trust', { 'bootstrap-jwks.json': 'old' });
  kube.beforeUpdate = (where) => {
    if (!where.startsWith('configmaps')) return;
    kube.beforeUpdate = () => undefined;
    kube.add('configmaps', 'team-a', 'agent-trust', { 'bootstrap-jwks.json': 'new' });
  };
  await open();
  expect(published('team-a')).toMatchObject({ 'bootstrap-jwks.json': 'new', [URL_KEY]: 'http://10.96.0.17:15001' });
});

test('the second replica has the same CA and writes nothing', async () => {
  const { open, kube } = world();
  const [first, second] = [await open(), await open()];
  expect(kube.writes).toHaveLength(3);
  await Promise.all([first.leaves.contextFor('api.example.com'), second.leaves.contextFor('api.example.com')]);
});

test('what changes is published in the next round: CAs, those that were added, and the address', async () => {
  const { open, state, kube, timers, published, cas } = world(['team-a']);
  const trust = await open();
  state.now += ROTATE_AFTER;
  const extra = await maker.makeAuthority('of the company', { now: T0, notAfter: T0 + 9000 * DAY });
  state.added = [extra.cert];
  kube.clusterIP = 'fd00::1';
  timers.fire(60_000);
  await trust.publish();
  expect(cas()).toHaveLength(2);
  expect(published('team-a')[BUNDLE].startsWith(cas().join('') + extra.cert)).toBe(true);
  expect(published('team-a')[URL_KEY]).toBe('http://[fd00::1]:15001');
  state.now += SIGNS_AFTER + 8 * DAY;
  await trust.publish();
  expect(cas()).toHaveLength(1);
});

describe('nothing is published, and what was stays,', () => {
  test('when the Service has no cluster IP', async () => {
    const { open, kube, captured, published } = world(['team-a']);
    kube.clusterIP = 'None';
    const trust = await open();
    expect(published('team-a')).toEqual({});
    expect(captured.text()).toContain('Service egress has no cluster IP');
    kube.clusterIP = '10.96.0.17';
    await trust.publish();
    const before = published('team-a');
    kube.clusterIP = '';
    await trust.publish();
    expect(published('team-a')).toEqual(before);
  });

  test('when the Secret was filled by somebody else meanwhile: the proxy is not ready then', async () => {
    const { open, kube, captured, published } = world(['team-a']);
    const trust = await open();
    const before = published('team-a');
    kube.add('secrets', 'agents', 'egress-ca', { 'tls.key': 'planted' });
    await trust.publish();
    expect(trust.problem()).toMatch(/^the CAs of the egress proxy cannot be renewed/);
    expect([published('team-a'), captured.text().includes('planted')]).toEqual([before, false]);
  });

  test('in a namespace that may not be written, and in no other', async () => {
    const { open, kube, captured, published } = world();
    kube.fault = (verb, where) => verb === 'update' && where.includes('team-a') ? new KubeError('Forbidden', 'PUT agent-trust: Forbidden') : undefined;
    await open();
    expect([published('team-a'), Object.keys(published('team-b')).length]).toEqual([{}, 2]);
    expect(captured.lines().filter(({ level }) => level === 'error')).toMatchObject([{ namespace: 'team-a', object: 'agent-trust' }]);
  });
});

test('a start without an API server, or over a Secret of somebody else, fails after some attempts', async () => {
  const { open, kube } = world();
  kube.fault = unavailable;
  await expect(open()).rejects.toMatchObject({ code: 'Unavailable' });
  kube.fault = () => undefined;
  kube.add('secrets', 'agents', 'egress-ca', { 'tls.crt': 'x' });
  await expect(open()).rejects.toThrow('has an entry that is neither ca-1.pem nor ca-2.pem and so on');
});

test('a CA that is over, while the API server is away, is told', async () => {
  const { open, kube, state } = world([]);
  const trust = await open();
  kube.fault = unavailable;
  state.now += 366 * DAY;
  await trust.publish();
  expect(trust.problem()).toBe('the CA of the egress proxy has expired');
});

test('after the end nothing is looked at any more', async () => {
  const { open, timers } = world();
  const trust = await open();
  expect(timers.delays).toEqual([60_000]);
  trust.close();
  expect(timers.delays).toEqual([]);
});
