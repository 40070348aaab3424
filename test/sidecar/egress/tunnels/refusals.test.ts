import { AUTHORIZATION, connectTo, HOST, TOKEN, TunnelWorld } from './world';
import { BrokerFailure } from '../../../../sidecar/src/egress/broker/broker-failure';
import { validateRefusal } from '../../../../sidecar/src/egress/broker/broker-refusal';
import { refuse } from '../../../../sidecar/src/egress/refusals/refuse';
import { EGRESS_CODE_HEADER } from '../../../../src/protocol/egress-api';
import { until } from '../loopback';

let world: TunnelWorld;

beforeEach(async () => { world = await new TunnelWorld().start(); });
afterEach(() => world.close());

/** Status and code of an answer after which the proxy has closed. */
async function refusalOf(text: string) {
  const client = await world.client(text);
  const answer = await client.ended();
  const [head, body] = answer.split('\r\n\r\n');
  const { code, message } = JSON.parse(body) as { readonly code: string; readonly message: string };
  expect(head).toMatch(new RegExp(`\r\n${EGRESS_CODE_HEADER}: ${code}(\r\n|$)`));
  expect(head).toMatch(/\r\nconnection: close(\r\n|$)/);
  expect(head).toContain(`content-length: ${Buffer.byteLength(body)}`);
  client.socket.end();
  return { status: Number(head.split(' ')[1]), code, message, head };
}

test.each<[string, string, number, string]>([
  ['a target without port', HOST, 400, 'BAD_TARGET'],
  ['a URL', `https://${HOST}/`, 400, 'BAD_TARGET'],
  ['a target with a user', `user@${HOST}:443`, 400, 'BAD_TARGET'],
  ['rubbish', '%00:443', 400, 'BAD_TARGET'],
  ['a port that is none', `${HOST}:0`, 400, 'BAD_TARGET'],
  ['a path', `${HOST}:443/x`, 400, 'BAD_TARGET'],
  ['mail between servers', `${HOST}:25`, 403, 'PORT_REFUSED'],
  ['a name of the cluster', 'kubernetes.default.svc:443', 403, 'HOST_NOT_ALLOWED'],
  ['a target that is too long', `${'a'.repeat(16_384)}:443`, 414, 'BAD_TARGET'],
])('%s is refused, and nobody is asked about it', async (_what, target, status, code) => {
  expect(await refusalOf(connectTo(target))).toMatchObject({ status, code });
  expect(world.asked).toEqual([]);
  expect(await world.ended()).toMatchObject({ outcome: code });
  await world.rest();
});

test.each([
  ['two credentials', { authorization: AUTHORIZATION.repeat(2) }, 'BAD_REQUEST'],
  ['two hosts', { host: `Host: ${HOST}\r\nHost: ${HOST}\r\n` }, 'BAD_REQUEST'],
  ['no host', { host: '' }, 'BAD_REQUEST'],
  ['a body', { more: 'Content-Length: 5\r\n' }, 'BAD_REQUEST'],
  ['a body in chunks', { more: 'Transfer-Encoding: chunked\r\n' }, 'BAD_REQUEST'],
])('CONNECT with %s is refused', async (_what, parts, code) => {
  expect(await refusalOf(connectTo(undefined, parts))).toMatchObject({ status: 400, code });
  expect(world.asked).toEqual([]);
  await world.rest();
});

test.each(['CONNECT a\rb:443 HTTP/1.1\r\n\r\n', `CONNECT ${HOST}:443\nX: y HTTP/1.1\r\n\r\n`, `CONNECT ${HOST}:443 x HTTP/1.1\r\nHost: x\r\n\r\n`, `CONNECT ${HOST}\u0000:443 HTTP/1.1\r\n\r\n`])(
  'a target with what ends a line is no request: %j', async (text) => {
    const client = await world.client(text.replace('\r\n\r\n', `\r\n${AUTHORIZATION}\r\n`));
    expect(await client.ended()).not.toMatch(/^HTTP\/1\.1 200/);
    expect(world.asked).toEqual([]);
    client.socket.destroy();
    await world.rest();
  },
);

test.each<[string, () => void, number, string]>([
  ['the broker refuses the token', () => { world.admitting = async () => { throw validateRefusal(new BrokerFailure('Refused', 'the broker answered 403 Forbidden', { code: 'Forbidden', status: 403 })); }; }, 403, 'TOKEN_REFUSED'],
  ['no policy allows it', () => { world.admitting = async () => { throw refuse('HOST_NOT_ALLOWED', 'no policy'); }; }, 403, 'HOST_NOT_ALLOWED'],
  ['the host has a private address', () => { world.admitting = async () => { throw refuse('ADDRESS_REFUSED', 'private'); }; }, 403, 'ADDRESS_REFUSED'],
  ['the broker is away', () => { world.admitting = async () => { throw refuse('BROKER_FAILED', 'away'); }; }, 502, 'BROKER_FAILED'],
  ['nobody listens there', () => { world.dialling = async () => { throw refuse('UPSTREAM_FAILED', 'ECONNREFUSED'); }; }, 502, 'UPSTREAM_FAILED'],
  ['nobody answers there', () => { world.dialling = async () => { throw refuse('UPSTREAM_TIMEOUT', 'in time'); }; }, 504, 'UPSTREAM_TIMEOUT'],
  ['it moved to a private address', () => { world.dialling = async () => { throw refuse('ADDRESS_REFUSED', 'private'); }; }, 403, 'ADDRESS_REFUSED'],
])('when %s, the answer says so, and the connection ends', async (_what, arrange, status, code) => {
  arrange();
  expect(await refusalOf(connectTo())).toMatchObject({ status, code });
  expect(world.reported[0]).toMatchObject({ target: `${HOST}:443`, client: { run: 'run-1' }, end: { outcome: code, status } });
  expect(world.upstreams).toEqual([]);
  await world.rest();
});

test('a defect says nothing of itself to the client', async () => {
  world.admitting = async () => { throw new TypeError(`x is no function of ${TOKEN}`); };
  const refusal = await refusalOf(connectTo());
  expect(refusal).toMatchObject({ status: 500, code: 'INTERNAL', message: 'the request could not be served' });
  expect(world.defects).toMatchObject([{ err: expect.any(TypeError), connection: 'connection-1' }]);
  await world.rest();
});

test('the token is in no answer', async () => {
  for (const text of [connectTo('x'), connectTo(`${HOST}:25`), connectTo(undefined, { host: '' })]) {
    const { head, message } = await refusalOf(text);
    expect(head + message).not.toContain('pdk-');
  }
});

test('a client that never reads its refusal does not keep its connection', async () => {
  world.admitting = async () => { throw refuse('HOST_NOT_ALLOWED', 'no policy'); };
  const client = await world.client();
  client.socket.pause();
  await world.ended();
  await world.time.pass(2_000);
  await until(() => ![...world.loopback.sockets].some((socket) => socket !== client.socket), 'the end of the socket of the proxy');
  client.socket.destroy();
  await world.rest();
});

test('what a refused client goes on to send is not a request', async () => {
  world.admitting = async () => { throw refuse('HOST_NOT_ALLOWED', 'no policy'); };
  const client = await world.client(connectTo() + connectTo('other.example.com:443'));
  const answer = await client.ended();
  expect(answer.match(/HTTP\/1\.1 403/g)).toHaveLength(1);
  client.socket.end();
  await world.rest();
  expect(world.asked).toHaveLength(1);
});

test('more than the run may have open is refused, and another may still', async () => {
  await world.close();
  world = await new TunnelWorld({}, { connections: 1 }).start();
  const first = await world.tunnel();
  expect(await refusalOf(connectTo())).toMatchObject({ status: 429, code: 'TOO_MANY_CONNECTIONS' });
  const other = Buffer.from(`run-2:${TOKEN}x`).toString('base64');
  const second = await world.tunnel(connectTo(undefined, { authorization: `Proxy-Authorization: Basic ${other}\r\n` }));
  [first, second].forEach(({ socket }) => socket.destroy());
  await world.rest();
  (await world.tunnel()).socket.destroy();
  await world.rest();
});

test('more than the run may begin in a second is refused, and told when it may', async () => {
  await world.close();
  world = await new TunnelWorld({}, { perSecond: 1 }).start();
  for (let turn = 0; turn < 2; turn += 1) (await world.tunnel()).socket.destroy();
  const refusal = await refusalOf(connectTo());
  expect(refusal).toMatchObject({ status: 429, code: 'TOO_MANY_REQUESTS', head: expect.stringContaining('\r\nretry-after: 1\r\n') });
  await world.rest();
});
