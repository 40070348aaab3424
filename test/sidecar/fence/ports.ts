import { ChildProcess, spawn } from 'node:child_process';
import { AddressInfo, connect, createServer, Server, Socket } from 'node:net';

const open: (() => void)[] = [];

/** Ends what the functions below have opened. */
export function closeAll(): void {
  open.splice(0).forEach((close) => close());
}

/** Accepts connections. */
export async function listening(host = '127.0.0.1', port = 0, accepted = (): void => {}): Promise<number> {
  const server: Server = createServer((socket) => {
    accepted();
    socket.on('error', () => {}).end();
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen({ host, port }, resolve));
  open.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A program that listens and never accepts: when its queue is full, the kernel drops what comes, as a policy does. */
const DEAF = `require('node:net').createServer().listen({ host: process.argv[1], port: Number(process.argv[2]), backlog: 1 }, function () {
  process.stdout.write(this.address().port + '\\n', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
});`;

/** Packets to it are dropped. */
export async function dropping(host = '127.0.0.1', port = 0): Promise<number> {
  const child: ChildProcess = spawn(process.execPath, ['-e', DEAF, host, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  open.push(() => child.kill('SIGKILL'));
  const text = await new Promise<string>((resolve) => child.stdout!.once('data', (data: Buffer) => resolve(data.toString())));
  for (let full = false; !full;) full = !await connects(host, Number(text));
  return Number(text);
}

/** Fills a place of the queue, unless there is none. */
function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ host, port });
    open.push(() => socket.destroy());
    // A connection that the kernel has made by then is heard of first, also after this process stood still.
    const timer = setTimeout(() => setImmediate(() => resolve(false)), 200);
    socket.on('error', () => {}).on('connect', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
