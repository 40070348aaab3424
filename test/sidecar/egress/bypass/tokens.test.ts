import { eventually } from '../../../helpers/temp-folder';
import { basic, head } from '../world/agent';
import { HOSTS } from '../world/catalog';
import { egressWorld } from '../world/world';

const world = egressWorld();
const AUTHORITY = `${HOSTS.files}:443`;

describe('without a usable run token', () => {
  const shown: [string, () => string[]][] = [
    ['nothing', () => []],
    ['an empty header', () => ['Proxy-Authorization:']],
    ['another scheme', () => [`Proxy-Authorization: Bearer ${world.one.token}`]],
    ['no Base64', () => ['Proxy-Authorization: Basic ???']],
    ['Base64 with bits left over', () => ['Proxy-Authorization: Basic cjE6cGRrLWVncmVzcy1h=']],
    ['a token that is none of ours', () => [`Proxy-Authorization: ${basic('r1', 'secret')}`]],
    ['no name', () => [`Proxy-Authorization: ${basic('', world.one.token)}`]],
    ['the token in Authorization', () => [`Authorization: ${basic('r1', world.one.token)}`]],
    ['the token in a cookie', () => [`Cookie: token=${world.one.token}`]],
  ];

  test.each(shown)('%s: CONNECT and absolute-form are answered with 407 and its challenge', async (_, fields) => {
    const { answer } = await world.one.connect(AUTHORITY, { fields: fields() });
    world.expectRefusal(answer, 'PROXY_AUTH_REQUIRED');
    expect(answer.headers['proxy-authenticate']).toMatch(/^Basic realm=/);
    const plain = await (await world.one.dial()).send(head(`GET http://${HOSTS.files}/ HTTP/1.1`, `Host: ${HOSTS.files}`, ...fields())).answer();
    world.expectRefusal(plain, 'PROXY_AUTH_REQUIRED');
    world.expectUntouched();
  });

  test('a connection that was answered with 407 goes on', async () => {
    const { wire, answer } = await world.one.connect(AUTHORITY, { fields: [] });
    expect(answer.status).toBe(407);
    wire.send(head(`CONNECT ${AUTHORITY} HTTP/1.1`, `Host: ${AUTHORITY}`, world.one.proxyAuthorization));
    expect((await wire.answer('CONNECT')).status).toBe(200);
  });

  test('two tokens are one too many', async () => {
    const fields = [world.one.proxyAuthorization, world.two.proxyAuthorization];
    world.expectRefusal((await world.one.connect(AUTHORITY, { fields })).answer, 'BAD_REQUEST');
    world.expectUntouched();
  });
});

describe('refused is the token', () => {
  test('of another run', async () => {
    world.expectRefusal((await world.one.connect(AUTHORITY, { fields: [world.two.proxyAuthorization] })).answer, 'TOKEN_REFUSED');
    world.expectUntouched();
  });

  test('that is used from the address of another pod', async () => {
    world.expectRefusal((await world.one.connect(AUTHORITY, { from: '127.0.0.2' })).answer, 'TOKEN_REFUSED');
    world.expectRefusal((await world.one.connect(AUTHORITY, { from: '127.0.0.3' })).answer, 'TOKEN_REFUSED');
    world.expectUntouched();
  });

  test('whose seal is broken', async () => {
    const at = world.one.token.length - 4;
    const broken = `${world.one.token.slice(0, at)}${world.one.token[at] === 'A' ? 'B' : 'A'}${world.one.token.slice(at + 1)}`;
    world.expectRefusal((await world.one.connect(AUTHORITY, { fields: [`Proxy-Authorization: ${basic('r1', broken)}`] })).answer, 'TOKEN_REFUSED');
    world.expectUntouched();
  });

  test('that has expired', async () => {
    const expired = world.broker.expiredToken('r1');
    world.expectRefusal((await world.one.connect(AUTHORITY, { fields: [`Proxy-Authorization: ${basic('r1', expired)}`] })).answer, 'TOKEN_REFUSED');
    world.expectUntouched();
  });
});

test('the token of one run opens nothing for another on the same proxy, whoever asked first', async () => {
  expect((await world.one.connect(AUTHORITY)).answer.status).toBe(200);
  expect((await world.two.connect(AUTHORITY)).answer.status).toBe(200);
  world.expectRefusal((await world.two.connect(AUTHORITY, { fields: [world.one.proxyAuthorization] })).answer, 'TOKEN_REFUSED');
});

describe('when the run ends', () => {
  afterEach(async () => {
    world.broker.catalog();
    await eventually(() => world.broker.phaseOf('r1') === 'Running');
    // Refusals count for a second.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
  });

  test('its open tunnels close, blind and intercepted, and no new one opens', async () => {
    world.broker.faults.validForSeconds = 1;
    // Another port than before, of which no longer answer is remembered.
    const [blind, intercepted] = [await world.one.tunnel(HOSTS.files, 4443), await world.one.tunnel(HOSTS.hub, 443)];
    const other = await world.two.tunnel(HOSTS.files, 4443);
    world.broker.catalog({ phase: 'Cancelled' });
    await blind.until(() => blind.isClosed);
    await intercepted.until(() => intercepted.isClosed);
    expect(other.isClosed).toBe(false);
    world.expectRefusal((await world.one.connect(`${HOSTS.files}:4443`)).answer, 'HOST_NOT_ALLOWED');
    expect(world.log.lines().map(({ outcome }) => outcome)).toContain('REVOKED');
  });

  test('a stream that is under way is cut off', async () => {
    world.broker.faults.validForSeconds = 1;
    world.upstreams.answer = (_request, response) => void response.writeHead(200).write('data: 1\n\n');
    const wire = await world.one.dial('baseUrl');
    wire.send(head(`GET /${HOSTS.api}:9443/ HTTP/1.1`, 'Host: proxy', `Authorization: Bearer ${world.one.bearers.api}`));
    await wire.until(() => wire.received.includes('data: 1'));
    world.broker.catalog({ phase: 'Cancelled' });
    await wire.until(() => wire.isClosed);
    expect(wire.received).not.toMatch(/\r\n0\r\n\r\n$/);
  });
});

test('a lease that is revoked is worth nothing from the next request on', async () => {
  const wire = await world.two.tunnel(HOSTS.hub);
  const request = head('GET / HTTP/1.1', `Host: ${HOSTS.hub}`, `Authorization: token ${world.two.bearers.hub}`);
  expect((await wire.send(request).answer()).status).toBe(200);
  await world.broker.revoke('r2', 'hub');
  world.expectRefusal(await wire.send(request).answer(), 'CREDENTIAL_REFUSED');
  expect(world.upstreams.text.match(/GET /g)).toHaveLength(1);
});
