import { AddressInfo, connect, createServer, Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { recordOf } from './records';
import { eventually, isOnPath, ready, redisWorld, TestServer, TIMES } from './servers';

/** The Service of a store: new connections are led to the primary of now, open ones stay where they are. */
class Service {
  static async before(primary: TestServer): Promise<Service> {
    const service = new Service(primary);
    await new Promise<void>((listening) => service.server.listen(0, '127.0.0.1', listening));
    return service;
  }

  /** Connections that were ever made. */
  made = 0;
  private readonly server: Server;

  private constructor(public primary: TestServer) {
    this.server = createServer((client) => {
      this.made += 1;
      const store = connect(this.primary.port, '127.0.0.1');
      client.pipe(store).pipe(client);
      for (const [one, other] of [[client, store], [store, client]]) one.on('error', () => undefined).on('close', () => other.destroy());
    });
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    await new Promise((closed) => this.server.close(closed));
  }
}

/** As a planned failover does: the primary of before goes on as a replica, and keeps its connections. */
async function demote(server: TestServer, primary: { readonly port: number }): Promise<void> {
  await server.command('REPLICAOF', '127.0.0.1', String(primary.port));
}

/** A primary that a replica never reaches, so that it stays as it is. */
const NOWHERE = { port: 1 };

(isOnPath('redis-server') ? describe : describe.skip)('over redis-server, when another server has become the primary', () => {
  const world = redisWorld();
  const { opened, started } = world;
  let [one, other]: TestServer[] = [];
  let service: Service;

  beforeEach(async () => {
    [one, other] = await Promise.all(['one', 'other'].map(() => started('--repl-diskless-sync-delay', '0')));
    service = await Service.before(one);
  });
  afterEach(() => service.close());

  const says = async (server: TestServer, words: readonly string[], text: string): Promise<true | undefined> =>
    String(await server.command(...words)).includes(text) || undefined;

  test('writes go to it, and sessions can be read all the time', async () => {
    const open = opened(service.url);
    await ready(open);
    await open.store.put(recordOf('a'), 0);
    await demote(other, one);
    await eventually(() => says(other, ['INFO', 'replication'], 'master_link_status:up'));
    await other.command('REPLICAOF', 'NO', 'ONE');
    service.primary = other;
    await demote(one, other);
    const met = new Set<unknown>();
    const kept = await eventually(async () => {
      met.add(open.problem()).add(await open.store.get('a').then((found) => found?.version, ({ message }) => message));
      return open.store.put(recordOf('b'), 0).catch(({ message }) => void met.add(message));
    });
    expect([kept?.version, await other.command('EXISTS', 'session:{b}')]).toEqual([1, 1]);
    expect([undefined, 1, 'the store answers READONLY']).toEqual(expect.arrayContaining([...met]));
  }, 60_000);

  test('nobody has to write in vain for it to be found', async () => {
    const open = opened(service.url);
    await ready(open);
    service.primary = other;
    await demote(one, NOWHERE);
    await eventually(() => says(other, ['CLIENT', 'LIST'], 'cmd=eval'));
    await expect(open.store.put(recordOf('a'), 0)).resolves.toMatchObject({ version: 1 });
  }, 60_000);

  test('there is one new connection for each look while the Service still leads to the replica, however many write', async () => {
    const open = opened(service.url);
    await ready(open);
    const before = service.made;
    const began = Date.now();
    await demote(one, NOWHERE);
    for (let wave = 0; wave < 20; wave += 1) {
      const writes = Array.from({ length: 50 }, (_, at) => open.store.put(recordOf(`s${wave}-${at}`), 0).then(() => 'written', ({ message }) => message));
      expect(new Set(await Promise.all(writes))).toEqual(new Set(['the store answers READONLY']));
      expect(open.problem()).toBeUndefined();
      await sleep(TIMES.look / 2);
    }
    expect(service.made - before).toBeGreaterThan(1);
    // One timer was set before this began, and one may come early.
    expect(service.made - before).toBeLessThanOrEqual((Date.now() - began) / TIMES.look + 2);
    service.primary = other;
    await eventually(() => open.store.put(recordOf('a'), 0));
  }, 60_000);

  test('a server that refuses writes for another reason is not left', async () => {
    const open = opened(service.url);
    await ready(open);
    await one.command('CONFIG', 'SET', 'maxmemory', '1');
    for (let look = 0; look < 5; look += 1) {
      await expect(open.store.put(recordOf('a'), 0)).rejects.toMatchObject({ message: 'the store answers OOM' });
      await sleep(TIMES.look);
    }
    expect([service.made, open.problem()]).toEqual([1, undefined]);
  });
});
