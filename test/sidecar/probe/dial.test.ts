import { createSocket } from 'node:dgram';
import { AddressInfo, createServer, Server, Socket } from 'node:net';
import { networkDial } from '../../../sidecar/src/probe/dial';
import { openListeners, plainAddress } from '../../../sidecar/src/probe/listeners';
import { freePort } from '../../helpers/free-port';
import { eventually } from '../../helpers/temp-folder';
import { standStill } from '../stand-still';

/** Whoever is answered has no need of it, however long this process stands still. */
const PATIENCE = 60_000;
const IMPATIENCE = 150;
const dial = networkDial(PATIENCE);
const hello = { say: 'hello' } as const;
const open: { close(): void }[] = [];
afterEach(() => open.splice(0).forEach((one) => one.close()));

/** What `networkDial` waits with, by its milliseconds, from now on. */
function waits(): (milliseconds: number) => void {
  const timers = jest.spyOn(globalThis, 'setTimeout');
  return (milliseconds) => {
    const over = timers.mock.calls.filter(([, each]) => each === milliseconds).pop()![0];
    timers.mockRestore();
    over();
  };
}

/** A TCP server on loopback that does with each connection what it is told. */
async function serverThat(does: (socket: Socket) => void): Promise<{ at: string; port: number; protocol: 'TCP' }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    does(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({ close: () => { server.close(); sockets.forEach((socket) => socket.destroy()); } });
  return { at: '127.0.0.1', port: (server.address() as AddressInfo).port, protocol: 'TCP' };
}

async function udpServerThat(answers: boolean): Promise<{ at: string; port: number; protocol: 'UDP'; asked: () => string }> {
  const socket = createSocket('udp4');
  let asked = '';
  socket.on('message', (question, { port, address }) => {
    asked = question.toString('latin1');
    if (answers) socket.send('anything', port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  open.push(socket);
  return { at: '127.0.0.1', port: socket.address().port, protocol: 'UDP', asked: () => asked };
}

describe('over TCP', () => {
  test('a listener says who it is and whom it sees', async () => {
    const port = await freePort();
    open.push(await openListeners([port], (_, { address }) => ({ as: 'me', seen: address }), '127.0.0.1'));
    expect(await dial({ at: '127.0.0.1', port, protocol: 'TCP' }, hello)).toEqual({ open: true, because: 'me answers', reply: { as: 'me', seen: '127.0.0.1' } });
  });

  test('without a question, a connection is enough', async () => {
    expect(await dial(await serverThat(() => {}))).toEqual({ open: true, because: 'it accepts connections' });
  });

  test('a closed port is closed', async () => {
    expect(await dial({ at: '127.0.0.1', port: await freePort(), protocol: 'TCP' }, hello)).toEqual({ open: false, because: 'ECONNREFUSED' });
  });

  test('somebody who accepts and is silent is open: a denial would not accept', async () => {
    let asked = false;
    const silent = await serverThat((socket) => socket.once('data', () => { asked = true; }));
    const [isOver, found] = [waits(), dial(silent, hello)];
    await eventually(() => asked);
    isOver(PATIENCE);
    expect(await found).toEqual({ open: true, because: 'it accepts connections, and nobody answers' });
  });

  test('somebody who accepts and hangs up is open', async () => {
    expect(await dial(await serverThat((socket) => socket.destroy()), hello)).toMatchObject({ open: true });
  });

  test.each(['SSH-2.0-OpenSSH\r\n', '{"as":1,"seen":"x"}\n', 'null\n', '{"as":"me"}\n'])('somebody who answers %j is open, and nobody of the probe', async (line) => {
    const found = await dial(await serverThat((socket) => socket.write(line)), hello);
    expect(found).toEqual({ open: true, because: 'something answers that is not of the probe' });
  });

  test('somebody who never stops talking is cut off', async () => {
    const found = await dial(await serverThat((socket) => socket.write('x'.repeat(2 * 1024 * 1024))), hello);
    expect(found).toEqual({ open: true, because: 'something answers that is not of the probe' });
  });

  test('somebody who never stops dripping is cut off', async () => {
    let dripped = 0;
    const drips = await serverThat((socket) => {
      const dripping = setInterval(() => socket.write('a', () => { dripped += 1; }), 10);
      socket.on('close', () => clearInterval(dripping));
    });
    const [isOver, found] = [waits(), dial(drips, hello)];
    await eventually(() => dripped > 3);
    // All of its time, although it was never silent.
    isOver(5 * PATIENCE);
    expect(await found).toMatchObject({ open: true, because: expect.stringContaining('nobody answers') });
  });

  test('what has come while the process stood still counts, although its time is over', async () => {
    const found = networkDial(IMPATIENCE)(await serverThat(() => {}));
    await standStill(2 * IMPATIENCE);
    expect(await found).toEqual({ open: true, because: 'it accepts connections' });
  });

  test('a fault of this side is no denial', async () => {
    expect(await dial({ at: 'no such host.invalid', port: 1, protocol: 'TCP' })).toEqual({ because: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) });
  });
});

describe('over UDP', () => {
  test('any answer will do', async () => {
    const server = await udpServerThat(true);
    expect(await dial(server)).toEqual({ open: true, because: 'it answers' });
    expect(server.asked()).toContain('kubernetes\u0007default\u0003svc');
  });

  test('silence is closed', async () => {
    expect(await networkDial(IMPATIENCE)(await udpServerThat(false))).toEqual({ open: false, because: `no answer within ${IMPATIENCE / 1000} s` });
  });

  test('a closed port is closed', async () => {
    expect(await dial({ at: '127.0.0.1', port: await freePort(), protocol: 'UDP' })).toEqual({ open: false, because: 'ECONNREFUSED' });
  });
});

describe('a listener', () => {
  const lines = async (text: string): Promise<string> => {
    const port = await freePort();
    open.push(await openListeners([port], ({ say, run }) => ({ as: `${say} ${run}`, seen: '' }), '127.0.0.1'));
    const socket = new Socket().connect(port, '127.0.0.1');
    return new Promise((resolve) => {
      let answer = '';
      socket.setEncoding('utf8').on('data', (part) => { answer += part; }).on('error', () => {}).on('close', () => resolve(answer));
      socket.write(text);
    });
  };

  test('answers a line', async () => expect(await lines('{"say":"go","run":"r"}\n')).toBe('{"as":"go r","seen":""}\n'));

  test.each(['{}\n', '{"say":"shutdown"}\n', '{"say":"go","run":1}\n', '{"say":"go","control":"example.com"}\n', 'GET / HTTP/1.1\r\n', 'null\n', 'x'.repeat(2000)])('hangs up on %j', async (text) => {
    expect(await lines(text)).toBe('');
  });

  test('hangs up on somebody who drips a request', async () => {
    const port = await freePort();
    open.push(await openListeners([port], () => ({ as: '', seen: '' }), '127.0.0.1', IMPATIENCE));
    const socket = new Socket().connect(port, '127.0.0.1').on('error', () => {});
    const dripping = setInterval(() => socket.write('a'), IMPATIENCE / 5);
    await new Promise((resolve) => socket.on('close', resolve).resume());
    clearInterval(dripping);
    expect(socket.bytesWritten).toBeLessThan(1024);
  });

  test('opens all ports or none', async () => {
    const { port: taken } = await serverThat(() => {});
    const port = await freePort();
    await expect(openListeners([port, taken], () => ({ as: '', seen: '' }), '127.0.0.1')).rejects.toThrow('EADDRINUSE');
    expect(await dial({ at: '127.0.0.1', port, protocol: 'TCP' })).toMatchObject({ open: false });
  });

  test.each([['::ffff:10.0.0.1', '10.0.0.1'], ['::FFFF:10.0.0.1', '10.0.0.1'], ['fd00::1', 'fd00::1'], ['::ffff:a:b', '::ffff:a:b'], ['', '']])('reads %j as %j', (seen, plain) => {
    expect(plainAddress(seen)).toBe(plain);
  });
});
