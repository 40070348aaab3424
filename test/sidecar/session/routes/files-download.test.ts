import { linkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describeMeans, NODE_MEANS, workbench, Workbench } from './workbench';
import { eventually } from '../../../helpers/temp-folder';

const MIB = 1024 * 1024;

const PATTERN = Buffer.from(Array.from({ length: 251 }, (_, at) => at));

async function withFile(bench: Workbench, name: string, length: number): Promise<Buffer> {
  const bytes = length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, PATTERN);
  writeFileSync(join(bench.folder, name), bytes);
  return bytes;
}

describeMeans((means) => {
  test.each([0, 1, 4096, 256 * 1024 + 1, 4 * MIB, 4 * MIB + 1, 20 * MIB])('a file of %d bytes arrives as it is', async (length) => {
    const bench = await workbench(means());
    const bytes = await withFile(bench, 'f.bin', length);
    const { status, headers, bytes: answer } = await bench.ask('GET', '/api/files/f.bin');
    expect({ status, length: headers['content-length'], type: headers['content-type'] }).toEqual({ status: 200, length: String(length), type: 'application/octet-stream' });
    expect(answer.equals(bytes)).toBe(true);
  });

  test.each([['small', 1000], ['large', 5 * MIB]])('a part of a %s file arrives as that part', async (_name, length) => {
    const bench = await workbench(means());
    const bytes = await withFile(bench, 'f', length);
    for (const [header, first, last] of [['bytes=0-0', 0, 0], ['bytes=10-', 10, length - 1], ['bytes=-7', length - 7, length - 1], [`bytes=5-${length * 2}`, 5, length - 1]] as const) {
      const { status, headers, bytes: answer } = await bench.ask('GET', '/api/files/f', { headers: { range: header } });
      expect({ status, range: headers['content-range'] }).toEqual({ status: 206, range: `bytes ${first}-${last}/${length}` });
      expect(answer.equals(bytes.subarray(first, last + 1))).toBe(true);
    }
  });

  test('a file with another name outside is not served', async () => {
    const { ask, folder } = await workbench(means());
    writeFileSync(join(folder, '..', 'outside', 'secret'), 'secret');
    linkSync(join(folder, '..', 'outside', 'secret'), join(folder, 'f'));
    expect(await ask('GET', '/api/files/f')).toMatchObject({ status: 400, body: { reason: 'PATH_REFUSED' } });
  });
});

test('a part that is not in the file is refused, with the size of it', async () => {
  const bench = await workbench(NODE_MEANS);
  await withFile(bench, 'f', 10);
  const { status, headers, body } = await bench.ask('GET', '/api/files/f', { headers: { range: 'bytes=10-' } });
  expect({ status, range: headers['content-range'], reason: body.reason }).toEqual({ status: 416, range: 'bytes */10', reason: 'RANGE_NOT_SATISFIABLE' });
});

test('HEAD tells what GET would, without the file', async () => {
  const bench = await workbench(NODE_MEANS);
  await withFile(bench, 'page.html', 5 * MIB);
  const get = await bench.ask('GET', '/api/files/page.html');
  const head = await bench.ask('HEAD', '/api/files/page.html');
  const told = ({ 'content-length': length, 'content-type': type, etag, 'last-modified': modified }: typeof get.headers) => ({ length, type, etag, modified });
  expect({ status: head.status, bytes: head.bytes.length, ...told(head.headers) }).toEqual({ status: 200, bytes: 0, ...told(get.headers) });
  expect(await bench.ask('HEAD', '/api/files/none')).toMatchObject({ status: 404 });
});

test('a file that the client has is not sent again, one that changed is', async () => {
  const bench = await workbench(NODE_MEANS);
  await withFile(bench, 'f', 10);
  const { etag, 'last-modified': modified } = (await bench.ask('GET', '/api/files/f')).headers as Record<string, string>;
  expect(await bench.ask('GET', '/api/files/f', { headers: { 'if-none-match': etag } })).toMatchObject({ status: 304 });
  expect(await bench.ask('GET', '/api/files/f', { headers: { 'if-modified-since': modified } })).toMatchObject({ status: 304 });
  expect(await bench.ask('GET', '/api/files/f', { headers: { 'range': 'bytes=0-1', 'if-range': etag } })).toMatchObject({ status: 206 });
  writeFileSync(join(bench.folder, 'f'), 'other text');
  utimesSync(join(bench.folder, 'f'), 2_000_000_000, 2_000_000_000);
  expect(await bench.ask('GET', '/api/files/f', { headers: { 'if-none-match': etag } })).toMatchObject({ status: 200 });
  expect(await bench.ask('GET', '/api/files/f', { headers: { 'if-modified-since': modified } })).toMatchObject({ status: 200 });
  expect(await bench.ask('GET', '/api/files/f', { headers: { 'range': 'bytes=0-1', 'if-range': etag } })).toMatchObject({ status: 200 });
});

test.each<[string, string]>([
  ['index.html', 'attachment; filename="index.html"'],
  ['a"b.txt', 'attachment; filename="a\\"b.txt"'],
  ['ü.txt', "attachment; filename=\"_.txt\"; filename*=UTF-8''%C3%BC.txt"],
  ['a\nb', "attachment; filename=\"a_b\"; filename*=UTF-8''a%0Ab"],
])('%j is saved under its name', async (name, disposition) => {
  const bench = await workbench(NODE_MEANS);
  await withFile(bench, name, 1);
  const { status, headers } = await bench.ask('GET', `/api/files/${encodeURIComponent(name)}`);
  expect({ status, disposition: headers['content-disposition'] }).toEqual({ status: 200, disposition });
});

test('a file that becomes shorter while it is sent ends its connection, and not as if it were whole', async () => {
  const bench = await workbench(NODE_MEANS);
  await withFile(bench, 'f', 64 * MIB);
  const socket = connect(bench.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`GET /api/files/f HTTP/1.1\r\nhost: x\r\nauthorization: ${bench.authorization}\r\n\r\n`);
  let seen = 0;
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  truncateSync(join(bench.folder, 'f'), 10);
  socket.on('data', (bytes) => {
    seen += bytes.length;
  });
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
  expect(seen).toBeLessThan(64 * MIB);
});

test('a client that takes nothing of a file is cut off, and others go on', async () => {
  const bench = await workbench(NODE_MEANS, { limits: { stalledMs: 100 } });
  await withFile(bench, 'f', 64 * MIB);
  const socket = connect(bench.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(`GET /api/files/f HTTP/1.1\r\nhost: x\r\nauthorization: ${bench.authorization}\r\n\r\n`);
  await eventually(() => bench.output().includes('the file was not sent to its end'));
  socket.destroy();
  expect(await bench.ask('GET', '/api/files/f', { headers: { range: 'bytes=0-9' } })).toMatchObject({ status: 206 });
});

test('files that have no room in memory are streamed, and the room is given back', async () => {
  const bench = await workbench(NODE_MEANS, { limits: { maxHeldBytes: MIB } });
  const bytes = await withFile(bench, 'f', MIB);
  const answers = await Promise.all(Array.from({ length: 8 }, () => bench.ask('GET', '/api/files/f')));
  for (const answer of answers) expect(answer.bytes.equals(bytes)).toBe(true);
});
