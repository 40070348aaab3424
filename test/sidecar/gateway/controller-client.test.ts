import { writeFileSync } from 'node:fs';
import type { RequestListener, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { closeWorkers, worker } from './sockets';
import { ANSWER_TIMES, type AnswerTimes, behalfOf, type ControllerClient, controllerClient, type ControllerRequest } from '../../../sidecar/src/gateway/controller-client';
import { CONTROLLER_ENV } from '../../../src/protocol/env';
import { CONTROLLER_ANSWER_TIME } from '../../../src/protocol/sessions-api';
import { freePort } from '../../helpers/free-port';
import { eventually, tempFolder } from '../../helpers/temp-folder';
import { capturedLog } from '../server/frame';

const tokenFile = join(tempFolder(), 'token');
const log = capturedLog();
const clients: ControllerClient[] = [];

beforeEach(() => writeFileSync(tokenFile, 'token-1\n'));
afterEach(async () => {
  await closeWorkers();
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

async function speaking(answer: RequestListener, times?: AnswerTimes): Promise<ControllerClient> {
  return to(await worker(answer), times);
}

function to(port: number, times?: AnswerTimes): ControllerClient {
  const client = controllerClient({ url: `http://127.0.0.1:${port}`, tokenFile, log: log.log, times });
  clients.push(client);
  return client;
}

const LIST: ControllerRequest = { method: 'GET', path: '/v1/sessions?limit=1', behalf: { owner: 'https://idp.example#ä b' } };
const json = (status: number, body: unknown, headers = {}): RequestListener =>
  (_asked, answer) => void answer.writeHead(status, headers).end(JSON.stringify(body));

test('the controller reads for whom, and with what token, each time', async () => {
  const seen: Record<string, unknown>[] = [];
  const client = await speaking((asked, answer) => { seen.push({ url: asked.url, ...asked.headers }); answer.end('{"sessions":[]}'); });
  expect(await client.ask(LIST)).toEqual({ status: 200, body: { sessions: [] } });
  writeFileSync(tokenFile, 'token-2');
  await client.ask({ ...LIST, behalf: 'admin', idempotencyKey: 'k' });
  expect(seen[0]).toMatchObject({ 'url': LIST.path, 'authorization': 'Bearer token-1', 'x-agent-platform-owner': 'https%3A%2F%2Fidp.example%23%C3%A4%20b' });
  expect(seen[0]).not.toHaveProperty('x-agent-platform-admin');
  expect(seen[1]).toMatchObject({ 'authorization': 'Bearer token-2', 'x-agent-platform-admin': 'true', 'idempotency-key': 'k' });
  expect(seen[1]).not.toHaveProperty('x-agent-platform-owner');
});

test.each([[{ owner: 'a', admin: false }, true, { owner: 'a' }], [{ owner: 'a', admin: true }, true, { owner: 'a' }], [{ owner: 'a', admin: true }, false, 'admin'],
  [{ owner: 'a', admin: false }, false, { owner: 'a' }], [{ admin: false }, true, 'anybody'], [{ admin: false }, false, 'anybody']] as const)('for %j, who makes one: %s, it speaks for %j', (principal, makes, behalf) => {
  expect(behalfOf({ ...principal, key: 'k' }, makes)).toEqual(behalf);
});

test('a refusal of the controller keeps its status, code, text and time', async () => {
  const client = await speaking(json(503, { code: 'POOL_EMPTY', error: 'no worker', message: 'no worker' }, { 'retry-after': '5' }));
  await expect(client.ask(LIST)).rejects.toMatchObject({ code: 'POOL_EMPTY', status: 503, message: 'no worker', headers: { 'retry-after': '5' } });
});

test.each([
  ['refuses the gateway', json(401, { code: 'UNAUTHORIZED', error: 'no' })], ['forbids the gateway', json(403, { code: 'FORBIDDEN', error: 'no' })],
  ['has a code of another status', json(200 + 218, { code: 'POOL_EMPTY', error: 'no' })], ['has an unknown code', json(500, { code: 'constructor', error: 'x' })],
  ['answers no JSON', (_asked, answer) => void answer.end('<html>')], ['breaks off', (_asked, answer) => void answer.destroy()],
  ['answers without end', (_asked, answer) => { const more = (): void => { while (!answer.destroyed && answer.write('x'.repeat(65_536))); }; answer.on('drain', more); more(); }],
] as [string, RequestListener][])('a controller that %s is unavailable', async (_what, answer) => {
  await expect((await speaking(answer)).ask(LIST)).rejects.toMatchObject({ code: 'CONTROLLER_UNAVAILABLE', status: 503 });
});

test('a controller that is not there is unavailable, for a while', async () => {
  await expect(to(await freePort()).ask(LIST)).rejects.toMatchObject({ code: 'CONTROLLER_UNAVAILABLE', headers: { 'retry-after': '2' } });
  expect(log.text()).not.toContain('token-1');
});

test('a token that cannot be read is no token to send', async () => {
  const asked = jest.fn();
  const client = controllerClient({ url: `http://127.0.0.1:${await worker(asked)}`, tokenFile: '/nowhere', log: log.log });
  clients.push(client);
  await expect(client.ask(LIST)).rejects.toMatchObject({ code: 'CONTROLLER_UNAVAILABLE' });
  expect(asked).not.toHaveBeenCalled();
});

test.each([[true, 2], [undefined, 1]])('what is repeatable (%s) is sent %i times when the connection breaks', async (repeatable, times) => {
  let count = 0;
  const client = await speaking((_asked, answer) => { count++; answer.destroy(); });
  await expect(client.ask({ ...LIST, repeatable })).rejects.toMatchObject({ code: 'CONTROLLER_UNAVAILABLE' });
  expect(count).toBe(times);
});

test('whoever goes away ends what the controller does', async () => {
  const gone = new AbortController();
  const closed = new Promise<void>((resolve, reject) => {
    speaking((_asked, answer) => { answer.once('close', resolve); gone.abort(); })
      .then((client) => client.ask({ ...LIST, repeatable: true, signal: gone.signal })).then(reject, () => undefined);
  });
  await closed;
});

describe('the time of an answer', () => {
  const times: AnswerTimes = { creation: 60_000, other: 100 };
  const LATE = { code: 'CONTROLLER_UNAVAILABLE', status: 503 };

  test('is over soon, but for a creation, which waits for a worker', async () => {
    const waiting: ServerResponse[] = [];
    const client = await speaking(({ url }, answer) => { if (!url!.includes('sessions')) waiting.push(answer); }, times);
    const create = (path: string) => client.ask({ ...LIST, method: 'POST', path, body: '{}' });
    const creations = Promise.all(['/v1/code-interpreter', '/v1/agent-runtime'].map(create));
    await eventually(() => waiting.length === 2);
    await Promise.all(([
      ['GET', LIST.path], ['GET', '/v1/sessions/s'], ['POST', '/v1/sessions/s/recover'], ['POST', '/v1/sessions/s/extend'],
      ['DELETE', '/v1/code-interpreter/sessions/s'], ['DELETE', '/v1/agent-runtime/sessions/s'],
    ] as const).map(([method, path]) => expect(client.ask({ ...LIST, method, path })).rejects.toMatchObject(LATE)));
    waiting.forEach((answer) => answer.end('{}'));
    expect(await creations).toEqual([{ status: 200, body: {} }, { status: 200, body: {} }]);
  });

  test('is over soon also when it has begun', async () => {
    const client = await speaking((_asked, answer) => void answer.writeHead(200).write('{'), times);
    await expect(client.ask(LIST)).rejects.toMatchObject(LATE);
  });

  test('is longer than the controller itself takes', () => {
    const { CLAIM_SECONDS: { default: usual, range } } = CONTROLLER_ENV;
    expect(ANSWER_TIMES.other).toBeGreaterThan(CONTROLLER_ANSWER_TIME + Number(usual) * 1000);
    expect(ANSWER_TIMES.creation).toBeGreaterThan(CONTROLLER_ANSWER_TIME + range[1] * 1000);
  });
});
