import { closeAll, dialled, invoke, opened, rawWorker, until, worker } from './sockets';
import { BASE, gatewayBefore, ID } from './world';

afterEach(closeAll);

test.each([
  ['of known length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'],
  ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
])('an answer %s that ends early is no whole answer', async (_what, text) => {
  const { port, open } = await gatewayBefore(await rawWorker((_text, socket) => socket.write(text, () => setTimeout(() => socket.destroy(), 20))));
  const answer = await opened(port, '/');
  const read = (async () => { for await (const chunk of answer) String(chunk); })();
  await expect(read).rejects.toThrow('aborted');
  await until(() => open() === 0, 'the end of the slot');
});

test('a client that goes away ends the request to the worker, and its slot', async () => {
  let closed = false;
  let begun = false;
  const { port, open, log } = await gatewayBefore(await worker((asked, answer) => {
    begun = true;
    answer.once('close', () => { closed = true; });
    asked.resume();
  }));
  const socket = await dialled(port, `POST ${BASE}/sleep HTTP/1.1\r\nHost: x\r\nx-agentcube-session-id: ${ID}\r\nContent-Length: 2\r\n\r\n{}`);
  await until(() => begun);
  expect(open()).toBe(1);
  socket.destroy();
  await until(() => closed, 'the end of the request');
  await until(() => open() === 0, 'the end of the slot');
  expect(log.text()).not.toContain('"level":"error"');
});

test('a client that goes away in the middle of its body ends the request', async () => {
  let aborted = false;
  let begun = false;
  const { port, open } = await gatewayBefore(await worker((asked) => {
    begun = true;
    asked.on('error', () => { aborted = true; }).resume();
  }));
  const socket = await dialled(port, `POST ${BASE}/up HTTP/1.1\r\nHost: x\r\nx-agentcube-session-id: ${ID}\r\nContent-Length: 100000\r\n\r\nxxx`);
  await until(() => begun);
  socket.destroy();
  await until(() => aborted && open() === 0);
});

test('a client that goes away in the middle of an answer ends it', async () => {
  let closed = false;
  const { port, open } = await gatewayBefore(await worker((_asked, answer) => {
    answer.once('close', () => { closed = true; });
    answer.write('x');
  }));
  (await opened(port, '/')).destroy();
  await until(() => closed && open() === 0);
});

test.each([
  ['ends', 'end'], ['breaks off', 'resetAndDestroy'], ['is gone', 'destroy'],
] as const)('a worker that %s while its answer waits for a slow reader harms nobody', async (_how, end) => {
  let sockets = 0;
  const { port, open } = await gatewayBefore(await rawWorker((_text, socket) => {
    if (++sockets > 1) return void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n');
    const chunk = Buffer.alloc(64 * 1024);
    const fill = (left: number): void => {
      if (left === 0) return void setTimeout(() => socket[end](), 50);
      if (socket.write(chunk)) setImmediate(fill, left - 1);
      else setTimeout(() => socket[end](), 100);
    };
    fill(400);
  }));
  const answer = await opened(port, '/');
  answer.on('error', () => undefined).pause();
  await new Promise((next) => setTimeout(next, 400));
  expect(await invoke(port)).toMatchObject({ status: 200, text: 'ok' });
  answer.resume();
  await until(() => answer.closed && open() === 0, 'the end of the answer');
});
