import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { selfSigned } from '../certificate';
import { closeAll, listening, testServer } from '../frame';

afterEach(closeAll);

/** The timer of a connection as the kernel knows it, from the server's side. https://www.kernel.org/doc/Documentation/networking/proc_net_tcp.txt */
function timerOf(server: number, client: number): string {
  const [local, remote] = [server, client].map((port) => `:${port.toString(16).toUpperCase().padStart(4, '0')}`);
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => readFileSync(file, 'utf8').split('\n')).map((line) => line.trim().split(/\s+/));
  return lines.find(([, from, to]) => from?.endsWith(local) && to?.endsWith(remote))![5].slice(0, 2);
}

/** A timer that is not of data on its way. */
const KEEP_ALIVE = '02';

const { cert, key } = selfSigned('localhost');
const pair = { cert: Buffer.from(cert), key: Buffer.from(key) };

(process.platform === 'linux' ? test : test.skip).each([['http', undefined], ['https', pair]])('a silent client over %s is asked by the kernel whether it is still there', async (_what, tls) => {
  const port = await listening(testServer(tls === undefined ? {} : { tls }));
  const client = tls === undefined ? connect(port, '127.0.0.1') : connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await new Promise((resolve) => client.once(tls === undefined ? 'connect' : 'secureConnect', resolve));
  client.write('GET /none HTTP/1.1\r\nHost: a\r\n\r\n');
  await new Promise((resolve) => client.once('data', resolve));
  // Until what was sent is acknowledged the timer is that of sending it again.
  for (let look = 0; look < 50 && timerOf(port, client.localPort!) !== KEEP_ALIVE; look += 1) await sleep(50);
  expect(timerOf(port, client.localPort!)).toBe(KEEP_ALIVE);
  client.destroy();
});
