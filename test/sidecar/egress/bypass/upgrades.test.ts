import { eventually } from '../../../helpers/temp-folder';
import { HOSTS } from '../world/catalog';
import { headFor, Sent, sent, Way, WAYS } from '../world/ways';
import { egressWorld } from '../world/world';

const world = egressWorld();
const WEBSOCKET = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];

describe.each(WAYS)('a request that comes %s', (way) => {
  test.each([
    ['h2c', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__']],
    ['a protocol that nobody knows', ['Connection: Upgrade', 'Upgrade: tunnel/1']],
    ['TLS', ['Connection: Upgrade', 'Upgrade: TLS/1.0']],
    ['several', ['Connection: Upgrade', 'Upgrade: websocket, h2c']],
  ])('and asks for a change to %s is served without one', async (_, fields) => {
    const answer = await (await sent(world, way, { fields })).answer();
    expect(answer).toMatchObject({ status: 200, body: 'hello from the upstream' });
    expect(world.upstreams.text.toLowerCase()).not.toMatch(/upgrade|http2-settings/);
  });

  test('and is answered with 101 unasked fails', async () => {
    world.upstreams.raw = (socket) => void socket.once('data', () => socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'));
    world.expectRefusal(await (await sent(world, way)).answer(), 'UPSTREAM_FAILED');
  });

  test.each<[string, Sent]>([
    ['POST', { method: 'POST', fields: [...WEBSOCKET, 'Content-Length: 0'] }],
    ['a body', { fields: [...WEBSOCKET, 'Content-Length: 3'], body: 'abc' }],
  ])('and asks for a WebSocket by %s is served as any other', async (_, what) => {
    const answer = await (await sent(world, way, what)).answer();
    expect(answer.status).toBe(200);
    expect(world.upstreams.text.toLowerCase()).not.toContain('upgrade');
  });

  test('and hides a request behind an upgrade that is refused gets no second answer for another host', async () => {
    world.upstreams.upgrade = (_request, socket) => void socket.end('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno');
    const wire = await sent(world, way, { fields: WEBSOCKET, body: `GET /smuggled HTTP/1.1\r\nHost: ${HOSTS.foreign}\r\n\r\n` });
    expect((await wire.answer()).status).toBe(426);
    await wire.until(() => wire.isClosed);
    expect(world.upstreams.text).not.toContain('smuggled');
  });
});

test.each<Way>(['intercepted', 'baseUrl'])('a WebSocket that comes %s is closed when the run ends', async (way) => {
  world.broker.faults.validForSeconds = 1;
  world.upstreams.upgrade = (_request, socket) => void socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  const wire = await sent(world, way, { fields: WEBSOCKET });
  expect((await wire.answer()).status).toBe(101);
  world.broker.catalog({ phase: 'Cancelled' });
  await wire.until(() => wire.isClosed);
  await eventually(() => world.upstreams.open === 0);
  world.broker.catalog();
  await eventually(() => world.broker.phaseOf('r1') === 'Running');
  // Refusals count for a second.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  expect(world.log.lines().map(({ outcome }) => outcome)).toContain('REVOKED');
}, 40_000);

test('the bytes of a WebSocket are nobody else\'s: what is sent in it reaches only its upstream', async () => {
  const received: string[] = [];
  world.upstreams.upgrade = (_request, socket) => {
    socket.on('data', (chunk) => received.push(String(chunk)));
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  };
  const wire = await sent(world, 'intercepted', { fields: WEBSOCKET });
  expect((await wire.answer()).status).toBe(101);
  wire.send(headFor(world, 'intercepted', { host: HOSTS.hub, path: '/other' }).replace(world.one.bearers.api, 'nothing'));
  await eventually(() => received.join('').includes('/other'));
  expect(world.upstreams.dialled).toHaveLength(1);
});
