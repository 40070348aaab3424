import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { isUpgrading, takeUpgrades } from '../../../../sidecar/src/server/wire/upgrade';
import { Client, Loopback } from '../../egress/loopback';
import { selfSigned } from '../certificate';

const loopback = new Loopback();
afterEach(() => loopback.close());

/** Says whether the request waits for a change of protocols, and its headers. */
const SAYING: RequestListener = (request, response) => {
  const body = `${isUpgrading(request)} ${JSON.stringify(request.headers)}.`;
  response.writeHead(200, { 'content-length': body.length }).end(body);
};

async function listening(server: Server): Promise<number> {
  server.on('request', SAYING);
  takeUpgrades(server, SAYING);
  return loopback.listen(server);
}

const asking = (connection: string, more = 'Upgrade: h2c\r\n') => `GET / HTTP/1.1\r\nHost: x\r\nConnection: ${connection}\r\n${more}\r\n`;

test('a request for WebSocket is one that waits, and its connection is of no further use', async () => {
  const client = (await loopback.client(await listening(createServer()))).send(asking('Upgrade', 'Upgrade: WebSocket\r\n'));
  expect(await client.ended()).toContain('\r\n\r\ntrue {');
});

test.each<[string, string]>([
  ['POST', 'POST / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n'],
  ['a body', asking('upgrade', 'Upgrade: websocket\r\nContent-Length: 2\r\n').concat('hi')],
  ['two protocols', asking('upgrade', 'Upgrade: websocket, h2c\r\n')],
])('with %s it is no request for WebSocket', async (_what, text) => {
  const client = (await loopback.client(await listening(createServer()))).send(text);
  expect(await client.until(/\}\.$/)).toContain('\r\n\r\nfalse {"host":"x"');
});

describe('a request for another protocol', () => {
  test('leaves its connection as it was for the next one', async () => {
    const server = createServer();
    const listeners: number[] = [];
    server.on('connection', (socket: Socket) => listeners.push(socket.listenerCount('error')));
    const client = await loopback.client(await listening(server));
    for (let times = 0; times < 3; times += 1) {
      await client.send(asking('HTTP2-Settings, Upgrade', 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n')).until(/false \{"host":"x"\}\.$/);
      client.received = Buffer.alloc(0);
    }
    expect(listeners).toHaveLength(4);
    expect(listeners[3]).toBe(listeners[1]);
  });

  test('is served over TLS just so', async () => {
    const pair = selfSigned('upgrade');
    const port = await listening(createHttpsServer(pair));
    const client = new Client(connectTls({ port, host: '127.0.0.1', ca: pair.cert }));
    await client.send(asking('upgrade')).until(/false \{"host":"x"\}\.$/);
    client.socket.destroy();
  });

  test('that ends its connection ends it', async () => {
    const client = (await loopback.client(await listening(createServer()))).send(asking('close, Upgrade'));
    expect(await client.ended()).toContain('"connection":"close"}.');
  });

  test('names the headers that are of the connection only, as before', async () => {
    const client = (await loopback.client(await listening(createServer()))).send(asking('X-Hop, upgrade, Transfer-Encoding', 'X-Hop: 1\r\nUpgrade: h2c\r\n'));
    await client.until(/"x-hop":"1","connection":"x-hop,transfer-encoding"\}\.$/);
  });

  test('does not make a second request of its body by calling its framing one of the connection', async () => {
    const inner = 'GET /evil HTTP/1.1\r\nHost: x\r\n\r\n';
    const text = asking('transfer-encoding, upgrade', 'Upgrade: h2c\r\nTransfer-Encoding: chunked\r\n');
    const client = (await loopback.client(await listening(createServer()))).send(`${text}${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`);
    await client.until(/\}\.$/);
    await client.send('GET /next HTTP/1.1\r\nHost: next\r\nConnection: close\r\n\r\n').ended();
    expect(client.text.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    expect(client.text).toContain('"host":"next"');
  });
});
