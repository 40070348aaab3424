import { type IncomingMessage, request } from 'node:http';
import { BEARER, exchangeBearer, forwardWorld, upstream } from './forward-world';
import { HASHED, LITTLE, MIB, MUCH, MuchAnswered, readSlowly, sendMuch } from '../../../helpers/much';
import { Loopback, until } from '../loopback';

const loopback = new Loopback();
afterEach(() => loopback.close());

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
  const world = await forwardWorld(loopback, await upstream(loopback, HASHED));
  const { hash, text, most } = await sendMuch({ port: world.port });
  expect(text).toBe(hash);
  expect(most).toBeLessThan(LITTLE);
  await until(() => world.outcomes.length === 1);
  expect(world.outcomes[0]).toMatchObject({ sent: MUCH, cutOff: false });
});

test.each([false, true])('a client that reads slowly holds the upstream back, and gets all of it; searched: %p', async (isSearched) => {
  const much = new MuchAnswered();
  const world = await forwardWorld(loopback, await upstream(loopback, much.answer), isSearched ? { substitute: exchangeBearer } : {});
  const { before, size } = await readSlowly(await opened(world.port, '/', isSearched ? { authorization: `Bearer ${BEARER}` } : {}), much);
  expect(before).toBeLessThan(LITTLE);
  expect(size).toBe(MUCH);
});

test('an upstream that reads slowly holds the client back', async () => {
  const world = await forwardWorld(loopback, await upstream(loopback, (asked) => void asked.pause()));
  const client = await loopback.client(world.port);
  client.send(`PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: ${MUCH}\r\n\r\n`);
  const chunk = Buffer.alloc(MIB);
  for (let count = 0; count < 50; count += 1) client.socket.write(chunk);
  await new Promise((next) => setTimeout(next, 200));
  expect(client.socket.bytesWritten - client.socket.writableLength).toBeLessThan(LITTLE);
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
