import { writeFileSync } from 'node:fs';
import { createServer, IncomingHttpHeaders } from 'node:http';
import { createServer as createSecureServer, Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { brokerAt, BrokerFailure, refusedBy } from '../../../../sidecar/src/server/wire/broker-exchange';
import { tempFolder } from '../../../helpers/temp-folder';
import { selfSigned } from '../certificate';

const { cert, key } = selfSigned('stand-in');
const folder = tempFolder();
const caFile = join(folder, 'ca.crt');
const tokenFile = join(folder, 'token');
const asked: { path?: string; headers: IncomingHttpHeaders; body: string }[] = [];
let server: Server;
let url: string;
let body = '';

beforeAll(async () => {
  server = createSecureServer({ cert, key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      asked.push({ path: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(200).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  asked.length = 0;
  body = '{}';
  writeFileSync(caFile, cert);
  writeFileSync(tokenFile, 'token-1\n');
});
afterAll(() => new Promise((resolve) => {
  server.close(resolve);
  server.closeAllConnections();
}));

const ask = (endpoint: object = {}, question: object = {}) => brokerAt({ url, caFile, tokenFile, ...endpoint })({ path: '/v1/renew', body: { names: ['A'] }, ...question });
const failure = (asking: Promise<unknown>): Promise<unknown> => asking.then(() => 'it went well', (error: unknown) => error);

test('a question has the token, and the headers that it needs besides', async () => {
  expect(await ask({}, { headers: { 'x-paddock-run': 'r1' } })).toMatchObject({ status: 200, body: '{}' });
  expect(asked).toMatchObject([{ path: '/v1/renew', headers: { 'authorization': 'Bearer token-1', 'content-type': 'application/json', 'x-paddock-run': 'r1' }, body: '{"names":["A"]}' }]);
});

test('no header of a question takes the place of the token', async () => {
  await ask({}, { headers: { authorization: 'Bearer another' } });
  expect(asked[0].headers.authorization).toBe('Bearer token-1');
});

test('without a file no token is sent', async () => {
  await ask({ tokenFile: undefined });
  expect(asked[0].headers.authorization).toBeUndefined();
});

test('an answer may be as long as the question allows', async () => {
  body = 'x'.repeat(70_000);
  expect(await failure(ask())).toMatchObject({ name: 'BrokerFailure', code: 'Refused', message: 'asking the broker: the answer is longer than 65536 bytes' });
  expect((await ask({}, { maxAnswerBytes: 70_000 })).body).toHaveLength(70_000);
});

test.each(['caFile', 'tokenFile'])('nothing is sent while the %s is missing', async (file) => {
  expect(await failure(ask({ [file]: join(folder, 'nowhere') }))).toEqual(new BrokerFailure('Unavailable', `${join(folder, 'nowhere')} cannot be read`));
  expect(asked).toEqual([]);
});

test('nothing is sent in the clear', async () => {
  const plain = createServer(() => { throw new Error('asked'); });
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  expect(await failure(ask({ url: `http://127.0.0.1:${(plain.address() as AddressInfo).port}` }))).toMatchObject({ code: 'Refused', message: 'asking the broker: only https is spoken' });
  plain.close();
});

test.each<[number, string, string, string | undefined]>([
  [503, '{"code":"Unavailable","message":"planted"}', 'Unavailable', 'Unavailable'], [429, '{"code":"RateLimited"}', 'Unavailable', 'RateLimited'], [500, 'planted', 'Unavailable', undefined],
  [404, '{"code":"RunNotFound"}', 'Refused', 'RunNotFound'], [401, '', 'Refused', undefined], [403, '{"code":7}', 'Refused', undefined],
])('%d with %s is a refusal that says a code at most', (status, text, code, answered) => {
  const refusal = refusedBy({ status, body: text });
  expect([refusal.code, refusal.answered]).toEqual([code, answered]);
  expect(refusal.message).not.toContain('planted');
});
