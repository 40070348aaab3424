import { createServer, Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { httpsClient } from '../../../../sidecar/src/broker/providers/https-client';
import { selfSigned } from '../../server/certificate';

const { cert, key } = selfSigned('stand-in');
let server: Server;
let url: string;
let answer: (body: string, headers: Readonly<Record<string, unknown>>) => [number, Record<string, string | string[]>, string];

beforeAll(async () => {
  server = createServer({ cert, key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      const [status, headers, body] = answer(Buffer.concat(chunks).toString(), request.headers);
      response.writeHead(status, headers).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/x`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const request = (more: object = {}) => ({ method: 'POST' as const, url, headers: { 'x-a': 'b' }, body: 'ä', ...more });

test('a request arrives whole, and its answer comes back with all of its headers', async () => {
  answer = (body, headers) => [201, { 'set-cookie': ['a', 'b'], 'x-body': encodeURIComponent(body), 'x-a': String(headers['x-a']) }, 'ö'];
  expect(await httpsClient({ ca: cert })(request())).toMatchObject({ status: 201, headers: { 'set-cookie': 'a, b', 'x-body': '%C3%A4', 'x-a': 'b' }, body: 'ö' });
});

test('a redirect is an answer like any other', async () => {
  answer = () => [302, { location: 'https://127.0.0.1:1/' }, ''];
  expect(await httpsClient({ ca: cert })(request())).toMatchObject({ status: 302, headers: { location: 'https://127.0.0.1:1/' } });
});

test('an answer of exactly the limit is taken, and one of a byte more is refused', async () => {
  const http = httpsClient({ ca: cert, maxAnswerBytes: 10 });
  answer = () => [200, {}, 'x'.repeat(10)];
  expect((await http(request())).body).toHaveLength(10);
  answer = () => [200, {}, 'x'.repeat(11)];
  await expect(http(request())).rejects.toThrow('the answer is longer than 10 bytes');
});

describe('nothing is sent', () => {
  test('without TLS', async () => {
    await expect(httpsClient()(request({ url: url.replace('https', 'http') }))).rejects.toThrow('only https is spoken');
  });

  test('to a server that cannot show a certificate for its name', async () => {
    await expect(httpsClient({ ca: cert })(request({ url: url.replace('127.0.0.1', 'localhost') }))).rejects.toThrow('the connection failed: ERR_TLS_CERT_ALTNAME_INVALID');
  });

  test('to a server of another authority', async () => {
    await expect(httpsClient({ ca: selfSigned('other').cert })(request())).rejects.toThrow(/^the connection failed: [A-Z_]+$/);
  });
});

test('a failure says nothing of what was sent', async () => {
  const http = httpsClient({ ca: cert });
  const failure: Error = await http(request({ url: 'https://127.0.0.1:1/planted', headers: { authorization: 'planted' }, body: 'planted' })).catch((error: Error) => error) as Error;
  expect([failure.name, failure.message, String(failure.cause)]).toEqual(['HttpFailure', 'the connection failed: ECONNREFUSED', 'undefined']);
});
