import { Fleet } from './fleet';
import { eventually, isOnPath } from '../store/servers';

const LOST = { status: 503, body: { code: 'STORE_UNAVAILABLE' }, headers: { 'retry-after': expect.stringMatching(/^\d+$/) } };

(isOnPath('redis-server') ? describe : describe.skip)('a store that is away, with redis-server at hand', () => {
  let fleet: Fleet;
  let sessionId: string;

  beforeAll(async () => {
    fleet = await Fleet.open('--appendonly', 'yes', '--appendfsync', 'always');
    await fleet.startController();
    await fleet.startGateway();
    ({ body: { sessionId } } = await fleet.as('alice').create({ metadata: { kept: 'yes' } }));
    await fleet.as('alice').execute(sessionId, 'echo mine > file');
  }, 120_000);
  afterAll(() => fleet?.stop());

  /** Of both roles: to the kubelet, and of the gateway also to its clients. */
  async function readiness(): Promise<readonly number[]> {
    const [controller, gateway] = [fleet.controllers[0].addresses, fleet.gateways[0].addresses];
    const urls = [`http://${controller.admin}/readyz`, `http://${gateway.admin}/readyz`, `http://${gateway.gateway}/health/ready`];
    return Promise.all(urls.map(async (url) => (await fetch(url)).status));
  }

  const becomes = (status: number) => eventually(async () => (await readiness()).every((one) => one === status) ? true : undefined);

  async function isLost(): Promise<void> {
    // What was read a moment ago is believed for one more.
    await eventually(async () => (await fleet.as('alice').execute(sessionId, 'true')).status === 503 ? true : undefined);
    const alice = fleet.as('alice');
    const answers = await Promise.all([
      alice.execute(sessionId, 'true'), alice.execute(undefined, 'true'), alice.create(), alice.get(sessionId), alice.end(sessionId), alice.ask('GET', '/v1/sessions'),
      alice.ask('POST', `/v1/sessions/${sessionId}/extend`, { body: { ttl: 60 } }), fleet.as('bob').execute(sessionId, 'true'),
    ]);
    for (const answer of answers) expect(answer).toMatchObject(LOST);
    await becomes(503);
    expect((await fetch(`http://${fleet.gateways[0].addresses.gateway}/health/live`)).status).toBe(200);
  }

  async function isBack(): Promise<void> {
    await becomes(200);
    expect(await fleet.as('alice').execute(sessionId, 'cat file')).toMatchObject({ status: 200, body: { stdout: 'mine\n' } });
    // What could not be made while the store was away is taken back, whether it was written or not.
    await eventually(async () => (await fleet.as('alice').ask('GET', '/v1/sessions')).body.sessions.length === 1 ? true : undefined);
    expect(await fleet.as('alice').get(sessionId)).toMatchObject({ status: 200, body: { status: 'ready', metadata: { kept: 'yes' } } });
    expect(await fleet.as('bob').get(sessionId)).toMatchObject({ status: 404 });
  }

  test('because it hangs is told to everybody, and what it kept is there again when it goes on', async () => {
    fleet.store.signal('SIGSTOP');
    await isLost();
    fleet.store.signal('SIGCONT');
    await isBack();
  }, 90_000);

  test('because it was killed is told to everybody, and what it kept is there again when it starts', async () => {
    await fleet.store.kill();
    await isLost();
    await fleet.store.launch();
    await isBack();
  }, 90_000);
});
