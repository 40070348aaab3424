import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:http';
import { closeWorkers, dialled, opened, until, worker } from './sockets';
import { BASE, closeWorlds, gateway, ID } from './world';

afterEach(async () => {
  await closeWorkers();
  await closeWorlds();
});

const MIB = 1024 * 1024;

async function before(port: number) {
  const world = await gateway();
  await world.session(port);
  return world;
}

test('events arrive one by one', async () => {
  const seen: string[] = [];
  const { port } = await before(await worker((_request, answer) => {
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
  const hash = createHash('sha256');
  const { port } = await before(await worker((asked, answer) => {
    asked.on('data', (chunk: Buffer) => hash.update(chunk)).on('end', () => answer.end(hash.digest('hex')));
  }));
  const chunk = Buffer.alloc(MIB, 'x');
  const local = createHash('sha256');
  const before_ = process.memoryUsage().arrayBuffers;
  let most = 0;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request({ port, method: 'PUT', path: `${BASE}/big`, agent: false, headers: { 'x-agentcube-session-id': ID } }, resolve).once('error', reject);
    const send = async (): Promise<void> => {
      for (let count = 0; count < 100; count++) {
        local.update(chunk);
        if (!sent.write(chunk)) await new Promise((drained) => sent.once('drain', drained));
        most = Math.max(most, process.memoryUsage().arrayBuffers - before_);
      }
      sent.end();
    };
    void send();
  });
  let text = '';
  for await (const part of answer) text += String(part);
  expect(text).toBe(local.digest('hex'));
  expect(most).toBeLessThan(40 * MIB);
});

test('a client that reads slowly holds the worker back', async () => {
  let written = 0;
  const { port } = await before(await worker((_asked, answer) => {
    const chunk = Buffer.alloc(MIB);
    const more = (): void => {
      while (written < 100 * MIB) {
        written += MIB;
        if (!answer.write(chunk)) return void answer.once('drain', more);
      }
      answer.end();
    };
    more();
  }));
  const answer = await opened(port, '/big');
  answer.pause();
  await new Promise((next) => setTimeout(next, 200));
  expect(written).toBeLessThan(40 * MIB);
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) size += chunk.length;
  expect(size).toBe(100 * MIB);
});

test('a worker that reads slowly holds the client back', async () => {
  const { port } = await before(await worker((asked) => void asked.pause()));
  const socket = await dialled(port, `PUT ${BASE}/big HTTP/1.1\r\nHost: x\r\nx-agentcube-session-id: ${ID}\r\nContent-Length: ${100 * MIB}\r\n\r\n`);
  const chunk = Buffer.alloc(MIB);
  for (let count = 0; count < 50; count++) socket.write(chunk);
  await new Promise((next) => setTimeout(next, 200));
  expect(socket.bytesWritten - socket.writableLength).toBeLessThan(40 * MIB);
  socket.destroy();
});
