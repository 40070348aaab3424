import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { ClientSockets } from '../../../../sidecar/src/egress/listeners/client-sockets';
import { eventually } from '../../../helpers/temp-folder';

let server: Server;
let sockets: ClientSockets;
let served: number;
let clients: Socket[];

beforeEach(async () => {
  served = 0;
  clients = [];
  server = createServer((socket) => {
    served += 1;
    socket.on('error', () => undefined);
  });
  sockets = new ClientSockets(server, { perAddress: 2, altogether: 5 });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(async () => {
  clients.forEach((client) => client.destroy());
  sockets.destroy();
  await new Promise((closed) => server.close(closed));
});

async function connected(localAddress: string): Promise<Socket> {
  const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', localAddress });
  socket.on('error', () => undefined);
  clients.push(socket);
  await once(socket, 'connect');
  return socket;
}

test('an address has its share, and one more is closed unserved', async () => {
  await connected('127.0.0.1');
  await connected('127.0.0.1');
  const third = await connected('127.0.0.1');
  await once(third, 'close');
  expect(sockets.size).toBe(2);
});

test('another address has its own', async () => {
  for (const address of ['127.0.0.1', '127.0.0.1', '127.0.0.2', '127.0.0.2']) await connected(address);
  await eventually(() => served === 4);
  expect(sockets.size).toBe(4);
});

test('a place is free again when its connection has ended, however it does', async () => {
  const first = await connected('127.0.0.1');
  const second = await connected('127.0.0.1');
  await eventually(() => sockets.size === 2);
  first.resetAndDestroy();
  second.end();
  await eventually(() => sockets.size === 0);
  await connected('127.0.0.1');
  await connected('127.0.0.1');
  await eventually(() => sockets.size === 2);
});

test('a connection that is given back to the server is counted once', async () => {
  await connected('127.0.0.1');
  await eventually(() => sockets.size === 1);
  const [accepted] = [...(sockets as unknown as { sockets: Set<Socket> }).sockets];
  server.emit('connection', accepted);
  server.emit('connection', accepted);
  await connected('127.0.0.1');
  await eventually(() => sockets.size === 2);
  expect(accepted.destroyed).toBe(false);
});

test('all of them end together', async () => {
  const ends = await Promise.all(['127.0.0.1', '127.0.0.2'].map(connected));
  await eventually(() => sockets.size === 2);
  sockets.destroy();
  await eventually(() => ends.every((socket) => socket.destroyed || socket.readableEnded));
  expect(sockets.size).toBe(0);
});
