import { closeAll, dialled, ECHO, invoke, rawWorker, until, worker } from './sockets';
import { BASE, gatewayBefore, ID } from './world';

afterEach(closeAll);

test('an answer that comes before the end of the body is passed on, and the connection ends', async () => {
  const { port } = await gatewayBefore(await worker((_asked, answer) => void answer.writeHead(413, { 'content-length': 4 }).end('long')));
  const socket = await dialled(port, `POST ${BASE}/up HTTP/1.1\r\nHost: x\r\nx-agentcube-session-id: ${ID}\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(20_000)}`);
  let text = '';
  socket.on('data', (chunk) => { text += String(chunk); });
  await until(() => text.endsWith('long') && socket.readableEnded);
  expect(text).toMatch(/^HTTP\/1\.1 413 /);
  expect(text).toMatch(/connection: close/i);
});

test('a body whose client waits for leave is asked for', async () => {
  const { port } = await gatewayBefore(await worker(ECHO));
  const { body } = await invoke(port, '/', { method: 'POST', body: 'hello', headers: { 'expect': '100-continue', 'content-length': 5 } });
  expect(body).toMatchObject({ body: 'hello' });
  expect(body.headers).not.toHaveProperty('expect');
});

test('what a worker says in advance is not passed on', async () => {
  const { port } = await gatewayBefore(await rawWorker((_text, socket) => socket.write('HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')));
  expect(await invoke(port)).toMatchObject({ status: 200, text: 'ok' });
});

test.each([
  ['nothing of HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', 'SANDBOX_FAILED', 502],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok', 'SANDBOX_FAILED', 502],
  ['a length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 'SANDBOX_FAILED', 502],
  ['a change of protocols that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n', 'SANDBOX_FAILED', 502],
  ['headers without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 'SANDBOX_FAILED', 502],
])('%s is no answer', async (_what, text, code, status) => {
  const { port } = await gatewayBefore(await rawWorker((_text, socket) => socket.write(text)));
  expect(await invoke(port)).toMatchObject({ status, body: { code } });
});

test('a connection that ends before the answer is said so', async () => {
  const { port } = await gatewayBefore(await rawWorker((_text, socket) => socket.destroy()));
  expect(await invoke(port)).toMatchObject({ status: 502, body: { code: 'SANDBOX_UNREACHABLE' } });
});
