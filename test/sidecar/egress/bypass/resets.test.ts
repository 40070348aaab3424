import { connect as connectTls } from 'node:tls';
import { head } from '../world/agent';
import { HOSTS } from '../world/catalog';
import { headFor, openWay, sent, WAYS } from '../world/ways';
import { egressWorld } from '../world/world';

const world = egressWorld();
const MOMENTS = Array.from({ length: 40 }, (_, at) => at);
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const warnings: Error[] = [];
const warned = (warning: Error): void => void warnings.push(warning);

beforeAll(() => void process.on('warning', warned));
afterAll(() => void process.off('warning', warned));

async function expectServing(): Promise<void> {
  expect((await world.one.ask(HOSTS.api, head('GET / HTTP/1.1', `Host: ${HOSTS.api}`, `Authorization: Bearer ${world.one.bearers.api}`))).status).toBe(200);
}

test.each([HOSTS.files, HOSTS.api])('a client that resets its connection at any moment of a tunnel to %s does no harm', async (host) => {
  for (const moment of MOMENTS) {
    const wire = await world.one.dial();
    wire.send(head(`CONNECT ${host}:443 HTTP/1.1`, `Host: ${host}:443`, world.one.proxyAuthorization));
    void wire.answer('CONNECT').then(() => {
      const tls = connectTls({ socket: wire.release(), servername: host, ca: world.place.bundle });
      tls.on('error', () => undefined).write(head('GET / HTTP/1.1', `Host: ${host}`));
    }, () => undefined);
    await pause(moment / 2);
    wire.socket.resetAndDestroy();
  }
  await expectServing();
}, 60_000);

test.each(WAYS)('a client that resets its connection at any moment of a request that comes %s does no harm', async (way) => {
  world.upstreams.answer = (request, response) => void request.resume().on('end', () => response.write('x'.repeat(200_000), () => response.end()));
  for (const moment of MOMENTS) {
    const wire = await sent(world, way, { method: 'POST', fields: ['Content-Length: 100000'], body: 'x'.repeat(moment % 2 === 0 ? 100_000 : 50_000) });
    await pause(moment / 2);
    if (way === 'intercepted') wire.socket.destroy();
    else wire.socket.resetAndDestroy();
  }
  world.upstreams.reset();
  await expectServing();
}, 60_000);

test.each(WAYS)('an upstream that resets its connection at any moment of a request that comes %s leaves a coded end', async (way) => {
  world.upstreams.answer = (request, response) => void request.resume().on('end', () => response.write('x'.repeat(100_000), () => setTimeout(() => response.end(), 5)));
  for (const moment of MOMENTS) {
    const wire = await sent(world, way);
    await pause(moment / 2);
    world.upstreams.cut(moment % 2 === 0 ? 'reset' : 'silently');
    const answer = await wire.answer().catch(() => undefined);
    if (answer !== undefined && answer.status !== 200) world.expectRefusal(answer, 'UPSTREAM_FAILED');
    wire.socket.destroy();
  }
  world.upstreams.reset();
  await expectServing();
}, 60_000);

test('a connection on which a hundred requests are refused is as good as new', async () => {
  const wire = await world.one.dial();
  const bare = head(`CONNECT ${HOSTS.files}:443 HTTP/1.1`, `Host: ${HOSTS.files}:443`);
  for (let count = 0; count < 50; count += 1) world.expectRefusal(await wire.send(bare).answer(), 'PROXY_AUTH_REQUIRED');
  for (let count = 0; count < 50; count += 1) world.expectRefusal(await wire.send(head(`GET http://${HOSTS.foreign}/ HTTP/1.1`, 'Host: x', world.one.proxyAuthorization)).answer(), 'HOST_NOT_ALLOWED');
  // At once, too.
  wire.send(bare + bare + head(`CONNECT ${HOSTS.files}:443 HTTP/1.1`, 'Host: x', world.one.proxyAuthorization));
  expect([(await wire.answer()).status, (await wire.answer()).status, (await wire.answer('CONNECT')).status]).toEqual([407, 407, 200]);
  expect(warnings).toEqual([]);
});

test.each(WAYS)('a connection that asks for other protocols again and again, %s, is served each time', async (way) => {
  const wire = await openWay(world, way);
  for (let count = 0; count < 30; count += 1) {
    wire.send(headFor(world, way, { fields: ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'] }));
    expect((await wire.answer()).status).toBe(200);
  }
  expect(warnings).toEqual([]);
});

test('headers that never end are waited for, and then no more', async () => {
  const wires = await Promise.all(WAYS.map((way) => openWay(world, way)));
  const begun = performance.now();
  wires.forEach((wire, at) => wire.send(headFor(world, WAYS[at]).slice(0, -2)));
  const timer = setInterval(() => wires.forEach((wire) => wire.isClosed || wire.send('X-More: 1\r\n')), 1_000);
  while (wires.some((wire) => !wire.isClosed) && performance.now() - begun < 25_000) await pause(200);
  clearInterval(timer);
  expect(wires.map((wire) => [wire.isClosed, wire.received.slice(0, 12)])).toEqual(WAYS.map(() => [true, 'HTTP/1.1 408']));
  expect(world.upstreams.text).toBe('');
}, 40_000);
