import { createHash, randomBytes } from 'node:crypto';
import { type IncomingMessage, request } from 'node:http';
import { BEARER, exchangeBearer, forwardWorld, upstream } from './forward-world';
import { Loopback, until } from '../loopback';

const loopback = new Loopback();
afterEach(() => loopback.close());

const MIB = 1024 * 1024;

function opened(port: number, path = '/', headers = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, agent: false, headers }, resolve).once('error', reject).end();
  });
}

test.each([false, true])('events arrive one by one, the head before the first; searched: %p', async (isSearched) => {
  const seen: string[] = [];
  let next = (): void => undefined;
  const world = await forwardWorld(loopback, await upstream(loopback, (_asked, answer) => {
    answer.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    next = () => { answer.write(`data: ${seen.length}\n\n`); };
  }), isSearched ? { substitute: exchangeBearer } : {});
  const answer = await opened(world.port, '/', isSearched ? { authorization: `Bearer ${BEARER}` } : {});
  answer.on('data', (chunk: Buffer) => seen.push(chunk.toString())).on('error', () => undefined);
  for (let count = 0; count < 3; count += 1) {
    next();
    await until(() => seen.length === count + 1, `event ${count}`);
  }
  expect(seen).toEqual(['data: 0\n\n', 'data: 1\n\n', 'data: 2\n\n']);
});

test('100 MB go up in chunks as they are, and little of it is in memory', async () => {
  const hash = createHash('sha256');
  const world = await forwardWorld(loopback, await upstream(loopback, (asked, answer) => {
    asked.on('data', (chunk: Buffer) => hash.update(chunk)).on('end', () => answer.end(hash.digest('hex')));
  }));
  const chunk = randomBytes(MIB);
  const local = createHash('sha256');
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: world.port, method: 'PUT', agent: false }, resolve).once('error', reject);
    const send = async (): Promise<void> => {
      for (let count = 0; count < 100; count += 1) {
        local.update(chunk);
        if (!sent.write(chunk)) await new Promise((drained) => sent.once('drain', drained));
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      }
      sent.end();
    };
    void send();
  });
  let text = '';
  for await (const part of answer) text += String(part);
  expect(text).toBe(local.digest('hex'));
  expect(most).toBeLessThan(40 * MIB);
  await until(() => world.outcomes.length === 1);
  expect(world.outcomes[0]).toMatchObject({ sent: 100 * MIB, cutOff: false });
});

test.each([false, true])('a client that reads slowly holds the upstream back, and gets all of it; searched: %p', async (isSearched) => {
  let written = 0;
  const world = await forwardWorld(loopback, await upstream(loopback, (_asked, answer) => {
    const chunk = Buffer.alloc(MIB, 's');
    const more = (): void => {
      while (written < 100 * MIB) {
        written += MIB;
        if (!answer.write(chunk)) return void answer.once('drain', more);
      }
      answer.end();
    };
    more();
  }), isSearched ? { substitute: exchangeBearer } : {});
  const answer = await opened(world.port, '/', isSearched ? { authorization: `Bearer ${BEARER}` } : {});
  answer.pause();
  await new Promise((next) => setTimeout(next, 200));
  expect(written).toBeLessThan(40 * MIB);
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) size += chunk.length;
  expect(size).toBe(100 * MIB);
});

test('an upstream that reads slowly holds the client back', async () => {
  const world = await forwardWorld(loopback, await upstream(loopback, (asked) => void asked.pause()));
  const client = await loopback.client(world.port);
  client.send(`PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: ${100 * MIB}\r\n\r\n`);
  const chunk = Buffer.alloc(MIB);
  for (let count = 0; count < 50; count += 1) client.socket.write(chunk);
  await new Promise((next) => setTimeout(next, 200));
  expect(client.socket.bytesWritten - client.socket.writableLength).toBeLessThan(40 * MIB);
});

test('an answer may begin while the body is still on its way, and both go on', async () => {
  const world = await forwardWorld(loopback, await upstream(loopback, (asked, answer) => {
    answer.flushHeaders();
    asked.on('data', (chunk: Buffer) => answer.write(chunk)).on('end', () => answer.end());
  }));
  const client = (await loopback.client(world.port)).send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n');
  await client.until(/one/);
  await client.send('3\r\ntwo\r\n0\r\n\r\n').until(/two\r\n0\r\n\r\n$/);
  await until(() => world.outcomes.length === 1);
  expect(world.outcomes).toEqual([{ status: 200, sent: 6, received: 6, cutOff: false }]);
});
