import { closeAll, rawWorker } from './sockets';
import { BASE, gatewayBefore, ID } from './world';
import { rawAnswer } from '../server/frame';

afterEach(closeAll);

const HEAD = `Host: x\r\nx-agentcube-session-id: ${ID}\r\n`;

/** What reaches a worker that reads bytes and answers when it has read that, and what comes back. */
async function sent(text: string, whole = '\r\n\r\n'): Promise<{ readonly received: string; readonly answer: string }> {
  let received = '';
  const port = await rawWorker((some, socket) => {
    received += some;
    if (received.includes(whole)) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok');
  });
  const world = await gatewayBefore(port);
  return { answer: await rawAnswer(world.port, text), received };
}

test.each([
  ['a length beside chunks', `POST ${BASE}/ HTTP/1.1\r\n${HEAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\n\r\n`],
  ['two lengths', `POST ${BASE}/ HTTP/1.1\r\n${HEAD}Content-Length: 4\r\nContent-Length: 30\r\n\r\nGET /evil HTTP/1.1\r\n\r\n`],
  ['two lengths in one', `POST ${BASE}/ HTTP/1.1\r\n${HEAD}Content-Length: 4, 4\r\n\r\nabcd`],
  ['a length with a sign', `POST ${BASE}/ HTTP/1.1\r\n${HEAD}Content-Length: +4\r\n\r\nabcd`],
  ['an encoding before chunks', `POST ${BASE}/ HTTP/1.1\r\n${HEAD}Transfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n0\r\n\r\n`],
  ['an unknown encoding', `POST ${BASE}/ HTTP/1.1\r\n${HEAD}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ['a space before the colon', `POST ${BASE}/ HTTP/1.1\r\n${HEAD}Content-Length : 4\r\n\r\nabcd`],
  ['bare line feeds', `GET ${BASE}/ HTTP/1.1\nHost: x\nx-agentcube-session-id: ${ID}\n\n`],
  ['a bare carriage return in a header', `GET ${BASE}/ HTTP/1.1\r\n${HEAD}X: a\rb\r\n\r\n`],
  ['a null in a header', `GET ${BASE}/ HTTP/1.1\r\n${HEAD}X: a\0b\r\n\r\n`],
  ['a chunk with a wrong size', `POST ${BASE}/ HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n\r\n`],
  ['two session headers', `GET ${BASE}/ HTTP/1.1\r\n${HEAD}x-agentcube-session-id: other\r\nConnection: close\r\n\r\n`],
  ['two hosts', `GET ${BASE}/ HTTP/1.1\r\n${HEAD}Host: y\r\nConnection: close\r\n\r\n`],
])('%s is refused, and nothing evil reaches the worker', async (_what, text) => {
  const { answer, received } = await sent(text);
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(received).not.toContain('evil');
  expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
});

test('a header over two lines is one line for the worker', async () => {
  const { answer, received } = await sent(`GET ${BASE}/ HTTP/1.1\r\n${HEAD}X-Long: a\r\n Authorization: Bearer evil\r\nConnection: close\r\n\r\n`);
  if (answer.startsWith('HTTP/1.1 400')) return expect(received).toBe('');
  expect(received).not.toMatch(/^\s*authorization: Bearer evil/im);
});

test('a body in chunks is written anew, without its extensions', async () => {
  const { received } = await sent(`POST ${BASE}/ HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n4;evil="1"\r\nabcd\r\n0\r\nX-Evil: 1\r\n\r\n`, 'abcd');
  expect(received).toMatch(/abcd/);
  expect(received.toLowerCase()).not.toContain('evil');
});

test('a request in the body of another stays in it', async () => {
  const inner = 'GET /evil HTTP/1.1\r\nHost: x\r\n\r\n';
  const { received } = await sent(`POST ${BASE}/ HTTP/1.1\r\n${HEAD}Content-Length: ${inner.length}\r\nConnection: close\r\n\r\n${inner}`, inner);
  expect(received).toMatch(/content-length: 31\r\n/i);
  expect(received.endsWith(`\r\n\r\n${inner}`)).toBe(true);
});
