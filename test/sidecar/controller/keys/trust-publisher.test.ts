import { KubeObjects, unavailable } from './kube-objects';
import { TrustPublisher } from '../../../../sidecar/src/controller/keys/trust-publisher';
import { KubeError } from '../../../../sidecar/src/kube/kube-error';
import { ownedConfigMap } from '../../../../sidecar/src/kube/owned-config-map';
import { capturedLog } from '../../server/frame';

const JWKS = 'bootstrap-jwks.json';

function world(namespaces = ['team-a', 'team-b']) {
  const kube = new KubeObjects();
  for (const namespace of namespaces) kube.add('configmaps', namespace, 'agent-trust');
  const keys = { now: '{"keys":["1"]}\n', asked: 0, before: async (): Promise<void> => undefined };
  const wanted = { namespaces };
  const captured = capturedLog();
  const time = { now: 0 };
  const open = () => new TrustPublisher({
    trustOf: (namespace) => ownedConfigMap(kube, namespace, 'agent-trust', 'controller'),
    keys: async () => {
      keys.asked += 1;
      await keys.before();
      return keys.now;
    },
    namespaces: () => wanted.namespaces,
    clock: () => time.now,
    log: captured.log,
  });
  const published = (namespace: string) => kube.entries('configmaps', namespace, 'agent-trust').get(JWKS);
  return { kube, keys, wanted, captured, time, open, trust: open(), published };
}

test('every namespace with workers has the keys after one round, which reads them once', async () => {
  const { trust, keys, published } = world();
  await trust.publish();
  expect([published('team-a'), published('team-b'), keys.asked]).toEqual([keys.now, keys.now, 1]);
});

test('nothing is written that is there already, by whomever', async () => {
  const { trust, open, kube } = world();
  await trust.publish();
  await trust.publish();
  await open().publish();
  expect(kube.writes).toHaveLength(2);
});

test('new keys and new namespaces are published in the next round', async () => {
  const { trust, kube, keys, wanted, published } = world(['team-a']);
  await trust.publish();
  keys.now = '{"keys":["1","2"]}\n';
  kube.add('configmaps', 'team-c', 'agent-trust');
  wanted.namespaces = ['team-a', 'team-c', 'team-c'];
  await trust.publish();
  expect([published('team-a'), published('team-c')]).toEqual([keys.now, keys.now]);
});

test('what others keep in the ConfigMap stays, also what they write in between', async () => {
  const { trust, kube, published, keys } = world(['team-a']);
  kube.add('configmaps', 'team-a', 'agent-trust', { 'egress-ca.crt': 'theirs' });
  kube.beforeUpdate = () => {
    kube.beforeUpdate = () => undefined;
    kube.add('configmaps', 'team-a', 'agent-trust', { 'egress-ca.crt': 'newer', 'proxy-url': 'http://egress:15001' });
  };
  await trust.publish();
  expect(Object.fromEntries(kube.entries('configmaps', 'team-a', 'agent-trust'))).toEqual({
    'egress-ca.crt': 'newer', 'proxy-url': 'http://egress:15001', [JWKS]: keys.now,
  });
  expect([published('team-a'), trust.proxyUrl('team-a')]).toEqual([keys.now, 'http://egress:15001']);
});

test('a replica that is late does not put older keys in the place of newer ones', async () => {
  const { trust, keys, kube, published } = world(['team-a']);
  const newer = '{"keys":["1","2"]}\n';
  keys.before = async () => {
    // It has read what is published; before it has its keys, another replica rotates and publishes.
    keys.before = async () => { keys.now = newer; };
    kube.add('configmaps', 'team-a', 'agent-trust', { [JWKS]: newer });
  };
  await trust.publish();
  expect([published('team-a'), kube.writes]).toEqual([newer, []]);
});

test('keys are renewed also while no namespace has workers', async () => {
  const { trust, keys } = world([]);
  await trust.publish();
  expect(keys.asked).toBe(1);
});

test('whoever asks while a round is under way gets one that begins after it', async () => {
  const { trust, keys } = world(['team-a']);
  await Promise.all([trust.publish(), trust.publish(), trust.publish()]);
  expect(keys.asked).toBe(2);
});

describe('a namespace that fails', () => {
  test.each<[string, 'get' | 'update', () => KubeError, RegExp]>([
    ['has no ConfigMap', 'get', () => new KubeError('NotFound', 'GET agent-trust: NotFound'), /NotFound/],
    ['may not be written', 'update', () => new KubeError('Forbidden', 'PUT agent-trust: Forbidden'), /Forbidden/],
    ['does not answer', 'get', unavailable, /does not answer/],
  ])('because it %s holds up none of the others, and is told once', async (_, verb, fault, problem) => {
    const { trust, kube, captured, published, keys } = world();
    kube.fault = (called, where) => called === verb && where.includes('team-a') ? fault() : undefined;
    await trust.publish();
    await trust.publish();
    const errors = captured.lines().filter(({ level }) => level === 'error');
    expect(errors).toMatchObject([{ namespace: 'team-a', problem: expect.stringMatching(problem) }]);
    expect([published('team-a'), published('team-b')]).toEqual([undefined, keys.now]);
    kube.fault = () => undefined;
    await trust.publish();
    expect(published('team-a')).toBe(keys.now);
  });

  test('is told again when it fails for another reason, or again after it was well', async () => {
    const { trust, kube, captured } = world(['team-a']);
    for (const fault of [unavailable(), new KubeError('Forbidden', 'no'), undefined, unavailable()]) {
      kube.fault = () => fault;
      await trust.publish();
    }
    expect(captured.lines().filter(({ level }) => level === 'error')).toHaveLength(3);
  });

  test('because others write it all the time is left for the next round', async () => {
    const { trust, kube, captured, keys, published } = world();
    kube.beforeUpdate = (where) => void (where.includes('team-a') && kube.add('configmaps', 'team-a', 'agent-trust', { other: String(kube.reads) }));
    await trust.publish();
    expect(captured.text()).toContain('others write it all the time');
    expect([keys.asked, published('team-b')]).toEqual([5, keys.now]);
  });
});

test('without keys nothing is written, and what was published stays', async () => {
  const { trust, kube, keys, captured, published } = world(['team-a']);
  await trust.publish();
  const before = published('team-a');
  keys.before = async () => Promise.reject(new Error('key file Secret x has one key twice'));
  await trust.publish();
  expect([published('team-a'), kube.writes.length]).toEqual([before, 1]);
  expect(captured.text()).toContain('has one key twice');
});

describe('the URL of the proxy', () => {
  test.each([['no text', ''], ['no URL', 'egress:15001 x'], ['another scheme', 'file:///etc/passwd'], ['a script', 'javascript:alert(1)']])('that is %s is none', async (_, text) => {
    const { trust, kube } = world(['team-a']);
    kube.add('configmaps', 'team-a', 'agent-trust', { 'proxy-url': text });
    await trust.publish();
    expect(trust.proxyUrl('team-a')).toBeUndefined();
  });

  test('is that of the namespace, is known on while it cannot be read, and goes when it was taken away', async () => {
    const { trust, kube } = world();
    kube.add('configmaps', 'team-a', 'agent-trust', { 'proxy-url': 'http://egress.agents:15001\n' });
    await trust.publish();
    kube.fault = unavailable;
    await trust.publish();
    expect([trust.proxyUrl('team-a'), trust.proxyUrl('team-b'), trust.proxyUrl('other')]).toEqual(['http://egress.agents:15001', undefined, undefined]);
    kube.fault = () => undefined;
    kube.set('configmaps', 'team-a', 'agent-trust', new Map());
    await trust.publish();
    expect(trust.proxyUrl('team-a')).toBeUndefined();
  });

  test('is looked for when it is wanted and not known, once for all who want it, and again only after a while', async () => {
    const { trust, kube, keys, time } = world();
    await trust.publish();
    kube.add('configmaps', 'team-a', 'agent-trust', { 'proxy-url': 'http://egress.agents:15001' });
    expect(await Promise.all(['team-a', 'team-a', 'team-b'].map((namespace) => trust.proxyUrlNow(namespace)))).toEqual(['http://egress.agents:15001', 'http://egress.agents:15001', undefined]);
    expect(keys.asked).toBe(2);
    kube.add('configmaps', 'team-b', 'agent-trust', { 'proxy-url': 'http://egress.agents:15001' });
    expect(await trust.proxyUrlNow('team-b')).toBeUndefined();
    time.now += 2_000;
    expect([await trust.proxyUrlNow('team-b'), keys.asked]).toEqual(['http://egress.agents:15001', 3]);
  });

  test('that is known is not looked for', async () => {
    const { trust, kube, keys } = world();
    kube.add('configmaps', 'team-a', 'agent-trust', { 'proxy-url': 'http://egress.agents:15001' });
    await trust.publish();
    expect([await trust.proxyUrlNow('team-a'), keys.asked]).toEqual(['http://egress.agents:15001', 1]);
  });
});
