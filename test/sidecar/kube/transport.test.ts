import type { ServerResponse } from 'node:http';
import { createServer, Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { fixed } from '../../../sidecar/src/kube/connection';
import { bodyOf, Call, Transport } from '../../../sidecar/src/kube/transport';
import { eventually } from '../../helpers/temp-folder';
import { selfSigned } from '../server/certificate';

const IDLE = 100;
const pair = selfSigned('api');
const CALL: Call = { method: 'PATCH', path: '/api/v1/pods/p', contentType: 'application/json', body: '{}', timeout: 10_000, repeatable: false };

/** The connections that were made, and those that are open. */
const dialled: Socket[] = [];
const open = new Set<Socket>();
let answer: (response: ServerResponse) => void;
let server: Server;
let transport: Transport;

beforeAll(async () => {
  server = createServer(pair, (request, response) => void request.resume().on('end', () => answer(response)));
  // Only the client ends a connection.
  server.keepAliveTimeout = 0;
  server.on('connection', (socket: Socket) => {
    dialled.push(socket);
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => {
  dialled.length = 0;
  answer = (response) => void response.end('{}');
  transport = keepingFor(IDLE);
});
afterEach(() => {
  transport.close();
  server.closeAllConnections();
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

function keepingFor(idle: number): Transport {
  const { port } = server.address() as AddressInfo;
  return new Transport({ server: new URL(`https://127.0.0.1:${port}`), ca: fixed(Buffer.from(pair.cert)) }, idle);
}
const ask = async (): Promise<string> => String(await bodyOf(CALL, await transport.send(CALL), 1000));
/** Uses so many connections at once, which are kept then. */
async function keep(count: number): Promise<ReadonlySet<unknown>> {
  const waiting: ServerResponse[] = [];
  answer = (response) => void waiting.push(response);
  const asked = Array.from({ length: count }, ask);
  await eventually(() => waiting.length === count);
  const kept = new Set(waiting.map(({ socket }) => socket));
  waiting.forEach((response) => response.end('{}'));
  await Promise.all(asked);
  return kept;
}
const silence = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 3 * IDLE));

test('a connection that nobody uses is ended by us, so that no write is sent while the API server ends it', async () => {
  await ask();
  await eventually(() => open.size === 0);
  expect(await ask()).toBe('{}');
  expect(dialled).toHaveLength(2);
});

test('calls one after the other share a connection', async () => {
  for (let count = 0; count < 5; count += 1) await ask();
  expect(dialled).toHaveLength(1);
});

test('an answer that lets itself be waited for is not cut, also on a connection that was idle before', async () => {
  await ask();
  answer = (response) => void silence().then(() => response.end('late'));
  expect([await ask(), await ask()]).toEqual(['late', 'late']);
  expect(dialled).toHaveLength(1);
});

test('a watch that is silent for long is not cut, also on a connection that was idle before', async () => {
  await ask();
  answer = (response) => {
    response.write('one ');
    void silence().then(() => response.write('two ')).then(silence).then(() => response.end('three'));
  };
  expect(await ask()).toBe('one two three');
  expect(dialled).toHaveLength(1);
});

test('a connection is ended once its silent watch is over', async () => {
  answer = (response) => {
    response.write('one ');
    void silence().then(() => response.end('two'));
  };
  expect(await ask()).toBe('one two');
  await eventually(() => open.size === 0);
});

describe('when all connections that are kept are dead, as a proxy has forgotten them', () => {
  beforeEach(async () => {
    transport = keepingFor(60_000);
    const dead = await keep(4);
    answer = (response) => void (dead.has(response.socket!) ? response.socket!.destroy() : response.end('{}'));
  });

  test('what may be repeated is sent again over a new one', async () => {
    const repeat = async () => String(await bodyOf(CALL, await transport.send({ ...CALL, repeatable: true }), 1000));
    expect(await Promise.all([repeat(), repeat(), repeat()])).toEqual(['{}', '{}', '{}']);
    expect(await repeat()).toBe('{}');
  });

  test('what may not be repeated is sent once', async () => {
    await expect(ask()).rejects.toMatchObject({ code: 'Unavailable' });
  });
});
