import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { splice } from '../../../../sidecar/src/server/wire/splice';
import { Client, Loopback, until } from '../../egress/loopback';

const loopback = new Loopback();

afterEach(() => loopback.close());

/** A client and an upstream of the test, and the two sockets in the middle that are joined. */
async function joined() {
  let upstream!: Socket;
  const upstreamPort = await loopback.serve((socket) => { upstream = socket; });
  const middle: Socket[] = [];
  const port = await loopback.serve((socket) => {
    const onward = connect(upstreamPort, '127.0.0.1').on('error', () => undefined);
    middle.push(socket, onward);
    splice(socket, onward);
  });
  const client = await loopback.client(port);
  await until(() => upstream !== undefined);
  return { client, upstream: new Client(upstream), middle };
}

test('bytes go both ways, as they are', async () => {
  const { client, upstream } = await joined();
  client.send('there');
  await upstream.until(/^there$/);
  upstream.send('back');
  await client.until(/^back$/);
});

test('what one side has ended the other may still answer', async () => {
  const { client, upstream, middle } = await joined();
  client.socket.end();
  await until(() => upstream.hasEnd);
  upstream.send('last words').socket.end();
  await client.until(/^last words$/);
  await until(() => middle.every(({ destroyed }) => destroyed));
});

test('what has come before a side was gone still arrives', async () => {
  const { client, upstream, middle } = await joined();
  upstream.send('last words');
  await until(() => middle[1].bytesRead === 10);
  upstream.socket.resetAndDestroy();
  await client.until(/^last words$/);
  await until(() => middle.every(({ destroyed }) => destroyed));
});

test.each([['client', 0], ['upstream', 1]])('a reset of the %s ends the other side', async (_what, index) => {
  const { client, upstream, middle } = await joined();
  [client, upstream][index].socket.resetAndDestroy();
  await [upstream, client][index].ended();
  await until(() => middle.every(({ destroyed }) => destroyed));
});

test('who does not take what is left is not waited for without end', async () => {
  const { client, upstream, middle } = await joined();
  client.socket.pause();
  upstream.send(Buffer.alloc(16 * 1024 * 1024));
  await until(() => middle[0].writableLength > 0);
  middle[1].destroy();
  await once(middle[1], 'close');
  expect(middle[0].destroyed).toBe(false);
  expect(middle[0].timeout).toBe(30_000);
  middle[0].emit('timeout');
  await once(middle[0], 'close');
});
