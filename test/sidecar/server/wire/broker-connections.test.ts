import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { Agent, createServer, Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { brokerAt } from '../../../../sidecar/src/server/wire/broker-exchange';
import { httpsExchange } from '../../../../sidecar/src/server/wire/https-exchange';
import { eventually, tempFolder } from '../../../helpers/temp-folder';
import { selfSigned } from '../certificate';

const LIMIT = 64;
const pair = selfSigned('stand-in');
const other = selfSigned('other');
const caFile = join(tempFolder(), 'ca.crt');
/** The connection of each question that has arrived. */
const asked: Socket[] = [];
let dialled: number;
let dialledLast: Socket;
let answer: (response: ServerResponse, isKept: boolean) => void;
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer(pair, (request, response) => {
    request.resume().on('end', () => {
      const isKept = asked.includes(request.socket);
      asked.push(request.socket);
      answer(response, isKept);
    });
  });
  server.on('connection', (socket: Socket) => {
    dialled += 1;
    dialledLast = socket;
    // Of what keeps the process alive, the rest is the client's.
    socket.unref();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  asked.length = dialled = 0;
  answer = ok;
  server.setSecureContext(pair);
  writeFileSync(caFile, pair.cert);
});
afterEach(() => server.closeAllConnections());
afterAll(() => new Promise((resolve) => server.close(resolve)));

const ok = (response: ServerResponse): void => void response.end('{}');
const cut = ({ socket }: ServerResponse): void => void socket!.destroy();
const silence = (): void => undefined;
const client = (timeout = 5000) => {
  const ask = brokerAt({ url, caFile, timeout });
  return () => ask({ path: '/v1/issue', body: {} });
};
const failure = (asking: Promise<unknown>): Promise<unknown> => asking.then(() => 'it went well', (error: unknown) => error);
const atOnce = <T>(count: number, ask: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: count }, ask));
/** Which connection each question came over, by its first use. */
const order = (): number[] => asked.map((socket) => [...new Set(asked)].indexOf(socket) + 1);
const keepingAlive = (): number => process.getActiveResourcesInfo().filter((resource) => resource === 'TCPSocketWrap').length;

test('questions come one after the other over one connection', async () => {
  const ask = client();
  for (let count = 0; count < 3; count += 1) expect(await ask()).toMatchObject({ status: 200, body: '{}' });
  expect([asked.length, dialled]).toEqual([3, 1]);
});

test('without an agent each request has a connection of its own', async () => {
  for (let count = 0; count < 2; count += 1) await httpsExchange({ method: 'GET', url, headers: {}, ca: pair.cert, timeoutMilliseconds: 5000, maxAnswerBytes: 10 });
  expect(dialled).toBe(2);
});

test('there are as many connections at once as are allowed, and the other questions wait for them', async () => {
  const waiting: ServerResponse[] = [];
  answer = (response) => void waiting.push(response);
  const answers = atOnce(LIMIT + 6, client(60_000));
  await eventually(() => waiting.length === LIMIT);
  answer = ok;
  waiting.forEach(ok);
  expect((await answers).map(({ status }) => status)).toEqual(Array(LIMIT + 6).fill(200));
  expect([asked.length, dialled]).toEqual([LIMIT + 6, LIMIT]);
});

test('a connection keeps the process alive while a question is open, and no longer', async () => {
  const before = keepingAlive();
  let during = 0;
  answer = (response) => {
    during = keepingAlive();
    ok(response);
  };
  await client()();
  await eventually(() => keepingAlive() === before);
  expect(during).toBe(before + 1);
});

describe('of the authorities in the file', () => {
  test('those that are written anew without a change keep the connection', async () => {
    const ask = client();
    await ask();
    writeFileSync(caFile, pair.cert);
    await ask();
    expect(dialled).toBe(1);
  });

  test('those that come need a new connection', async () => {
    const ask = client();
    await ask();
    server.setSecureContext(other);
    writeFileSync(caFile, other.cert);
    await ask();
    expect(order()).toEqual([1, 2]);
  });

  test.each([['another', other.cert], ['none', '']])('one that is gone is trusted no longer, also over the connection that is open, when there is %s', async (_, ca) => {
    const ask = client();
    await ask();
    writeFileSync(caFile, ca);
    expect(await failure(ask())).toMatchObject({ code: 'Unavailable', message: expect.stringMatching(/^asking the broker: the connection failed: [A-Z_]+$/) });
    expect([asked.length, dialled]).toEqual([1, 2]);
  });
});

describe('a kept connection that the broker has closed', () => {
  test('loses no question', async () => {
    const ask = client();
    await ask();
    answer = (response, isKept) => (isKept ? cut : ok)(response);
    expect(await ask()).toMatchObject({ status: 200 });
    expect(order()).toEqual([1, 1, 2]);
  });

  test('loses none either when all others were closed too', async () => {
    const ask = client();
    const waiting: ServerResponse[] = [];
    answer = (response) => void waiting.push(response);
    const answers = atOnce(4, ask);
    await eventually(() => waiting.length === 4);
    waiting.forEach(ok);
    await answers;
    const old = new Set(asked);
    answer = (response) => (old.has(response.socket!) ? cut : ok)(response);
    expect(await ask()).toMatchObject({ status: 200 });
    expect(asked).toHaveLength(6);
  });

  test('was announced by an answer, and is not used again', async () => {
    const ask = client();
    answer = (response) => void response.setHeader('connection', 'close').end('{}');
    await ask();
    await ask();
    expect(order()).toEqual([1, 2]);
  });
});

describe('a question is not asked again', () => {
  test('when its connection was fresh', async () => {
    answer = cut;
    expect(await failure(client()())).toMatchObject({ code: 'Unavailable', message: 'asking the broker: the connection failed: ECONNRESET' });
    expect(asked).toHaveLength(1);
  });

  test('when that has been done once', async () => {
    const ask = client();
    await ask();
    answer = cut;
    expect(await failure(ask())).toMatchObject({ code: 'Unavailable' });
    expect(order()).toEqual([1, 1, 2]);
  });

  test.each<[string, string, (response: ServerResponse) => void]>([
    ['breaks off', 'Unavailable', (response) => void response.writeHead(200, { 'content-length': 100 }).write('x', () => cut(response))],
    ['is too long', 'Refused', (response) => void response.end('x'.repeat(70_000))],
    ['is too long by a byte', 'Refused', (response) => void response.end('x'.repeat(65_537))],
    ['is none', 'Unavailable', ({ socket }) => void socket!.write('SSH-2.0-planted\r\n')],
  ])('when the answer %s, and the next one goes over another connection', async (_, code, badly) => {
    const ask = client();
    await ask();
    answer = badly;
    expect(await failure(ask())).toMatchObject({ name: 'BrokerFailure', code });
    answer = ok;
    expect(await ask()).toMatchObject({ status: 200, body: '{}' });
    expect(order()).toEqual([1, 1, 2]);
  });
});

test('nor is it when its answer has begun and the connection is reset', async () => {
  const ask = client();
  await ask();
  answer = (response) => void response.writeHead(200, { 'content-length': 100 }).write('x');
  const reset = (): void => void dialledLast.resetAndDestroy();
  // https://nodejs.org/docs/latest-v20.x/api/diagnostics_channel.html#http
  subscribe('http.client.response.finish', reset);
  expect(await failure(ask())).toMatchObject({ code: 'Unavailable', message: 'asking the broker: the connection failed: ECONNRESET' });
  unsubscribe('http.client.response.finish', reset);
  expect(order()).toEqual([1, 1]);
});

describe('the time of a question', () => {
  const OVERDUE = { code: 'Unavailable', message: 'asking the broker: no answer within 5000 ms' };

  afterEach(() => jest.restoreAllMocks());

  /** Times of questions that are over when the test says so. */
  function times() {
    const over: (() => void)[] = [];
    jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
      const time = new AbortController();
      over.push(() => time.abort(new DOMException('over', 'TimeoutError')));
      return time.signal;
    });
    return over;
  }

  test('ends its own connection alone, and not one that has answered', async () => {
    const over = times();
    const ask = client();
    await ask();
    over[0]();
    answer = silence;
    const late = failure(ask());
    await eventually(() => asked.length === 2);
    over[1]();
    expect(await late).toMatchObject(OVERDUE);
    answer = ok;
    await ask();
    expect(order()).toEqual([1, 1, 2]);
  });

  test('goes on while it waits for a connection, and then it is not asked', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = (path: string, timeoutMilliseconds: number) => httpsExchange({ method: 'GET', url: `${url}${path}`, headers: {}, ca: pair.cert, agent, timeoutMilliseconds, maxAnswerBytes: 10 });
    const waiting: ServerResponse[] = [];
    answer = (response) => void waiting.push(response);
    const slow = ask('/slow', 60_000);
    await eventually(() => waiting.length === 1);
    expect(await failure(ask('/late', 50))).toMatchObject({ code: 'Unreachable', message: 'no answer within 50 ms' });
    answer = ok;
    ok(waiting[0]);
    await slow;
    await ask('/next', 60_000);
    expect(order()).toEqual([1, 1]);
  });
});
