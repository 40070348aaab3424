import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import * as fc from 'fast-check';
import { RUN_TOKEN } from './build-broker';
import { egressWorld, OF_RUN, POD_IP, SESSION, UPSTREAM } from './egress-world';
import { BROKER_ROUTES, BROKER_STATUS } from '../../../src/protocol/broker-api';

/** Whatever clients send: an answer with a code, never a defect, and no secret in it or in the log. */

const PATHS = Object.values(BROKER_ROUTES);
const WHO = ['egress', 'operator', 'controller', 'nobody'] as const;
const ENOUGH = { perSecond: 1e6, burst: 1e6 };
const LIMITS = { issue: ENOUGH, issueEgress: ENOUGH, renew: ENOUGH, validate: ENOUGH, substitute: ENOUGH, refusals: ENOUGH };

const broker = egressWorld(undefined, { limits: LIMITS });
let bearer: string;
let token: string;

beforeAll(async () => {
  bearer = (await broker.ask('issue', { name: 'GITHUB_TOKEN' })).body.value;
  token = await broker.runToken();
});

/** Values of fields: right ones, nearly right ones, and anything. */
function values(): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.constantFrom('api.github.com', 443, 'GITHUB_TOKEN', 'UserSuppliedSecret', POD_IP, SESSION, ['GITHUB_TOKEN'], `uss-${'0'.repeat(32)}`, '2026-05-04T12:00:00Z', {}, { authorization: 'x' }),
    fc.constant(null).map(() => bearer),
    fc.constant(null).map(() => token),
    fc.constant(null).map(() => `Basic ${Buffer.from(`x:${bearer}`).toString('base64')}`),
    fc.nat({ max: 200 }).map((cut) => token.slice(0, -cut)),
    fc.jsonValue({ maxDepth: 2 }),
  );
}

const FIELDS = [
  'name', 'names', 'host', 'port', 'incomingAuthorization', 'incomingXApiKey', 'method', 'path', 'query', 'headers', 'egressToken', 'clientAddress', 'session',
  'provider', 'leaseId', 'credentialName', '__proto__', 'constructor',
];
/** Bodies with the fields that make sense most of the time, so that more than the schema is tried. */
const bodies = () => fc.oneof(
  fc.dictionary(fc.constantFrom(...FIELDS), values(), { maxKeys: 6 }),
  fc.record({ host: fc.constantFrom('api.github.com', 'evil.example'), port: fc.constantFrom(443, 80), incomingXApiKey: values(), egressToken: values(), clientAddress: values(), path: fc.webPath(), headers: fc.dictionary(fc.string({ maxLength: 20 }), fc.string()) }, { requiredKeys: ['host', 'port'] }),
  fc.record({ names: fc.array(fc.string({ minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 4 }) }),
  fc.record({ session: fc.record(Object.fromEntries(Object.entries(SESSION).map(([field, value]) => [field, mostly(value)]))) }),
);

function mostly(value: unknown): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 5, arbitrary: fc.constant(value) }, values());
}

function expectClean(status: number, body: unknown, text: string): void {
  expect(text).not.toContain(UPSTREAM);
  expect(text).not.toContain(RUN_TOKEN);
  for (const part of [bearer, token].map((one) => one.split('.').at(-2)!)) expect(text).not.toContain(part);
  if (status < 300) return;
  expect(Object.keys(body as object)).toEqual(['code', 'message']);
  const { code } = body as { code: keyof typeof BROKER_STATUS };
  expect(BROKER_STATUS[code]).toContain(status);
}

test('a body of any fields', async () => {
  await fc.assert(fc.asyncProperty(fc.constantFrom(...PATHS), fc.constantFrom(...WHO, 'run' as const), fc.boolean(), bodies(), async (path, who, named, body) => {
    broker.output.length = 0;
    const endpoint = path.slice('/v1/'.length);
    const headers = named ? OF_RUN : {};
    const { status, body: answer } = who === 'run' ? await broker.ask(endpoint, body) : await broker.askAs(who, endpoint, body, headers);
    expect(status).toBeLessThan(500);
    // What was asked for properly is in its answer, and there only.
    expectClean(status, answer, status === 200 ? broker.logLines().join() : broker.output.join());
  }), { numRuns: 600 });
});

test('a body of any text', async () => {
  const texts = fc.oneof(fc.string(), fc.json(), fc.string().map((text) => `{"host":${text}`), fc.constant(`{"host":"${'x'.repeat(70_000)}"}`));
  await fc.assert(fc.asyncProperty(fc.constantFrom(...PATHS), texts, async (path, text) => {
    broker.output.length = 0;
    const { status, body } = await broker.send(path, text);
    expect(status).toBeLessThan(500);
    expectClean(status, body, broker.output.join());
  }), { numRuns: 200 });
});

test('headers of any text', async () => {
  const value = fc.oneof(fc.string({ maxLength: 80 }), fc.constantFrom('r1', 'team-a', 'r1,r2', 'r1\tr2', 'team-a/r1', '../r1'), fc.constant('x'.repeat(9000)));
  // What no client can send is left to the test on a socket.
  const sendable = value.filter((text) => /^[\t\x20-\x7e]*$/.test(text));
  await fc.assert(fc.asyncProperty(fc.constantFrom(...PATHS), sendable, sendable, sendable, async (path, run, namespace, authorization) => {
    broker.output.length = 0;
    const { status, body } = await broker.send(path, '{"name":"GITHUB_TOKEN"}', { 'x-paddock-run': run, 'x-paddock-run-namespace': namespace, 'authorization': `Bearer ${authorization}` });
    expect(status).toBe(401);
    expectClean(status, body, broker.output.join());
    const own = await broker.send(path, '{"name":"GITHUB_TOKEN"}', { 'x-paddock-run': run, 'x-paddock-run-namespace': namespace });
    expect(own.status).toBeLessThan(500);
    if (own.status === 200) expect([run, namespace]).toEqual(['r1', 'team-a']);
  }), { numRuns: 200 });
});

describe('on a socket', () => {
  let port: number;
  beforeAll(async () => {
    await broker.app.listen({ host: '127.0.0.1', port: 0 });
    port = (broker.app.server.address() as AddressInfo).port;
  });
  afterAll(() => broker.app.close());

  function exchange(bytes: string): Promise<string> {
    return new Promise((resolve) => {
      let text = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
      socket.on('data', (chunk) => { text += String(chunk); }).on('close', () => resolve(text)).on('error', () => undefined);
    });
  }

  const BODY = '{"name":"GITHUB_TOKEN"}';
  const LINES = ['Host: x', 'Connection: close', `Authorization: Bearer ${RUN_TOKEN}`, 'X-Paddock-Run: r1', `Content-Length: ${BODY.length}`];

  test('the whole request, as it is, is answered', async () => {
    expect(await exchange(`POST /v1/issue HTTP/1.1\r\n${LINES.join('\r\n')}\r\n\r\n${BODY}`)).toMatch(/^HTTP\/1\.1 200/);
  });

  test.each(['X-Paddock-Run: r1', 'x-paddock-run: r2', 'X-PADDOCK-RUN-NAMESPACE: team-b\r\nx-paddock-run-namespace: team-a', 'authorization: Bearer x', 'Content-Length: 1',
    'Content-Type: application/json\r\ncontent-type: text/plain', 'Host: y', 'Transfer-Encoding: chunked', 'X-Paddock-Run : r2', ' X-Paddock-Run: r2', 'X-Paddock\x00Run: r2'])('with %j besides, it is not', async (line) => {
    expect(await exchange(`POST /v1/issue HTTP/1.1\r\n${LINES.join('\r\n')}\r\n${line}\r\n\r\n${BODY}`)).toMatch(/^HTTP\/1\.1 400/);
  });

  test.each(['X_Paddock_Run: r2', 'X-Paddock-Run-: r2', 'X-Forwarded-Paddock-Run: r2'])('%j says nothing', async (line) => {
    expect(await exchange(`POST /v1/issue HTTP/1.1\r\n${LINES.join('\r\n')}\r\n${line}\r\n\r\n${BODY}`)).toMatch(/^HTTP\/1\.1 200/);
  });
});
