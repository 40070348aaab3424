import { eventually } from './api-server';
import { must } from './cli';
import { KubeClient, KubeObject } from '../../sidecar/src/kube/client';
import { kubeconfig } from '../../sidecar/src/kube/kubeconfig';
import { OwnedSecret } from '../../sidecar/src/kube/owned-secret';
import { TokenReview } from '../../sidecar/src/kube/token-review';
import { sourceOf, Watch } from '../../sidecar/src/kube/watch';

const NAMESPACE = 'kube-client';
const CONFIG_MAPS = { group: '', version: 'v1', plural: 'configmaps', namespace: NAMESPACE };
const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, 50)));

let client: KubeClient;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  must(['create', 'namespace', NAMESPACE]);
  client = new KubeClient(kubeconfig(process.env.KUBECONFIG!, Date.now));
}, 60_000);

afterAll(async () => {
  await Promise.all(open.map((one) => one.close()));
  client.close();
  must(['delete', 'namespace', NAMESPACE, '--wait=false']);
}, 60_000);

function configMap(name: string, value: string, resourceVersion?: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: NAMESPACE, ...(resourceVersion === undefined ? {} : { resourceVersion }) }, data: { value } };
}

function follow(kept: Map<string, string>, interrupted: unknown[] = []) {
  const watch = new Watch<string>({
    source: sourceOf(client, CONFIG_MAPS),
    keep: (object) => (object.metadata.name.startsWith('w') ? (object.data as { value: string }).value : undefined),
    sink: {
      replaced: (items) => {
        kept.clear();
        items.forEach((value, key) => kept.set(key, value));
      },
      changed: (key, value) => (value === undefined ? kept.delete(key) : kept.set(key, value)),
    },
    clock: Date.now,
    random: Math.random,
    wait,
    interrupted: (reason) => interrupted.push(reason),
  });
  open.push(watch);
  return watch;
}

test('a watch follows what is made, changed and deleted', async () => {
  const kept = new Map<string, string>();
  await client.create(CONFIG_MAPS, configMap('w1', 'before'));
  const watch = follow(kept);
  await eventually(async () => watch.staleSince(), (since) => since === undefined);
  expect([...kept]).toEqual([[`${NAMESPACE}/w1`, 'before']]);
  await client.create(CONFIG_MAPS, configMap('w2', 'made'));
  await client.mergePatch(CONFIG_MAPS, 'w1', { data: { value: 'changed' } });
  await eventually(async () => [...kept.values()].sort().join(), (values) => values === 'changed,made');
  must(['delete', 'configmap', 'w1', '-n', NAMESPACE]);
  await eventually(async () => kept.size, (size) => size === 1);
}, 60_000);

test('a list longer than a page is read whole', async () => {
  for (let i = 0; i < 260; i += 20) await Promise.all(Array.from({ length: 20 }, (_, j) => client.create(CONFIG_MAPS, configMap(`wp${i + j}`, 'x'))));
  const kept = new Map<string, string>();
  const watch = follow(kept);
  await eventually(async () => watch.staleSince(), (since) => since === undefined);
  expect([...kept.keys()].filter((key) => key.includes('/wp'))).toHaveLength(260);
}, 60_000);

describe('a write', () => {
  test('over a version that somebody else has changed is a Conflict', async () => {
    const before = await client.create(CONFIG_MAPS, configMap('conflict', 'a'));
    await client.update(CONFIG_MAPS, { ...before, data: { value: 'b' } });
    await expect(client.update(CONFIG_MAPS, { ...before, data: { value: 'c' } })).rejects.toMatchObject({ code: 'Conflict' });
  });

  test('whose test does not hold is Invalid, and changes nothing', async () => {
    await client.create(CONFIG_MAPS, configMap('tested', 'a'));
    const steps = [{ op: 'test', path: '/data/value', value: 'x' }, { op: 'replace', path: '/data/value', value: 'y' }] as const;
    await expect(client.jsonPatch(CONFIG_MAPS, 'tested', steps)).rejects.toMatchObject({ code: 'Invalid' });
    expect((await client.get(CONFIG_MAPS, 'tested')).data).toEqual({ value: 'a' });
  });

  test('of what is there already is a Conflict, of what is not there NotFound', async () => {
    await expect(client.create(CONFIG_MAPS, configMap('tested', 'b'))).rejects.toMatchObject({ code: 'Conflict' });
    await expect(client.mergePatch(CONFIG_MAPS, 'nowhere', {})).rejects.toMatchObject({ code: 'NotFound' });
  });
});

describe('a review', () => {
  const POD = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'agent', namespace: NAMESPACE }, spec: { serviceAccountName: 'runner', containers: [{ name: 'a', image: 'example.com/a' }] } };
  let review: TokenReview;

  beforeAll(() => {
    must(['create', 'serviceaccount', 'runner', '-n', NAMESPACE]);
    must(['apply', '-f', '-'], [POD]);
    review = new TokenReview({ client, audience: 'paddock-broker', clock: Date.now });
  }, 60_000);

  function token(...args: string[]): string {
    return must(['create', 'token', 'runner', '-n', NAMESPACE, ...args]).trim();
  }

  test('of a token that is bound to a pod tells the pod', async () => {
    const uid = must(['get', 'pod', 'agent', '-n', NAMESPACE, '-o', 'jsonpath={.metadata.uid}']);
    const bound = token('--audience=paddock-broker', '--bound-object-kind=Pod', '--bound-object-name=agent');
    expect(await review.review(bound)).toEqual({ namespace: NAMESPACE, name: 'runner', podUid: uid });
    must(['delete', 'pod', 'agent', '-n', NAMESPACE, '--force', '--grace-period=0']);
    const fresh = new TokenReview({ client, audience: 'paddock-broker', clock: Date.now });
    await eventually(() => fresh.review(bound).then((account) => account ?? 'nobody'), (account) => account === 'nobody');
  }, 120_000);

  test('of a token that is bound to nothing has no pod', async () => {
    expect(await review.review(token('--audience=paddock-broker'))).toEqual({ namespace: NAMESPACE, name: 'runner' });
  });

  test('refuses a token for another audience, and one with a changed signature', async () => {
    expect(await review.review(token())).toBeUndefined();
    const good = token('--audience=paddock-broker');
    const [header, claims, signature] = good.split('.');
    expect(await review.review(`${header}.${claims}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`)).toBeUndefined();
  });
});

describe('a Secret that is made empty', () => {
  const owned = (name: string) => new OwnedSecret(client, NAMESPACE, name, 'broker');

  test('is filled by one of many that try at once, under the name of the broker, beside what others wrote', async () => {
    const empty = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys', namespace: NAMESPACE, labels: { part: 'broker' } }, type: 'Opaque' };
    must(['apply', '--server-side', '-f', '-'], [empty]);
    const seen = await Promise.all(Array.from({ length: 5 }, () => owned('keys').read()));
    expect(seen.map(({ entries }) => entries.size)).toEqual([0, 0, 0, 0, 0]);
    const results = await Promise.all(seen.map((content, index) => owned('keys').replace(content, new Map([['key', Buffer.from(`writer ${index}`)]]))));
    expect(results.filter((won) => won)).toHaveLength(1);
    const { entries, object } = await owned('keys').read();
    expect(String(entries.get('key'))).toBe(`writer ${results.indexOf(true)}`);
    expect(object.metadata.labels).toEqual({ part: 'broker' });
    expect((object.metadata.managedFields as { manager: string }[]).map(({ manager }) => manager).sort()).toEqual(['broker', 'kubectl']);

    // Whoever deploys the platform again takes nothing away.
    must(['apply', '--server-side', '-f', '-'], [empty]);
    expect((await owned('keys').read()).entries.size).toBe(1);
  });

  test('is not made where there is none', async () => {
    await expect(owned('nowhere').read()).rejects.toMatchObject({ code: 'NotFound' });
  });
});
