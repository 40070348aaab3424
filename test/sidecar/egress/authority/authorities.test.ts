import { LONGEST_LIFETIME } from '../../../../sidecar/src/crypto/key-schedule';
import * as maker from '../../../../sidecar/src/crypto/self-made-certificate';
import { Authorities, LEAF_LIFETIME, openAuthorities, ROTATE_AFTER, SIGNS_AFTER } from '../../../../sidecar/src/egress/authority/authorities';
import { OwnedSecret, SecretContent } from '../../../../sidecar/src/kube/owned-secret';
import { LONGEST_SESSION } from '../../../../src/protocol/session-record';
import { KubeObjects, unavailable } from '../../controller/keys/kube-objects';

const T0 = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WHERE = ['secrets', 'agents', 'egress-ca'] as const;
const PLACE = 'Secret agents/egress-ca';

const time = { now: T0 };
let kube: KubeObjects;
let loaded: number;

beforeEach(() => {
  time.now = T0;
  loaded = 0;
  kube = new KubeObjects().add(...WHERE);
});

async function load() {
  loaded += 1;
  return maker;
}

function open(): Promise<Authorities<SecretContent>> {
  return openAuthorities(load, { place: PLACE, secret: new OwnedSecret(kube, 'agents', 'egress-ca', 'egress'), clock: () => time.now });
}

const names = () => [...kube.entries(...WHERE).keys()].sort();
const put = (entries: Record<string, string>) => kube.set(...WHERE, new Map([...kube.entries(...WHERE), ...Object.entries(entries)]));
const kids = async (authorities: Authorities<SecretContent>) => (await authorities.refresh()).map(({ kid }) => kid);

describe('the first start', () => {
  test('fills the empty Secret with one CA, which signs at once: there is no agent yet', async () => {
    const authorities = await open();
    expect([names(), await kids(authorities)]).toEqual([['ca-1.pem'], [authorities.current().kid]]);
  });

  test('of many at once ends with one CA', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, open));
    expect(new Set(all.map((one) => one.current().kid)).size).toBe(1);
    expect([names(), kube.writes.length]).toEqual([['ca-1.pem'], 1]);
  });

  test('gives up on a Secret that others empty all the time', async () => {
    kube.beforeUpdate = () => void kube.set(...WHERE, new Map());
    await expect(open()).rejects.toThrow(`${PLACE} changes each time that its keys are renewed`);
  });

  test('without an API server is none', async () => {
    kube.fault = unavailable;
    await expect(open()).rejects.toMatchObject({ code: 'Unavailable' });
  });
});

test('the next start has the CA from before, writes nothing and loads no maker', async () => {
  const { kid } = (await open()).current();
  time.now += 80 * DAY;
  expect((await open()).current().kid).toBe(kid);
  expect([kube.writes.length, loaded]).toEqual([1, 1]);
});

describe('a Secret is refused and left alone', () => {
  test.each<[string, () => Record<string, string>, RegExp]>([
    ['of cert-manager', () => ({ 'tls.crt': 'planted', 'tls.key': 'planted', 'ca.crt': 'planted' }), /has an entry that is neither ca-1\.pem nor ca-2\.pem and so on$/],
    ['with a note of somebody', () => ({ note: 'planted' }), /has an entry that is neither ca-1\.pem/],
    ['with keys of another kind', () => ({ 'sign-1.pem': 'planted' }), /has an entry that is neither ca-1\.pem/],
    ['with a number that none of us writes', () => ({ 'ca-01.pem': 'planted' }), /has an entry that is neither ca-1\.pem/],
    ['with a CA that is damaged', () => ({ 'ca-2.pem': 'planted' }), /ca-2\.pem is not one certificate and its private key in PEM$/],
    ['with one CA twice', () => ({ 'ca-7.pem': kube.entries(...WHERE).get('ca-1.pem')! }), /has one key twice$/],
  ])('%s, by those that run and those that start', async (_, wrong, problem) => {
    const running = await open();
    put(wrong());
    const before = kube.entries(...WHERE);
    time.now += ROTATE_AFTER;
    const failure = await open().then(() => undefined, (error: Error) => error.message);
    expect(failure).toMatch(problem);
    expect(failure).not.toContain('planted');
    await expect(running.refresh()).rejects.toThrow(problem);
    expect(running.problem()).toMatch(/^the CAs of the egress proxy cannot be renewed: key file Secret agents\/egress-ca/);
    expect(running.current().endsAt).toBeGreaterThan(time.now);
    expect(kube.entries(...WHERE)).toEqual(before);
  });
});

describe('rotation', () => {
  test('publishes for longer than anything lives that has read a bundle, by a day', () => {
    expect(SIGNS_AFTER).toBeGreaterThanOrEqual(Math.max(LONGEST_SESSION, LONGEST_LIFETIME) + DAY);
  });

  test('makes the next CA after ninety days, which signs after thirty-one more', async () => {
    const authorities = await open();
    const first = authorities.current();
    time.now = first.created + ROTATE_AFTER - 1;
    expect(await kids(authorities)).toEqual([first.kid]);
    time.now += 1;
    const [, next] = await authorities.refresh();
    expect(names()).toEqual(['ca-1.pem', 'ca-2.pem']);
    time.now = next.created + SIGNS_AFTER - 1;
    expect([authorities.current().kid, await kids(authorities)]).toEqual([first.kid, [first.kid, next.kid]]);
    time.now += 1;
    expect(authorities.current().kid).toBe(next.kid);
  });

  test('takes the CA before away once all that it signed is over, and not before', async () => {
    const authorities = await open();
    time.now += ROTATE_AFTER;
    const [first, next] = await authorities.refresh();
    time.now = next.created + SIGNS_AFTER + LEAF_LIFETIME + HOUR - 1;
    expect(await kids(authorities)).toEqual([first.kid, next.kid]);
    time.now += 1;
    expect(await kids(authorities)).toEqual([next.kid]);
    expect(names()).toEqual(['ca-2.pem']);
  });

  test('happens on time in a process that cannot reach the API server any more', async () => {
    const authorities = await open();
    time.now += ROTATE_AFTER;
    const [, next] = await authorities.refresh();
    kube.fault = unavailable;
    time.now += SIGNS_AFTER;
    await expect(authorities.refresh()).rejects.toMatchObject({ code: 'Unavailable' });
    expect([authorities.current().kid, authorities.problem()]).toEqual([next.kid, undefined]);
  });

  test('of many replicas at once makes one CA', async () => {
    const all = [await open(), await open(), await open()];
    time.now += ROTATE_AFTER;
    expect(new Set((await Promise.all(all.map(kids))).map(String)).size).toBe(1);
    expect(names()).toEqual(['ca-1.pem', 'ca-2.pem']);
  });
});

test('a platform that was stopped for months signs with the CA that its agents know, and prepares the next', async () => {
  const { kid } = (await open()).current();
  time.now += 300 * DAY;
  const authorities = await open();
  expect([authorities.current().kid, names()]).toEqual([kid, ['ca-1.pem', 'ca-2.pem']]);
});

test('a CA that is over signs no more: the next one signs at once', async () => {
  const { kid } = (await open()).current();
  time.now += 366 * DAY;
  const authorities = await open();
  expect(authorities.current().kid).not.toBe(kid);
  expect([authorities.current().endsAt, names()]).toEqual([time.now + 365 * DAY, ['ca-1.pem', 'ca-2.pem']]);
});

test('a clock that was far ahead for a while takes nothing away: what is known longest signs', async () => {
  const authorities = await open();
  const { kid } = authorities.current();
  time.now += 400 * DAY;
  await authorities.refresh();
  time.now = T0 + HOUR;
  expect(await kids(authorities)).toContain(kid);
  expect(authorities.current().kid).toBe(kid);
});

test('whoever empties the Secret has another CA made, which signs at once', async () => {
  const authorities = await open();
  const { kid } = authorities.current();
  kube.set(...WHERE, new Map());
  expect(await kids(authorities)).toEqual([authorities.current().kid]);
  expect(authorities.current().kid).not.toBe(kid);
});
