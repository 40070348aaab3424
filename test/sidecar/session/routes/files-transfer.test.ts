import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeMeans, NODE_MEANS, workbench, Workbench, workbenchIn } from './workbench';
import { STALLED_MS } from '../../../../src/protocol/session-work';
import { eventually, tempFolder } from '../../../helpers/temp-folder';

const MIB = 1024 * 1024;
const base = tempFolder();

function form(fields: readonly (readonly [string, string])[]): { readonly headers: Record<string, string>; readonly body: Buffer } {
  const parts = fields.map(([name, value]) => `--edge\r\nContent-Disposition: form-data; name="${name}"${name === 'file' ? '; filename="x; name=path"\r\nContent-Type: text/plain' : ''}\r\n\r\n${value}\r\n`);
  return { headers: { 'content-type': 'multipart/form-data; boundary=edge' }, body: Buffer.from(`${parts.join('')}--edge--\r\n`) };
}

function* pieces(count: number): Generator<Buffer> {
  for (let at = 0; at < count; at += 1) yield Buffer.alloc(MIB, at % 251);
}

/** Begins an upload and leaves in the middle of it. */
async function leaveUpload(bench: Workbench, path: string): Promise<void> {
  const request = httpRequest({ host: '127.0.0.1', port: bench.port, method: 'PUT', path, headers: { authorization: bench.authorization } });
  request.on('error', () => undefined);
  request.write(Buffer.alloc(MIB));
  await eventually(() => readdirSync(bench.folder).some((name) => name.startsWith('.agent-platform-upload-')));
  request.destroy();
}

describeMeans((means) => {
  test.each([
    ['the path first', [['path', 'a/f.txt'], ['mode', '0600'], ['file', 'hello\r\n--edg']]],
    ['the file first', [['file', 'hello\r\n--edg'], ['mode', '0600'], ['path', 'a/f.txt']]],
  ] as const)('a form with %s is an upload', async (_name, fields) => {
    const { ask, folder } = await workbench(means());
    expect(await ask('POST', '/api/files', form(fields))).toMatchObject({ status: 200, body: { path: 'a/f.txt', size: 12, mode: '-rw-------' } });
    expect(readFileSync(join(folder, 'a/f.txt'), 'utf8')).toBe('hello\r\n--edg');
    expect(readdirSync(folder)).toEqual(['a']);
  });

  test('a large file is written as it arrives, and is whole or not there', async () => {
    const { ask, folder } = await workbench(means());
    const before = process.memoryUsage.rss();
    expect(await ask('PUT', '/api/files/big?mode=0600', { body: pieces(300) })).toMatchObject({ status: 200, body: { size: 300 * MIB, mode: '-rw-------' } });
    expect(process.memoryUsage.rss() - before).toBeLessThan(150 * MIB);
    expect(readFileSync(join(folder, 'big')).equals(Buffer.concat([...pieces(300)]))).toBe(true);
  }, 60_000);

  test('an upload whose client goes away leaves the old file and nothing else', async () => {
    const bench = await workbench(means());
    writeFileSync(join(bench.folder, 'f'), 'old');
    await leaveUpload(bench, '/api/files/f');
    await eventually(() => readdirSync(bench.folder).length === 1);
    expect(readFileSync(join(bench.folder, 'f'), 'utf8')).toBe('old');
    expect(bench.output()).not.toContain('"level":"error"');
  });

  test.each([['in one piece', Buffer.alloc(2 * MIB)], ['in pieces', [Buffer.alloc(MIB), Buffer.alloc(MIB)]]])('a file that is too long, %s, leaves the old one', async (_name, body) => {
    const { ask, folder } = await workbench(means(), { limits: { maxFileBytes: MIB + 1 } });
    writeFileSync(join(folder, 'f'), 'old');
    const answer = await ask('PUT', '/api/files/f', { body }).catch((error: NodeJS.ErrnoException) => error.code);
    // The answer may be lost behind what is still on its way.
    if (typeof answer === 'object') expect(answer).toMatchObject({ status: 413, body: { error: 'request body too large', reason: 'TOO_LARGE' } });
    else expect(['EPIPE', 'ECONNRESET']).toContain(answer);
    await eventually(() => readdirSync(folder).length === 1);
    expect(readFileSync(join(folder, 'f'), 'utf8')).toBe('old');
  });
});

test.each<[string, readonly (readonly [string, string])[], string]>([
  ['without path', [['file', 'x']], "Missing 'path' field"],
  ['with an empty path', [['path', ''], ['file', 'x']], "Missing 'path' field"],
  ['without file', [['path', 'f']], "Failed to get file: the form has no field 'file'"],
  ['with two files', [['path', 'f'], ['file', 'x'], ['file', 'y']], "the form has the field 'file' twice"],
  ['with two paths', [['path', 'f'], ['path', 'g'], ['file', 'x']], "the form has the field 'path' twice"],
  ['with a path that is too long', [['path', 'x'.repeat(5000)], ['file', 'x']], "the field 'path' is longer than 4096 bytes"],
  ['with a path that leads out', [['path', '../f'], ['file', 'x']], '"../f" leads out of the workspace'],
])('a form %s is refused, and leaves nothing', async (_name, fields, detail) => {
  const { ask, folder } = await workbench(NODE_MEANS);
  expect(await ask('POST', '/api/files', form(fields))).toMatchObject({ status: 400, body: { detail } });
  expect(readdirSync(folder)).toEqual([]);
});

test('a form that ends early is refused, and leaves nothing', async () => {
  const { ask, folder } = await workbench(NODE_MEANS);
  const { headers, body } = form([['path', 'f'], ['file', 'x'.repeat(1000)]]);
  expect(await ask('POST', '/api/files', { headers, body: body.subarray(0, 600) })).toMatchObject({ status: 400, body: { detail: 'the form ended early' } });
  expect(readdirSync(folder)).toEqual([]);
});

test('sixteen uploads of 24 MiB in JSON at once take the memory of few', async () => {
  const bench = await workbench(NODE_MEANS);
  const body = JSON.stringify({ path: 'f', content: Buffer.alloc(23 * MIB).toString('base64') });
  const sent = Buffer.from(body);
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 5);
  const before = process.memoryUsage.rss();
  const answers = await Promise.all(Array.from({ length: 16 }, () => bench.ask('POST', '/api/files', { body: sent })));
  clearInterval(watch);
  expect(answers.map(({ status }) => status)).toEqual(Array(16).fill(200));
  expect(most - before).toBeLessThan(500 * MIB);
}, 60_000);

test('a body that stands still is cut off, and its turn is given on', async () => {
  const bench = await workbench(NODE_MEANS, { limits: { maxBodyBytes: 100_000 } });
  const accepted = once(bench.app.server, 'connection');
  const request = httpRequest({ host: '127.0.0.1', port: bench.port, method: 'POST', path: '/api/files', headers: { 'authorization': bench.authorization, 'content-length': 90_000 } });
  request.on('error', () => undefined);
  request.write('{');
  const [still] = await accepted as [Socket];
  await eventually(() => still.timeout === STALLED_MS);
  const content = Buffer.alloc(60_000).toString('base64');
  const waiting = bench.ask('POST', '/api/files', { body: { path: 'f', content } });
  still.emit('timeout');
  expect(await waiting).toMatchObject({ status: 200 });
  expect(still.destroyed).toBe(true);
});

test('more bodies than may wait are told to come again', async () => {
  const bench = await workbench(NODE_MEANS, { limits: { maxBodyBytes: 100_000, maxWaitingBodies: 0 } });
  const headers = { 'authorization': bench.authorization, 'content-length': 90_000, 'expect': '100-continue' };
  const request = httpRequest({ host: '127.0.0.1', port: bench.port, method: 'POST', path: '/api/files', headers });
  request.on('error', () => undefined);
  request.flushHeaders();
  // Its turn has come.
  await once(request, 'continue');
  const answer = await bench.ask('POST', '/api/files', { body: { path: 'f', content: 'A'.repeat(80_000) } });
  expect(answer).toMatchObject({ status: 429, body: { reason: 'TOO_MANY_COMMANDS' }, headers: { 'retry-after': '1' } });
  request.destroy();
});

test('unfinished uploads of an earlier run are removed at the start, and nothing that looks like one', async () => {
  const folder = join(base, 'abandoned');
  mkdirSync(join(folder, 'a', 'b'), { recursive: true });
  const old = '.agent-platform-upload-0123456789abcdef-1';
  for (const name of [old, `a/b/${old}`, `${old}.txt`, 'x.agent-platform-upload-0123456789abcdef-1']) writeFileSync(join(folder, name), '');
  mkdirSync(join(folder, 'a', old));
  await workbenchIn(folder, NODE_MEANS);
  await eventually(() => !existsSync(join(folder, 'a', 'b', old)) && !existsSync(join(folder, old)));
  expect(readdirSync(folder).sort()).toEqual([`${old}.txt`, 'a', 'x.agent-platform-upload-0123456789abcdef-1']);
  expect(statSync(join(folder, 'a', old)).isDirectory()).toBe(true);
});

/** A volume of a mebibyte, where this process may mount one. */
function smallVolume(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'session-volume-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
}

const volume = smallVolume();
afterAll(() => {
  if (volume === undefined) return;
  execFileSync('umount', ['-l', volume]);
  rmSync(volume, { recursive: true });
});

(volume === undefined ? describe.skip : describe)('on a volume that is full', () => {
  test.each([
    ['an upload that says how long it is', 'PUT', '/api/files/f', {}, Buffer.alloc(3 * MIB)],
    ['an upload that does not', 'PUT', '/api/files/f', {}, [Buffer.alloc(MIB / 2), Buffer.alloc(MIB)]],
    ['a form', 'POST', '/api/files', form([]).headers, form([['path', 'f'], ['file', 'x'.repeat(2 * MIB)]]).body],
    ['an upload in JSON', 'POST', '/api/files', {}, Buffer.from(JSON.stringify({ path: 'f', content: Buffer.alloc(2 * MIB).toString('base64') }))],
  ])('%s is refused, the old file is as it was, and nothing else is left', async (_name, method, path, headers, body) => {
    const { ask } = await workbenchIn(volume!, NODE_MEANS);
    writeFileSync(join(volume!, 'f'), 'old');
    const answer = await ask(method, path, { headers, body }).catch((error: NodeJS.ErrnoException) => error.code);
    if (typeof answer === 'object') expect(answer).toMatchObject({ status: 507, body: { reason: 'NO_SPACE', code: 507 } });
    else expect(['EPIPE', 'ECONNRESET']).toContain(answer);
    await eventually(() => readdirSync(volume!).length === 1);
    expect(readFileSync(join(volume!, 'f'), 'utf8')).toBe('old');
  });
});
