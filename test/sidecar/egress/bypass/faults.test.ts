import { once } from 'node:events';
import { eventually } from '../../../helpers/temp-folder';
import { TestAuthority } from '../world/authority';
import { CREDENTIALS, HOSTS } from '../world/catalog';
import { DEAD_PORT } from '../world/upstreams';
import { headFor, openWay, sent, USUAL_HOST, WAYS } from '../world/ways';
import { egressWorld } from '../world/world';

const world = egressWorld();
let port = 2_000;

/** A port of a granted host that nobody asked for before, so that no verdict is remembered. */
function fresh(host: string): string {
  port += 1;
  return `${host}:${port}`;
}

describe('while the broker', () => {
  const FAULTS: [string, () => void][] = [
    ['resets connections', () => { world.broker.faults.resets = true; }],
    ['says nothing that can be read', () => { world.broker.faults.says = '<html>502</html>'; }],
    ['says nothing', () => { world.broker.faults.says = ''; }],
    ['says another thing than asked', () => { world.broker.faults.says = '{"allowed":"yes","setHeaders":["x"]}'; }],
    ['says too much', () => { world.broker.faults.says = `{"allowed":true,"reason":"${'x'.repeat(400_000)}"}`; }],
    ['does not answer', () => { world.broker.faults.hangs = true; }],
  ];

  test.each(FAULTS)('%s, no tunnel opens', async (_, fault) => {
    fault();
    world.expectRefusal((await world.one.connect(fresh(HOSTS.files))).answer, 'BROKER_FAILED');
    world.expectUntouched();
  });

  test.each(FAULTS)('%s, a request in a tunnel that is open goes nowhere', async (_, fault) => {
    const wire = await world.one.tunnel(HOSTS.api);
    fault();
    wire.send(headFor(world, 'intercepted'));
    world.expectRefusal(await wire.answer(), 'BROKER_FAILED');
    expect(world.upstreams.text).toBe('');
  });

  test('sets headers that frame the message, the request goes nowhere', async () => {
    for (const name of ['Host', 'Content-Length', 'Transfer-Encoding', 'Connection']) {
      const wire = await world.one.tunnel(HOSTS.api);
      world.broker.faults.says = JSON.stringify({ setHeaders: { [name]: HOSTS.foreign }, allowedHeaders: [] });
      wire.send(headFor(world, 'intercepted'));
      world.expectRefusal(await wire.answer(), 'BROKER_FAILED');
      world.broker.mend();
    }
    expect(world.upstreams.text).toBe('');
  });

  test('does not answer any more, an open tunnel ends within the time for that', async () => {
    world.broker.faults.validForSeconds = 1;
    const wire = await world.one.tunnel(HOSTS.files, 1_999);
    world.broker.faults.hangs = true;
    await wire.until(() => wire.isClosed);
    await eventually(() => world.log.lines().some(({ outcome }) => outcome === 'NOT_REVALIDATED'));
  });
});

describe.each(WAYS)('for a request that comes %s, an upstream', (way) => {
  test('that ends the connection without an answer', async () => {
    world.upstreams.raw = (socket) => void socket.once('data', () => socket.destroy());
    world.expectRefusal(await (await sent(world, way)).answer(), 'UPSTREAM_FAILED');
  });

  test('that resets it', async () => {
    world.upstreams.raw = (socket) => void socket.once('data', () => world.upstreams.cut('reset'));
    world.expectRefusal(await (await sent(world, way)).answer(), 'UPSTREAM_FAILED');
  });

  test.each([
    ['a body with length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst'],
    ['a body of chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n'],
    ['a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nfirst'],
  ])('that is gone in the middle of %s leaves an answer that is not whole', async (_, text) => {
    world.upstreams.raw = (socket) => void socket.once('data', () => socket.write(text));
    const wire = await sent(world, way);
    await wire.until(() => wire.received.includes('first'));
    world.upstreams.cut();
    const all = await wire.rest();
    expect([all.endsWith('0\r\n\r\n'), all.split('\r\n\r\n')[1].length < 100]).toEqual([false, true]);
  });

  test('that loses a client in the middle of an upload is left too', async () => {
    let got = 0;
    let isGone = false;
    world.upstreams.raw = (socket) => void socket.on('data', (chunk) => { got += chunk.length; }).on('close', () => { isGone = true; });
    const wire = await sent(world, way, { method: 'POST', fields: ['Content-Length: 10000000'], body: 'x'.repeat(200_000) });
    await eventually(() => got > 100_000);
    wire.socket.destroy();
    await eventually(() => isGone);
    expect(got).toBeLessThan(300_000);
  });

  test('that answers before the upload is over is heard, and the rest of it is not the next request', async () => {
    world.upstreams.raw = (socket) => void socket.once('data', () => socket.end('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno'));
    const wire = await sent(world, way, { method: 'POST', fields: ['Content-Length: 1000'], body: `GET /smuggled HTTP/1.1\r\nHost: ${USUAL_HOST[way]}\r\n\r\n` });
    expect(await wire.answer()).toMatchObject({ status: 413, body: 'no' });
    wire.send('x'.repeat(1_000));
    await wire.until(() => wire.isClosed || wire.received !== '' || world.upstreams.open === 0);
    expect(world.upstreams.text).not.toMatch(/\nGET \/smuggled[^]*authorization/);
  });
});

describe('an upstream', () => {
  test('on which nobody listens is a status of CONNECT, where the tunnel is blind', async () => {
    world.expectRefusal((await world.one.connect(`${HOSTS.files}:${DEAD_PORT}`)).answer, 'UPSTREAM_FAILED');
  });

  test('on which nobody listens is an answer, where TLS ends here', async () => {
    const wire = await world.one.tunnel(HOSTS.api, DEAD_PORT);
    wire.send(headFor(world, 'intercepted', { host: `${HOSTS.api}:${DEAD_PORT}` }));
    world.expectRefusal(await wire.answer(), 'UPSTREAM_FAILED');
  });

  test.each([['of another authority', HOSTS.api, true], ['for another host', HOSTS.foreign, false]])('with a certificate %s gets nothing', async (_, name, isForeign) => {
    const authority = isForeign ? await TestAuthority.make('somebody') : world.authority;
    await world.upstreams.certify(authority, name);
    const wire = await openWay(world, 'intercepted');
    world.expectRefusal(await wire.send(headFor(world, 'intercepted')).answer(), 'UPSTREAM_UNTRUSTED');
    expect(world.upstreams.text).toBe('');
    await world.upstreams.certify(world.authority);
  });

  test('that is slow to take a large upload holds the client back', async () => {
    world.upstreams.raw = (socket) => void socket.once('data', () => socket.pause());
    const wire = await sent(world, 'intercepted', { method: 'POST', fields: ['Content-Length: 100000000'] });
    for (let sentOff = 0; sentOff < 64; sentOff += 1) wire.socket.write(Buffer.alloc(1024 * 1024));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(wire.socket.writableLength).toBeGreaterThan(0);
    wire.socket.destroy();
    await once(wire.socket, 'close');
    world.upstreams.cut();
  });

  test('never sees a credential in the text of a failure', async () => {
    world.upstreams.raw = (socket) => void socket.once('data', () => socket.destroy());
    const { body } = await (await sent(world, 'intercepted')).answer();
    expect(body).not.toContain(CREDENTIALS.api);
  });
});
