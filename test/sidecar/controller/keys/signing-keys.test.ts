import { KubeObjects, unavailable } from './kube-objects';
import { newSigningKey, renderSigningKey } from '../../../../sidecar/src/controller/keys/signing-key';
import { openSigningKeys, SIGNS_AFTER } from '../../../../sidecar/src/controller/keys/signing-keys';
import { ROTATE_AFTER } from '../../../../sidecar/src/crypto/key-schedule';
import { OwnedSecret } from '../../../../sidecar/src/kube/owned-secret';

const T0 = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const WHERE = ['secrets', 'agents', 'controller-bootstrap'] as const;
const PLACE = 'Secret agents/controller-bootstrap';

const time = { now: T0 };
let kube: KubeObjects;

beforeEach(() => {
  time.now = T0;
  kube = new KubeObjects().add(...WHERE);
});

function open() {
  return openSigningKeys({ place: PLACE, secret: new OwnedSecret(kube, 'agents', 'controller-bootstrap', 'controller'), clock: () => time.now });
}

const names = () => [...kube.entries(...WHERE).keys()].sort();
const put = (entries: Record<string, string>) => kube.set(...WHERE, new Map([...kube.entries(...WHERE), ...Object.entries(entries)]));

describe('the first start', () => {
  test('fills the empty Secret with one key, which signs at once', async () => {
    const keys = await open();
    expect(names()).toEqual(['sign-1.pem']);
    expect(keys.current().created).toBe(T0);
  });

  test('of many at once ends with one key', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, open));
    expect(new Set(all.map((keys) => keys.current().kid)).size).toBe(1);
    expect([names(), kube.writes.length]).toEqual([['sign-1.pem'], 1]);
  });

  test('leaves entries of others as they are', async () => {
    put({ note: 'mine' });
    await open();
    expect([names(), kube.entries(...WHERE).get('note')]).toEqual([['note', 'sign-1.pem'], 'mine']);
  });

  test('gives up on a Secret that others write all the time', async () => {
    kube.beforeUpdate = () => void put({ note: String(kube.reads) });
    await expect(open()).rejects.toThrow(`${PLACE} changes each time that its keys are renewed`);
    expect(names()).toEqual(['note']);
  });

  test('without an API server, or without the Secret, is none', async () => {
    kube.fault = unavailable;
    await expect(open()).rejects.toMatchObject({ code: 'Unavailable' });
    kube = new KubeObjects();
    await expect(open()).rejects.toMatchObject({ code: 'NotFound' });
  });
});

test('the next start signs with the key from before, and writes nothing', async () => {
  const { kid } = (await open()).current();
  time.now += 20 * 24 * 60 * MINUTE;
  expect((await open()).current().kid).toBe(kid);
  expect(kube.writes).toHaveLength(1);
});

describe('a Secret is refused and left alone', () => {
  test.each<[string, () => Record<string, string>, RegExp]>([
    ['with a key of another name', () => ({ 'tls.pem': 'planted' }), /neither sign-1\.pem nor sign-2\.pem and so on$/],
    ['with a number that none of us writes', () => ({ 'sign-01.pem': 'planted' }), /neither sign-1\.pem/],
    ['with a key that is damaged', () => ({ 'sign-2.pem': 'Created: planted' }), /sign-2\.pem is not a time of creation/],
    ['with an empty key', () => ({ 'sign-1.pem': '' }), /sign-1\.pem is not a time of creation/],
    ['with one key twice', () => ({ 'sign-7.pem': kube.entries(...WHERE).get('sign-1.pem')! }), /has one key twice$/],
  ])('%s', async (_, wrong, problem) => {
    const running = await open();
    put(wrong());
    const before = kube.entries(...WHERE);
    time.now += ROTATE_AFTER;
    const failure = await open().then(() => undefined, (error: Error) => error.message);
    expect(failure).toMatch(problem);
    expect(failure).not.toContain('planted');
    await expect(running.refresh()).rejects.toThrow(problem);
    expect(running.problem()).toMatch(/^the bootstrap keys cannot be renewed: key file Secret agents\/controller-bootstrap/);
    expect(running.current().created).toBe(T0);
    expect(kube.entries(...WHERE)).toEqual(before);
  });

  test('until it is mended', async () => {
    const keys = await open();
    const good = kube.entries(...WHERE);
    put({ 'sign-1.pem': 'x' });
    await expect(keys.refresh()).rejects.toThrow();
    kube.set(...WHERE, good);
    await keys.refresh();
    expect(keys.problem()).toBeUndefined();
  });
});

test('an API server that is away makes nobody unready, and signing goes on', async () => {
  const keys = await open();
  kube.fault = unavailable;
  time.now += ROTATE_AFTER;
  await expect(keys.refresh()).rejects.toMatchObject({ code: 'Unavailable' });
  expect([keys.problem(), keys.current().created]).toEqual([undefined, T0]);
});

describe('rotation', () => {
  async function rotated() {
    const keys = await open();
    time.now += ROTATE_AFTER;
    await keys.refresh();
    return keys;
  }

  test('comes after thirty days, and not before', async () => {
    const keys = await open();
    time.now += ROTATE_AFTER - 1;
    expect(await keys.refresh()).toHaveLength(1);
    time.now += 1;
    expect(await keys.refresh()).toHaveLength(2);
    expect(names()).toEqual(['sign-1.pem', 'sign-2.pem']);
  });

  test('of many replicas at once makes one key', async () => {
    const all = [await open(), await open(), await open()];
    time.now += ROTATE_AFTER;
    const seen = await Promise.all(all.map((keys) => keys.refresh()));
    expect(new Set(seen.map((set) => set.map(({ kid }) => kid).join())).size).toBe(1);
    expect(names()).toEqual(['sign-1.pem', 'sign-2.pem']);
  });

  test('makes a key that is told at once, and signs after fifteen minutes', async () => {
    const keys = await rotated();
    expect(keys.current().created).toBe(T0);
    time.now += SIGNS_AFTER - 1;
    expect(keys.current().created).toBe(T0);
    time.now += 1;
    expect(keys.current().created).toBe(T0 + ROTATE_AFTER);
  });

  test('keeps the old key for as long as anything that it signed is valid, and takes it away then', async () => {
    const keys = await rotated();
    time.now += SIGNS_AFTER + 3 * MINUTE + 60 * MINUTE - 1;
    expect(await keys.refresh()).toHaveLength(2);
    time.now += 1;
    put({ note: 'mine' });
    expect((await keys.refresh()).map(({ created }) => created)).toEqual([T0 + ROTATE_AFTER]);
    expect(names()).toEqual(['note', 'sign-2.pem']);
    expect(keys.current().created).toBe(T0 + ROTATE_AFTER);
  });

  test('takes over the key of another, and the one of somebody who has emptied the Secret and started anew', async () => {
    const keys = await open();
    const other = newSigningKey(T0 - MINUTE);
    kube.set(...WHERE, new Map([['sign-1.pem', renderSigningKey(other)]]));
    await keys.refresh();
    expect(keys.current().kid).toBe(other.kid);
    kube.set(...WHERE, new Map());
    const [made] = await keys.refresh();
    expect([keys.current().kid, names()]).toEqual([made.kid, ['sign-1.pem']]);
    expect(made.kid).not.toBe(other.kid);
  });

  test('survives a clock that was far ahead for a while: what is known longest signs', async () => {
    const keys = await open();
    time.now += 400 * 24 * 60 * MINUTE;
    await keys.refresh();
    time.now = T0 + MINUTE;
    await keys.refresh();
    expect(keys.current().created).toBe(T0);
  });
});
