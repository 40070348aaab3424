import { createHash } from 'node:crypto';
import { KubeObjects, unavailable } from './kube-objects';
import { accessList } from '../../../../sidecar/src/controller/keys/access-list';
import { openStoreAccess, StoreAccess } from '../../../../sidecar/src/controller/keys/store-access';
import { factsOf } from '../../../../sidecar/src/crypto/certificate-facts';
import * as maker from '../../../../sidecar/src/crypto/self-made-certificate';
import { STORE_RIGHTS } from '../../../../src/protocol/session-record';
import { HandTimers, until } from '../../broker/audit/support';
import { capturedLog } from '../../server/frame';

const WHERE = ['secrets', 'agents', 'session-store-access'] as const;
const opened: StoreAccess[] = [];
afterEach(() => opened.splice(0).forEach((one) => one.close()));

function world() {
  const kube = new KubeObjects().add(...WHERE).add('secrets', 'agents', 'session-store-tls').add('configmaps', 'agents', 'session-store-ca');
  const captured = capturedLog();
  const waits: number[] = [];
  const start = async (timers = new HandTimers()) => {
    const access = await openStoreAccess({
      client: kube, namespace: 'agents', load: async () => maker, clock: Date.now, log: captured.log, random: () => 0.5, after: timers.after, wait: async (ms) => waits.push(ms),
    });
    opened.push(access);
    return access;
  };
  const entry = (name: string) => kube.entries(...WHERE).get(name);
  const put = (entries: Record<string, string>) => kube.set(...WHERE, new Map([...kube.entries(...WHERE), ...Object.entries(entries)]));
  return { kube, captured, waits, start, entry, put };
}

const hashOf = (password: string) => createHash('sha256').update(password).digest('hex');

describe('the first start', () => {
  test('makes a password, and an access list that has only its hash', async () => {
    const { start, entry } = world();
    const access = await start();
    expect(access.password()).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(entry('password')).toBe(access.password());
    const [replay, user] = entry('users.acl')!.split('\n');
    expect(replay).toBe('user default off ~session:* ~session-due:* ~session-owner:* ~quarantine:* +@write +select');
    expect(user).toBe(`user sessions on #${hashOf(access.password()!)} ${STORE_RIGHTS.join(' ')}`);
    expect(entry('users.acl')).not.toContain(access.password());
  });

  test('makes a certificate for the names of the store, whose authority is known and published', async () => {
    const { start, kube } = world();
    const access = await start();
    const { names } = factsOf(kube.entries('secrets', 'agents', 'session-store-tls').get('tls.crt')!);
    expect(names).toEqual(expect.arrayContaining(['session-store.agents.svc', '*.session-store-headless.agents.svc']));
    expect(kube.entries('configmaps', 'agents', 'session-store-ca').get('ca.crt')).toBe(access.ca());
    expect(access.problem()).toBeUndefined();
  });

  test('of two at once ends with one password and one authority', async () => {
    const { start, entry } = world();
    const [one, other] = await Promise.all([start(), start()]);
    expect([one.password(), one.ca()]).toEqual([other.password(), other.ca()]);
    expect(entry('password')).toBe(one.password());
  });

  test('waits for an API server that does not answer yet', async () => {
    const { start, kube, waits } = world();
    kube.fault = () => waits.length < 3 ? unavailable() : undefined;
    expect((await start()).password()).toHaveLength(43);
  });

  test('gives up on a Secret that others write all the time', async () => {
    const { start, kube, put, waits } = world();
    kube.beforeUpdate = () => void put({ note: String(kube.reads) });
    await expect(start()).rejects.toThrow('Secret agents/session-store-access changes each time that it is filled');
    expect(waits).toHaveLength(9);
  });

  test('writes no secret to log or ConfigMap', async () => {
    const { start, kube, captured } = world();
    const { password } = await start();
    const shown = [captured.text(), ...kube.entries('configmaps', 'agents', 'session-store-ca').values()].join();
    expect(shown).not.toContain(password());
    expect(shown).not.toContain('PRIVATE KEY');
  });
});

describe('the next start', () => {
  test('finds the password and writes nothing', async () => {
    const { start, kube } = world();
    const first = await start();
    const { length } = kube.writes;
    expect([(await start()).password(), kube.writes.length]).toEqual([first.password(), length]);
  });

  test('of a version with other rights writes the list anew, with the same password and the entries of others', async () => {
    const { start, entry, put } = world();
    const password = (await start()).password()!;
    put({ 'users.acl': `user default off\nuser sessions on #${hashOf(password)} ~session:* +get\n`, 'note': 'mine' });
    expect((await start()).password()).toBe(password);
    expect([entry('users.acl'), entry('note')]).toEqual([accessList(password), 'mine']);
  });

  test('makes the list that is missing', async () => {
    const { start, entry, kube } = world();
    const password = (await start()).password()!;
    kube.set(...WHERE, new Map([['password', password]]));
    await start();
    expect(entry('users.acl')).toBe(accessList(password));
  });
});

const planted = 'planted-password-of-somebody-else-0123456789';

describe('a Secret is refused and left alone', () => {
  test.each<[string, Record<string, string>, string]>([
    ['with a password of somebody else', { password: planted }, 'has a password that the controller did not make'],
    ['with a list but no password', { 'users.acl': `user x on >${planted}` }, 'has a password that the controller did not make'],
    ['with an empty password', { password: '' }, 'has a password that the controller did not make'],
    ['with a list of another password', { 'password': 'A'.repeat(43), 'users.acl': accessList('B'.repeat(43)) }, 'has a users.acl that the controller did not make'],
    ['with a list that lets everybody in', { 'password': 'A'.repeat(43), 'users.acl': accessList('A'.repeat(43)).replace('default off', 'default on nopass') }, 'has a users.acl'],
    ['with a list that has another user', { 'password': 'A'.repeat(43), 'users.acl': `${accessList('A'.repeat(43))}user ${planted} on nopass +@all\n` }, 'has a users.acl'],
  ])('%s', async (_, entries, problem) => {
    const { start, kube, captured, put } = world();
    put(entries);
    const before = kube.entries(...WHERE);
    const failure = await start().then(() => '', (error: Error) => error.message);
    expect(failure).toContain(`Secret agents/session-store-access ${problem}`);
    expect(failure + captured.text()).not.toContain('planted');
    expect([kube.entries(...WHERE), kube.writes]).toEqual([before, []]);
  });
});

describe('while it runs', () => {
  async function running() {
    const timers = new HandTimers();
    const made = world();
    const access = await made.start(timers);
    const round = async (): Promise<void> => {
      const { reads } = made.kube;
      timers.fire(60_000);
      await until(() => made.kube.reads > reads);
      await new Promise((resolve) => setImmediate(resolve));
    };
    return { ...made, access, timers, round };
  }

  test('a password that another replica has made is taken over, and one that was removed is made anew', async () => {
    const { access, round, kube, entry } = await running();
    const next = 'N'.repeat(43);
    kube.set(...WHERE, new Map([['password', next], ['users.acl', accessList(next)]]));
    await round();
    expect(access.password()).toBe(next);
    kube.set(...WHERE, new Map());
    await round();
    expect([access.password(), access.password() === next]).toEqual([entry('password'), false]);
  });

  test('an API server that is away changes nothing, and a Secret that is spoilt is told; both pass', async () => {
    const { access, round, kube, put } = await running();
    const password = access.password();
    kube.fault = unavailable;
    await round();
    expect([access.problem(), access.password()]).toEqual([undefined, password]);
    kube.fault = () => undefined;
    put({ password: planted });
    await round();
    expect([access.problem(), access.password()]).toEqual([expect.stringContaining('did not make'), password]);
    put({ password: password! });
    await round();
    expect(access.problem()).toBeUndefined();
  });

  test('nothing is looked at after the end', async () => {
    const { access, timers } = await running();
    expect(timers.delays).toEqual([60_000, 600_000]);
    access.close();
    expect(timers.delays).toEqual([]);
  });
});
