import { writeFileSync } from 'node:fs';
import { createServer, Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { BrokerFailure, brokerClient } from '../../../sidecar/src/controller/broker-client';
import { tempFolder } from '../../helpers/temp-folder';
import { selfSigned } from '../server/certificate';

const { cert, key } = selfSigned('stand-in');
const folder = tempFolder();
const caFile = join(folder, 'ca.crt');
const tokenFile = join(folder, 'token');
const SESSION = { namespace: 'team-a', pool: 'python', id: 's-1', podUID: 'u-1', podIPs: ['10.0.0.7'], notAfter: '2030-01-01T00:00:00.000Z' };
const asked: { path?: string; authorization?: string; body: unknown }[] = [];
let server: Server;
let url: string;
let answer: { status: number; body: string; hang?: boolean };

beforeAll(async () => {
  server = createServer({ cert, key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      asked.push({ path: request.url, authorization: request.headers.authorization, body: JSON.parse(Buffer.concat(chunks).toString()) });
      if (answer.hang !== true) response.writeHead(answer.status).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  asked.length = 0;
  writeFileSync(caFile, cert);
  writeFileSync(tokenFile, 'token-1\n');
});
afterAll(() => new Promise((resolve) => {
  server.close(resolve);
  server.closeAllConnections();
}));

const client = (more: object = {}) => brokerClient({ url, caFile, tokenFile, timeout: 20_000, ...more });
const failure = (asking: Promise<unknown>): Promise<unknown> => asking.then(() => 'it went well', (error: unknown) => error);

test('a token is asked for on behalf of the session, with the token of the file as it is then', async () => {
  answer = { status: 200, body: JSON.stringify({ value: 'pdk-egress-x', expiresAt: SESSION.notAfter }) };
  const broker = client();
  expect(await broker.issue(SESSION)).toBe('pdk-egress-x');
  writeFileSync(tokenFile, 'token-2');
  await broker.issue(SESSION);
  expect(asked).toEqual(['token-1', 'token-2'].map((token) => ({ path: '/v1/issue-egress', authorization: `Bearer ${token}`, body: { session: SESSION } })));
});

test('a credential is asked for with the token of the session', async () => {
  answer = { status: 200, body: JSON.stringify({ value: 'pdk-usersecret-x', leaseId: 'l', expiresAt: SESSION.notAfter, provider: 'UserSuppliedSecret', deliveryMode: 'ProxyInjected', hosts: [] }) };
  expect(await client().credential('GITHUB_TOKEN', 'pdk-egress-x')).toEqual({ value: 'pdk-usersecret-x', deliveryMode: 'ProxyInjected' });
  expect(asked).toEqual([{ path: '/v1/issue', authorization: 'Bearer token-1', body: { name: 'GITHUB_TOKEN', egressToken: 'pdk-egress-x' } }]);
});

test.each<[number, string, object]>([
  [200, '{"value":"x"}', { code: 'Refused', message: 'the broker answered without a credential' }],
  [200, '{"value":"","deliveryMode":"ProxyInjected"}', { code: 'Refused', message: 'the broker answered without a credential' }],
  [200, '{"value":"x","deliveryMode":"Somehow"}', { code: 'Refused', message: 'the broker answered without a credential' }],
  [403, '{"code":"PolicyMissing","message":"planted"}', { code: 'Refused', message: 'the broker answered 403 "PolicyMissing"', answered: 'PolicyMissing' }],
  [429, '{"code":"RateLimited"}', { code: 'Unavailable', answered: 'RateLimited' }], [500, 'planted', { code: 'Unavailable', message: 'the broker answered 500', answered: undefined }],
])('there is no credential in an answer of %d with %s', async (status, body, expected) => {
  answer = { status, body };
  expect(await failure(client().credential('A', 'pdk-egress-x'))).toMatchObject({ name: 'BrokerFailure', ...expected });
});

test('a revocation has no body in its answer', async () => {
  answer = { status: 204, body: '' };
  const session = { namespace: 'team-a', id: 's-1', notAfter: SESSION.notAfter };
  await client().revoke(session);
  expect(asked).toMatchObject([{ path: '/v1/revoke', body: { session } }]);
});

describe('the broker', () => {
  test.each<[number, string, string, string]>([
    [403, '{"code":"Forbidden","message":"planted"}', 'Refused', 'the broker answered 403 "Forbidden"'], [401, 'planted', 'Refused', 'the broker answered 401'],
    [404, '[]', 'Refused', 'the broker answered 404'], [429, '{"code":"RateLimited"}', 'Unavailable', 'the broker answered 429 "RateLimited"'], [503, '', 'Unavailable', 'the broker answered 503'],
    [302, '', 'Refused', 'the broker answered 302'], [200, '{}', 'Refused', 'the broker answered without a token'], [200, '{"value":1}', 'Refused', 'the broker answered without a token'],
    [200, 'null', 'Refused', 'the broker answered without a token'], [200, `"${'x'.repeat(65 * 1024)}"`, 'Refused', 'asking the broker: the answer is longer than 65536 bytes'],
  ])('may answer %d with %.20j', async (status, body, code, message) => {
    answer = { status, body };
    expect(await failure(client().issue(SESSION))).toEqual(expect.objectContaining({ name: 'BrokerFailure', code, message }));
  });

  test('may not answer at all', async () => {
    answer = { status: 200, body: '', hang: true };
    expect(await failure(client({ timeout: 100 }).issue(SESSION))).toMatchObject({ code: 'Unavailable', message: 'asking the broker: no answer within 100 ms' });
  });

  test('may not be there', async () => {
    expect(await failure(client({ url: 'https://127.0.0.1:1' }).issue(SESSION))).toMatchObject({ code: 'Unavailable', message: 'asking the broker: the connection failed: ECONNREFUSED' });
  });
});

describe('nothing is sent', () => {
  test('without TLS', async () => {
    expect(await failure(client({ url: url.replace('https', 'http') }).issue(SESSION))).toMatchObject({ code: 'Refused', message: 'asking the broker: only https is spoken' });
  });

  test('to a server of another authority', async () => {
    writeFileSync(caFile, selfSigned('other').cert);
    expect(await failure(client().issue(SESSION))).toMatchObject({ code: 'Unavailable', message: expect.stringMatching(/^asking the broker: the connection failed: [A-Z_]+$/) });
    expect(asked).toEqual([]);
  });

  test('while a file is missing', async () => {
    const error = await failure(client({ tokenFile: join(folder, 'nowhere') }).issue(SESSION));
    expect(error).toBeInstanceOf(BrokerFailure);
    expect(error).toMatchObject({ code: 'Unavailable', message: `${join(folder, 'nowhere')} cannot be read` });
  });
});
