import { AgentcubeClient, Endpoint, refusedWith, Workload } from './agentcube-client';
import { PicodClient, refused } from '../sidecar/session/picod-client';
import { Fleet, keyOf } from '../sidecar/sessions/fleet';
import { eventually, isOnPath } from '../sidecar/store/servers';

/**
 * A client that knows nothing but the documented wire of AgentCube's workload manager and router: paths, headers, bodies,
 * and the fields that it decodes. They are written out, not taken from the protocol of this project.
 */

const INTERPRETER: Workload = { kind: 'code-interpreter', namespace: 'team-a', name: 'python' };
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UNKNOWN = '8f7c1f0e-1f5b-4a51-9a5e-000000000000';

const portOf = (address: string): number => Number(address.split(':').at(-1));

(isOnPath('redis-server') ? describe : describe.skip)('with redis-server at hand', () => {
  const clients: PicodClient[] = [];
  let fleet: Fleet;
  /** AgentCube as it comes: nobody is asked who they are, sessions are made at the workload manager. */
  let manager: Endpoint;
  let router: Endpoint;
  /** One address for both, which wants a key. */
  let front: Endpoint;

  beforeAll(async () => {
    fleet = await Fleet.open();
    const controller = await fleet.startController({ AUTH: 'none', CALLERS_FILE: undefined });
    const open = await fleet.startGateway({ API_KEYS_FILE: undefined, ANONYMOUS: 'true' });
    const keyed = await fleet.startGateway({ CONCURRENT: '2' });
    manager = { port: portOf(controller.addresses.controller) };
    router = { port: portOf(open.addresses.gateway) };
    front = { port: portOf(keyed.addresses.gateway), token: keyOf('alice') };
  }, 120_000);
  afterEach(() => clients.splice(0).forEach((one) => one.close()));
  afterAll(() => fleet?.stop());

  const agentcube = (workload: Workload = INTERPRETER) => new AgentcubeClient(manager, router, workload);
  const keyed = (more: Partial<Endpoint> = {}) => new AgentcubeClient({ ...front, ...more }, { ...front, ...more }, INTERPRETER);

  function sandbox(client: AgentcubeClient, id?: string): PicodClient {
    const one = client.sandbox(id);
    clients.push(one);
    return one;
  }

  describe.each([['as it comes', agentcube], ['behind one address that wants a key', keyed]] as const)('AgentCube %s', (_name, client) => {
    test('makes a session, works in it and ends it', async () => {
      const created = await client().create({ ttl: 600, metadata: { by: 'sdk' } });
      expect(created).toMatchObject({
        kind: expect.stringMatching(/^Sandbox(Claim)?$/),
        sessionId: expect.stringMatching(UUID),
        sandboxId: expect.any(String),
        sandboxName: expect.any(String),
        entryPoints: [{ path: '/', protocol: 'HTTP', endpoint: expect.stringMatching(/^127\.0\.0\.1:\d+$/) }],
      });
      const inside = sandbox(client(), created.sessionId);
      const ran = await inside.execute({ command: ['sh', '-c', 'echo $A; echo err >&2; exit 3'], timeout: '30s', env: { A: 'out' } });
      expect(ran).toMatchObject({ stdout: 'out\n', stderr: 'err\n', exit_code: 3 });
      expect(await inside.uploadJson('a/one.txt', Buffer.from('first'), '644')).toMatchObject({ path: 'a/one.txt', size: 5, mode: '-rw-r--r--' });
      expect(await inside.uploadForm({ path: 'a/two.bin', file: { name: 'two.bin', bytes: Buffer.from([0, 255, 10]) } })).toMatchObject({ path: 'a/two.bin', size: 3 });
      expect((await inside.list('a')).map(({ name, size }) => [name, size])).toEqual([['one.txt', 5], ['two.bin', 3]]);
      expect((await inside.download('/a/two.bin')).bytes).toEqual(Buffer.from([0, 255, 10]));
      expect(await client().remove(created.sessionId)).toEqual({ message: 'Sandbox deleted successfully' });
      const again = await refusedWith(client().remove(created.sessionId));
      expect(again).toMatchObject({ status: 404, message: expect.stringContaining(created.sessionId) });
      expect(await refused(inside.execute({ command: ['true'] }))).toMatchObject({ status: 404 });
    });

    test('makes a session at the first call through the router, and names it', async () => {
      const inside = sandbox(client());
      const { headers } = await inside.ask('GET', '/api/files?path=.');
      const id = String(headers['x-agentcube-session-id']);
      expect(id).toMatch(UUID);
      await inside.execute({ command: ['touch', 'here'] });
      expect((await sandbox(client(), id).list('.')).map(({ name }) => name)).toEqual(['here']);
      await client().remove(id);
    });

    test('passes what PicoD refuses on as it is, with its number as code', async () => {
      const { sessionId } = await client().create();
      const inside = sandbox(client(), sessionId);
      expect(await refused(inside.execute({ command: [] }))).toMatchObject({ status: 400, code: 400, error: expect.any(String) });
      expect(await refused(inside.download('nowhere'))).toEqual({ status: 404, code: 404, error: 'File not found' });
      expect(await refused(inside.execute({ command: ['true'], timeout: 'soon' }))).toMatchObject({ status: 400, error: expect.stringMatching(/^Invalid timeout format/) });
      await client().remove(sessionId);
    });

    test('says of what is not there that it is not, to readers of error and of message', async () => {
      expect(await refused(sandbox(client(), UNKNOWN).execute({ command: ['true'] }))).toEqual({
        status: 404, code: 'SESSION_NOT_FOUND', error: `sessions.agentcube.volcano.sh "${UNKNOWN}" not found`,
      });
      const { error, ...missing } = await refusedWith(client().remove(UNKNOWN));
      expect({ error, ...missing }).toEqual({ status: 404, code: 'SESSION_NOT_FOUND', error, message: error });
      for (const body of [{ name: 'nowhere' }, { namespace: 'nowhere' }]) expect(await refusedWith(client().create(body))).toMatchObject({ status: 404, message: expect.any(String), error: expect.any(String) });
      for (const body of [{ name: '' }, { namespace: '' }, { name: undefined }]) expect(await refusedWith(client().create(body))).toMatchObject({ status: 400, message: expect.any(String) });
    });
  });

  test('the kind of a body is that of its route, and a session of any kind is ended by either route', async () => {
    const { sessionId } = await agentcube().create({ kind: 'AgentRuntime' });
    expect(await agentcube({ ...INTERPRETER, kind: 'agent-runtime' }).remove(sessionId)).toEqual({ message: 'Sandbox deleted successfully' });
  });

  test('a session is reached under its own kind, namespace and name alone', async () => {
    const { sessionId } = await agentcube().create();
    for (const other of [{ kind: 'agent-runtime' }, { namespace: 'team-b' }, { name: 'go' }] as const) {
      expect(await refused(sandbox(agentcube({ ...INTERPRETER, ...other }), sessionId).execute({ command: ['true'] }))).toMatchObject({ status: 404, code: 'SESSION_NOT_FOUND' });
    }
    await agentcube().remove(sessionId);
  });

  test('health is told as AgentCube tells it', async () => {
    const told = async (endpoint: Endpoint, path: string) => JSON.parse((await agentcube().send(endpoint, 'GET', path)).bytes.toString());
    expect([await told(manager, '/health'), await told(router, '/health/live'), await told(router, '/health/ready')]).toEqual([{ status: 'healthy' }, { status: 'alive' }, { status: 'ready' }]);
  });

  test.each([undefined, 'a-token-that-nobody-has-given-to-anybody'])('nobody gets in with the token %j', async (token) => {
    expect(await refusedWith(keyed({ token }).create())).toMatchObject({ status: 401, code: 'UNAUTHORIZED', error: expect.any(String), message: expect.any(String) });
    expect(await refused(sandbox(keyed({ token }), UNKNOWN).execute({ command: ['true'] }))).toMatchObject({ status: 401, code: 'UNAUTHORIZED' });
  });

  test('too many requests at once are refused by the code of AgentCube', async () => {
    const { sessionId } = await keyed().create();
    /** Has one of the two places until its connection ends, and asks again while the look of the third has one. */
    const holds = async (): Promise<void> => {
      const one = sandbox(keyed(), sessionId);
      while ((await refused(one.execute({ command: ['sleep', '60'] }))).status === 429);
    };
    const busy = [holds(), holds()];
    const third = sandbox(keyed(), sessionId);
    const answer = await eventually(() => refused(third.list('.')).catch(() => undefined));
    expect(answer).toEqual({ status: 429, code: 'SERVER_OVERLOADED', error: 'server overloaded, please try again later' });
    clients.forEach((one) => one.close());
    await Promise.allSettled(busy);
    await keyed().remove(sessionId);
  });
});
