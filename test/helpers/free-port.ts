import { once } from 'node:events';
import { createServer } from 'node:net';

/** Each worker of the test runner has its own, below those that the kernel gives to connections: nobody takes one meanwhile. */
const PORTS = 1_000;
const FIRST = 20_000 + PORTS * (Number(process.env.JEST_WORKER_ID ?? 0) % 12);

let taken = Math.floor(Math.random() * PORTS);

/** A port of loopback where nobody listens. It is not given again soon. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < PORTS; attempt += 1) {
    taken += 1;
    const port = FIRST + taken % PORTS;
    if (await isFree(port)) return port;
  }
  throw new Error(`all ports from ${FIRST} to ${FIRST + PORTS - 1} are taken`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    await new Promise((resolve) => server.close(resolve));
    return true;
  } catch {
    return false;
  }
}
