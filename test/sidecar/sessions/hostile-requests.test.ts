import { INVOCATIONS } from './client';
import { Fleet, keyOf } from './fleet';
import { answersIn, dialled, RawAnswer, rawText } from './raw';
import { isOnPath } from '../store/servers';

const EXECUTE = `${INVOCATIONS}/api/execute`;
const BODY = JSON.stringify({ command: ['sh', '-c', 'echo ran >> ran; wc -l < ran'] });

(isOnPath('redis-server') ? describe : describe.skip)('a gateway among hostile clients, with redis-server at hand', () => {
  let fleet: Fleet;
  let mine: string;
  let address: string;
  let key: string;

  beforeAll(async () => {
    fleet = await Fleet.open();
    await fleet.startController();
    await fleet.startGateway();
    ({ body: { sessionId: mine } } = await fleet.as('alice').create());
    address = fleet.gateways[0].addresses.gateway;
    key = keyOf('alice');
  }, 120_000);
  afterAll(() => fleet?.stop());

  const head = (session = mine): string => `Host: gateway\r\nAuthorization: Bearer ${key}\r\nx-agentcube-session-id: ${session}\r\n`;
  const sent = async (text: string): Promise<readonly RawAnswer[]> => answersIn(await rawText(address, text));
  const post = (more: string, body = BODY, target = EXECUTE): string => `POST ${target} HTTP/1.1\r\n${head()}${more}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
  const timesRan = async (): Promise<number> => Number((await fleet.as('alice').execute(mine, 'cat ran 2>/dev/null | wc -l')).body.stdout);
  const sessions = async (): Promise<number> => (await fleet.as('alice').ask('GET', '/v1/sessions')).body.sessions.length;

  describe('refuses, and runs nothing for,', () => {
    const inner = `POST ${EXECUTE} HTTP/1.1\r\nHost: x\r\n\r\n`;
    test.each<[string, () => string, number]>([
      ['a length beside chunks', () => `POST ${EXECUTE} HTTP/1.1\r\n${head()}Content-Length: ${BODY.length}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n${inner}`, 400],
      ['chunks beside a length', () => `POST ${EXECUTE} HTTP/1.1\r\n${head()}Transfer-Encoding: chunked\r\nContent-Length: 5\r\nConnection: close\r\n\r\n0\r\n\r\n${inner}`, 400],
      ['chunks in other letters', () => `POST ${EXECUTE} HTTP/1.1\r\n${head()}Transfer-Encoding: xChunked\r\nConnection: close\r\n\r\n0\r\n\r\n`, 400],
      ['chunks twice', () => `POST ${EXECUTE} HTTP/1.1\r\n${head()}Transfer-Encoding: chunked, chunked\r\nConnection: close\r\n\r\n0\r\n\r\n`, 400],
      ['two hosts', () => post('Host: other\r\n'), 400],
      ['two credentials', () => post('Authorization: Bearer other\r\n'), 400],
      ['two sessions', () => post('x-agentcube-session-id: other\r\n'), 400],
      ['no host', () => `POST ${EXECUTE} HTTP/1.1\r\nAuthorization: Bearer ${key}\r\nConnection: close\r\n\r\n`, 400],
      ['headers beyond 32 KiB', () => post(`X-Long: ${'x'.repeat(40_000)}\r\n`), 431],
      ['a thousand headers', () => post('X: y\r\n'.repeat(1000)), 400],
      ['another protocol', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
      ['a trace of its headers', () => `TRACE ${EXECUTE} HTTP/1.1\r\n${head()}Connection: close\r\n\r\n`, 405],
      ['a long session id', () => post('', BODY).replace(mine, 'a'.repeat(10_000)), 400],
      ...['../../x', 'expiry/../x', '%2e%2e', 'a b', 'é', '{}', '*'].map((id): [string, () => string, number] => [`the session id ${JSON.stringify(id)}`, () => post('').replace(mine, id), 400]),
      ...['expiry', 'last_activity', 'session', '0'.repeat(36)].map((id): [string, () => string, number] => [`the session id ${id}`, () => post('').replace(mine, id), 404]),
    ])('%s', async (_, text, status) => {
      const before = [await timesRan(), await sessions()];
      const answers = await sent(text());
      expect(answers.map((answer) => answer.status)).toEqual([status]);
      expect(JSON.parse(answers[0].body)).toMatchObject({ code: expect.stringMatching(/^[A-Z_]+$/), error: expect.any(String) });
      expect([await timesRan(), await sessions()]).toEqual(before);
    });
  });

  describe('takes no path for another:', () => {
    const base = INVOCATIONS;
    test.each([
      `${base}/../../../../../v1/sessions`, `${base}/%2e%2e/%2e%2e/api/execute`, `${base}/..%2f..%2fapi/execute`, `${base}//api/execute`, `${base}/./api/execute`, `${base}/api\\execute`, `${base}/api/execute/`, `${base}/API/EXECUTE`,
    ])('%s is for the worker to refuse', async (target) => {
      const before = await timesRan();
      const [{ status, head: answered }] = await sent(post('', BODY, target));
      expect([400, 404, 405]).toContain(status);
      expect(answered).toContain(`x-agentcube-session-id: ${mine}`);
      expect(await timesRan()).toBe(before);
    });

    test.each([
      EXECUTE.replace('/team-a/', '/team-a%2Fcode-interpreters%2Fpython/'), EXECUTE.replace('/team-a/', '/team-a/../team-a/'), EXECUTE.replace('/team-a/', '/team-a%00/'), EXECUTE.replace('/team-a/', '/TEAM-A/'),
      EXECUTE.replace('/python/', '/python%2F..%2Fpython/'), EXECUTE.replace('/python/', '//python/'), EXECUTE.replace('/python/', '/python;v=1/'), EXECUTE.replace('/team-a/', '/%ff/'),
      EXECUTE.replace('code-interpreters', 'agent-runtimes'), EXECUTE.replace('code-interpreters', 'sessions'), `/.${EXECUTE}`, `/${EXECUTE}`, EXECUTE.replace('/v1', '/v1/%2e'), EXECUTE.replace('/v1/', '/V1/'),
    ])('%s leads to no session', async (target) => {
      const before = await timesRan();
      const [{ status }] = await sent(post('', BODY, target));
      expect([400, 404]).toContain(status);
      expect(await timesRan()).toBe(before);
    });

    test('the absolute form of a target leads to the same session, whatever it names', async () => {
      const [{ status, body }] = await sent(post('', BODY, `http://somewhere.example.com${EXECUTE}`));
      expect([status, JSON.parse(body).exit_code]).toEqual([200, 0]);
    });
  });

  test('opens no tunnel', async () => {
    expect(await sent(`CONNECT 127.0.0.1:22 HTTP/1.1\r\n${head()}Connection: close\r\n\r\nSSH-2.0-x\r\n`)).toEqual([]);
  });

  test('what Connection names takes no header of the gateway away', async () => {
    const named = await sent(post('').replace('Connection: close', 'Connection: close, x-agentcube-session-id, authorization, host, content-length'));
    expect(named.map(({ status }) => status)).toEqual([200]);
    expect(named[0].head).toContain(`x-agentcube-session-id: ${mine}`);
    expect(await sessions()).toBe(1);
  });

  test('requests that do not wait for answers are answered in their order, each for its own session', async () => {
    const { body: { sessionId: other } } = await fleet.as('alice').create();
    const posted = (id: string, script: string): string => {
      const body = JSON.stringify({ command: ['sh', '-c', script] });
      return `POST ${EXECUTE} HTTP/1.1\r\n${head(id)}Content-Length: ${body.length}\r\n\r\n${body}`;
    };
    const last = `GET /v1/sessions/${other} HTTP/1.1\r\n${head()}Connection: close\r\n\r\n`;
    await sent(`${posted(mine, 'echo mine > whose')}${posted(other, 'echo other > whose')}${last}`);
    const one = (id: string, word: string): string => posted(id, `echo ${word} $(cat whose)`);
    const answers = await sent(`${one(mine, 'a')}${one(other, 'b')}${one(mine, 'c')}${last}`);
    const said = answers.map(({ body }) => JSON.parse(body)).map(({ stdout, sessionId }) => stdout ?? sessionId);
    expect(said).toEqual(['a mine\n', 'b other\n', 'c mine\n', other]);
    await fleet.as('alice').end(other);
  });

  test('clients that never end their headers keep nobody out', async () => {
    const slow = Array.from({ length: 200 }, () => dialled(address, 'GET /v1/sessions HTTP/1.1\r\nHost: x\r\nX: '));
    const drip = setInterval(() => slow.forEach((socket) => socket.write('x')), 20);
    const answers = await Promise.all(Array.from({ length: 20 }, () => fleet.as('alice').execute(mine, 'echo here')));
    clearInterval(drip);
    slow.forEach((socket) => socket.destroy());
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
  });

  test('a WebSocket that the worker does not want is an answer and an end', async () => {
    const upgrade = `GET ${INVOCATIONS}/api/files?path=. HTTP/1.1\r\n${head()}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`;
    const answers = await sent(`${upgrade}GET /v1/sessions HTTP/1.1\r\n${head()}\r\n`);
    expect(answers).toHaveLength(1);
    expect(answers[0].status).not.toBe(101);
  });
});
