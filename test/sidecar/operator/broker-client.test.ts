import { writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer, Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { brokerClient, RunBroker } from '../../../sidecar/src/operator/broker-client';
import { NO_EXPIRY } from '../../../src/protocol/broker-api';
import { tempFolder } from '../../helpers/temp-folder';
import { selfSigned } from '../server/certificate';

const { cert, key } = selfSigned('stand-in');
const folder = tempFolder();
const caFile = join(folder, 'ca.crt');
const tokenFile = join(folder, 'token');
const RUN = { namespace: 'team-a', name: 'r1', uid: 'uid-1' };
const CODER = { kind: 'HarnessTemplate', name: 'coder', imageDigest: `sha256:${'a'.repeat(64)}` } as const;
const END = '2026-05-04T10:00:00Z';
const LEASE = { value: 'pdk-usersecret-x', leaseId: 'uss-1', expiresAt: END, provider: 'UserSuppliedSecret', deliveryMode: 'ProxyInjected', hosts: ['api.example.test'] };
const asked: { path?: string; headers: IncomingHttpHeaders; body: unknown }[] = [];
let server: Server;
let broker: RunBroker;
let status: number;
let answer: unknown;

beforeAll(async () => {
  server = createServer({ cert, key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      asked.push({ path: request.url, headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString()) });
      response.writeHead(status).end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  broker = brokerClient({ url, caFile, tokenFile });
  writeFileSync(caFile, cert);
  writeFileSync(tokenFile, 'token-1\n');
});
beforeEach(() => { asked.length = 0; });
afterAll(() => new Promise((resolve) => {
  server.close(resolve);
  server.closeAllConnections();
}));

const answering = (code: number, body: unknown = '') => { [status, answer] = [code, body]; };
const failure = (asking: Promise<unknown>): Promise<unknown> => asking.then(() => 'it went well', (error: unknown) => error);
const onTheWire = (path: string, body: unknown) => [{
  path,
  body,
  headers: expect.objectContaining({
    'x-paddock-run': 'r1', 'x-paddock-run-namespace': 'team-a', 'x-paddock-run-uid': 'uid-1', 'authorization': 'Bearer token-1', 'content-type': 'application/json',
  }),
}];

test('a credential is asked for in the name of the run, with what its pod will be made of', async () => {
  answering(200, LEASE);
  expect(await broker.issue(RUN, 'A', CODER)).toEqual(LEASE);
  expect(asked).toEqual(onTheWire('/v1/issue', { name: 'A', template: CODER }));
});

test.each([
  ['the first slot of a pool', { provider: 'PATPool', poolSecretRef: { name: 'pool', key: 'tokens' }, poolSlotIndex: 0 }],
  ['a credential as it is', { deliveryMode: 'InContainer', inContainerReason: 'the tool cannot use a proxy', value: 'x\n'.repeat(60_000) }],
  ['no end', { expiresAt: NO_EXPIRY }],
])('an answer may have %s', async (_, more) => {
  answering(200, { ...LEASE, ...more });
  expect(await broker.issue(RUN, 'A', CODER)).toEqual({ ...LEASE, ...more });
});

test('fields that came with a later version are left out', async () => {
  answering(200, { ...LEASE, colour: 'blue' });
  expect(await broker.issue(RUN, 'A', CODER)).toEqual(LEASE);
});

test('a token is asked for in the name of the run alone', async () => {
  answering(200, { value: 'pdk-egress-x', expiresAt: END });
  expect(await broker.issueEgress(RUN)).toEqual({ value: 'pdk-egress-x', expiresAt: END });
  expect(asked).toEqual(onTheWire('/v1/issue-egress', {}));
});

test('leases are renewed by the names of their credentials', async () => {
  const renewed = { leases: [{ name: 'A', leaseId: 'uss-1', expiresAt: END }], refused: [{ name: 'B', code: 'PolicyMissing' }] };
  answering(200, renewed);
  expect(await broker.renew(RUN, ['A', 'B'])).toEqual(renewed);
  expect(asked).toEqual(onTheWire('/v1/renew', { names: ['A', 'B'] }));
});

test.each([[204, ''], [200, {}], [404, { code: 'RunNotFound' }], [404, '']])('a lease is revoked when the broker answers %d %j', async (code, body) => {
  answering(code, body);
  const lease = { provider: 'UserSuppliedSecret', leaseId: 'uss-1', credentialName: 'A' };
  await broker.revoke(RUN, lease);
  expect(asked).toEqual(onTheWire('/v1/revoke', lease));
});

describe('it is refused', () => {
  test('when the broker was asked too often, and nobody waits here', async () => {
    answering(429, { code: 'RateLimited' });
    expect(await failure(broker.issue(RUN, 'A', CODER))).toMatchObject({ name: 'BrokerFailure', code: 'Unavailable', answered: 'RateLimited' });
    expect(asked).toHaveLength(1);
  });

  test.each<[string, unknown]>([
    ['without a value', { ...LEASE, value: '' }], ['without a lease', { ...LEASE, leaseId: undefined }], ['with a lease that no status holds', { ...LEASE, leaseId: 'x'.repeat(129) }],
    ['with an end that is no time', { ...LEASE, expiresAt: 'soon' }], ['with a provider that nobody knows', { ...LEASE, provider: 'Planted' }],
    ['with a delivery that nobody knows', { ...LEASE, deliveryMode: 'ByPost' }], ['with a slot before the first', { ...LEASE, poolSlotIndex: -1 }],
    ['with hosts that are none', { ...LEASE, hosts: 'planted' }], ['with something else', 'planted'], ['with nothing', ''],
  ])('to issue %s', async (_, body) => {
    answering(200, body);
    const error = await failure(broker.issue(RUN, 'A', CODER));
    expect(error).toMatchObject({ name: 'BrokerFailure', code: 'Refused', message: 'the broker answered without a lease', answered: undefined });
  });

  test('to hand over an empty token', async () => {
    answering(200, { value: '', expiresAt: END });
    expect(await failure(broker.issueEgress(RUN))).toMatchObject({ code: 'Refused', message: 'the broker answered without a token' });
  });

  test.each<[unknown]>([[{}], [{ leases: [{ name: 'A', leaseId: 'uss-1', expiresAt: 'soon' }] }], [{ leases: [], refused: [{ name: 'A' }] }], [{ leases: {} }]])('to renew with %j', async (body) => {
    answering(200, body);
    expect(await failure(broker.renew(RUN, ['A']))).toMatchObject({ code: 'Refused', message: 'the broker answered without a list of leases' });
  });

  test.each([[404, { code: 'NotFound' }, 'Refused'], [403, { code: 'Forbidden' }, 'Refused'], [500, { code: 'ProviderFailure' }, 'Unavailable'], [302, '', 'Refused']])('to revoke with %d %j', async (answeredWith, body, code) => {
    answering(answeredWith, body);
    expect(await failure(broker.revoke(RUN, { provider: 'UserSuppliedSecret', leaseId: 'uss-1', credentialName: 'A' }))).toMatchObject({ code });
  });

  test.each([[403, 'PolicyMissing', 'Refused'], [404, 'RunNotFound', 'Refused'], [503, 'PoolExhausted', 'Unavailable'], [401, 'Unauthorized', 'Refused']])('with %d %s', async (answeredWith, code, kind) => {
    answering(answeredWith, { code, message: 'pdk-planted' });
    expect(await failure(broker.issue(RUN, 'A', CODER))).toMatchObject({ code: kind, answered: code, message: `the broker answered ${answeredWith} "${code}"` });
  });
});
