import { ask, BEARER, ECHO, exchangeBearer, forwardWorld, rawUpstream, upstream } from './forward-world';
import { Loopback, until } from '../loopback';

const loopback = new Loopback();
afterEach(() => loopback.close());

describe('the length of a body', () => {
  const heads: [string, string, RegExp, RegExp][] = [
    ['stays what it is', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello', /\r\ncontent-length: 5\r\n\r\nhello$/, /transfer-encoding/i],
    ['of chunks is known when they are all there', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n', /\r\ncontent-length: 5\r\n\r\nhello$/, /transfer-encoding/i],
    ['is nothing', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n', /\r\ncontent-length: 0\r\n\r\n$/, /transfer-encoding/i],
    ['is there with GET', 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello', /\r\ncontent-length: 5\r\n\r\nhello$/, /transfer-encoding/i],
    ['is not there without one', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', /\r\n\r\n$/, /content-length|transfer-encoding/i],
    ['of no chunk is nothing', 'DELETE / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', /\r\n\r\n(0\r\n\r\n)?$/, /x-never/],
    ['is there without trailers', 'POST / HTTP/1.1\r\nHost: x\r\nTrailer: x-t\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n', /\r\n\r\nok$/, /x-t/i],
  ];
  test.each(heads)('%s', async (_what, request, there, notThere) => {
    let text = '';
    const port = await loopback.serve((socket) => socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (there.test(text)) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    }));
    const world = await forwardWorld(loopback, port);
    await (await loopback.client(world.port)).send(request).until(/^HTTP\/1.1 200 /);
    expect(text).toMatch(there);
    expect(text).not.toMatch(notThere);
  });

  test.each<[string, string]>([
    ['twice', 'Content-Length: 5\r\nContent-Length: 6'], ['and chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked'], ['with a sign', 'Content-Length: +5'],
    ['in a coding behind a tab', 'Transfer-Encoding: \x0bchunked'], ['of no coding', 'Transfer-Encoding: identity'],
  ])('said %s reaches no upstream', async (_what, lines) => {
    const world = await forwardWorld(loopback, await upstream(loopback, ECHO));
    const client = (await loopback.client(world.port)).send(`POST / HTTP/1.1\r\nHost: x\r\n${lines}\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`);
    await until(() => client.hasEnd || client.text.includes(' 400 '));
    expect([world.dials(), client.text.includes('smuggled')]).toEqual([0, false]);
  });

  test('is not known of chunks that are still to come', async () => {
    let text = '';
    const world = await forwardWorld(loopback, await loopback.serve((socket) => void socket.on('data', (chunk: Buffer) => { text += chunk.toString('latin1'); })));
    const client = (await loopback.client(world.port)).send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
    await until(() => /\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello$/.test(text), text);
    client.send('0\r\n\r\n');
    await until(() => text.endsWith('5\r\nhello\r\n0\r\n\r\n'), text);
    expect(text).not.toMatch(/content-length/i);
  });

  test('of another coding is refused', async () => {
    const world = await forwardWorld(loopback, await upstream(loopback, ECHO));
    const client = (await loopback.client(world.port)).send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n');
    await client.until(/^HTTP\/1.1 400 /);
    expect(world.dials()).toBe(0);
  });
});

describe('a bearer in a body', () => {
  const body = `{"before":"${'x'.repeat(200)}","key":"${BEARER}","behind":"y"}`;

  test.each<[string, object]>([['of a host without credentials', {}], ['of a host of credentials', { substitute: exchangeBearer }]])('%s never gets there', async (_which, options) => {
    let text = '';
    const port = await loopback.serve((socket) => void socket.on('data', (chunk: Buffer) => { text += chunk.toString('latin1'); }));
    const world = await forwardWorld(loopback, port, options);
    const answer = await ask(world.port, '/', { method: 'POST', body });
    expect(answer).toMatchObject({ status: 403, headers: { 'x-agent-platform-code': 'BEARER_MISPLACED' } });
    expect(answer.text).not.toMatch(/eyJ/);
    await until(() => world.upstreams.size === 0, 'the end of the upstream');
    expect(text).not.toContain('pdk-');
  });

  test('cut over chunks of its connection is found, wherever the cut is', async () => {
    const seen: string[] = [];
    const port = await loopback.serve((socket) => void socket.on('data', (chunk: Buffer) => seen.push(chunk.toString('latin1'))));
    const world = await forwardWorld(loopback, port);
    for (let cut = 1; cut < 'pdk-usersecret-'.length; cut += 1) {
      const client = (await loopback.client(world.port)).send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
      client.send(`${cut.toString(16)}\r\n${BEARER.slice(0, cut)}\r\n`);
      await new Promise((next) => setTimeout(next, 5));
      client.send(`${(BEARER.length - cut).toString(16)}\r\n${BEARER.slice(cut)}\r\n0\r\n\r\n`);
      await client.until(/^HTTP\/1.1 403 /);
      client.socket.destroy();
    }
    expect(seen.join('')).not.toContain('\r\np');
  });

  test('ends an answer that has begun', async () => {
    const world = await forwardWorld(loopback, await upstream(loopback, (asked, answer) => {
      answer.write('begun');
      asked.resume().on('error', () => undefined);
    }));
    const client = (await loopback.client(world.port)).send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n');
    await client.until(/begun/);
    client.send(`${BEARER.length.toString(16)}\r\n${BEARER}\r\n`);
    expect(await client.ended()).not.toMatch(/0\r\n\r\n$/);
    await until(() => world.outcomes.length === 1);
    expect(world.outcomes).toEqual([{ status: 200, sent: 1, received: 5, cutOff: true, code: 'BEARER_MISPLACED' }]);
    await until(() => world.upstreams.size === 0, 'the end of the upstream');
  });
});

test('an answer that comes before the body is over reaches the client, and its connection serves on', async () => {
  const port = await rawUpstream(loopback, (socket) => {
    socket.end('HTTP/1.1 413 Too Long\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!');
  });
  const world = await forwardWorld(loopback, port);
  const client = (await loopback.client(world.port)).send('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n');
  for (let count = 0; count < 10; count += 1) client.socket.write(Buffer.alloc(1_000_000));
  await client.until(/^HTTP\/1.1 413 [^]*no!$/);
  await until(() => world.outcomes.length === 1);
  expect(world.outcomes[0]).toMatchObject({ status: 413, received: 3, cutOff: false });
  await until(() => world.upstreams.size === 0, 'the end of the upstream');
  client.received = Buffer.alloc(0);
  for (let count = 0; count < 10; count += 1) client.socket.write(Buffer.alloc(1_000_000));
  await client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n').until(/^HTTP\/1.1 413 [^]*no!$/);
});
