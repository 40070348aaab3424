import { closeAll, dialled, opened, until, worker } from './sockets';
import { BASE, gatewayBefore, ID } from './world';
import { HASHED, LITTLE, MIB, MUCH, MuchAnswered, readSlowly, sendMuch } from '../../helpers/much';

afterEach(closeAll);

test('events arrive one by one', async () => {
  const seen: string[] = [];
  const { port } = await gatewayBefore(await worker((_request, answer) => {
    answer.writeHead(200, { 'content-type': 'text/event-stream' });
    const next = (count: number): void => {
      if (count > 3) return void answer.end();
      answer.write(`data: ${count}\n\n`);
      void until(() => seen.length === count).then(() => next(count + 1));
    };
    next(1);
  }));
  for await (const chunk of await opened(port, '/events') as AsyncIterable<Buffer>) seen.push(chunk.toString());
  expect(seen).toEqual(['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']);
});

test('100 MB go up in chunks as they are, and little of it is in memory', async () => {
  const { port } = await gatewayBefore(await worker(HASHED));
  const { hash, text, most } = await sendMuch({ port, path: `${BASE}/big`, headers: { 'x-agentcube-session-id': ID } });
  expect(text).toBe(hash);
  expect(most).toBeLessThan(LITTLE);
});

test('a client that reads slowly holds the worker back', async () => {
  const much = new MuchAnswered();
  const { port } = await gatewayBefore(await worker(much.answer));
  const read = await readSlowly(await opened(port, '/big'), much);
  expect(read.before).toBeLessThan(LITTLE);
  expect(read.size).toBe(MUCH);
});

test('a worker that reads slowly holds the client back', async () => {
  const { port } = await gatewayBefore(await worker((asked) => void asked.pause()));
  const socket = await dialled(port, `PUT ${BASE}/big HTTP/1.1\r\nHost: x\r\nx-agentcube-session-id: ${ID}\r\nContent-Length: ${MUCH}\r\n\r\n`);
  const chunk = Buffer.alloc(MIB);
  for (let count = 0; count < 50; count++) socket.write(chunk);
  await new Promise((next) => setTimeout(next, 200));
  expect(socket.bytesWritten - socket.writableLength).toBeLessThan(LITTLE);
  socket.destroy();
});
