import { chmodSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeMeans, NODE_MEANS, workbench, Workbench } from './workbench';

const urlOf = (path: string): string => `/api/files/${path.split('/').map(encodeURIComponent).join('/')}`;
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const upload = ({ ask }: Workbench, path: string, content: string, more: object = {}) => ask('POST', '/api/files', { body: { path, content: base64(content), ...more } });

/** Names that clients, shells and other servers have trouble with. */
const NAMES = ['index.html', '..foo', '...', 'a"b', "it's", 'a b', 'ü€😀', 'a\nb', 'a\\b', '100%', '%2e%2e', 'a?b#c&d', '-rf', ';semi', 'con:trol\u0001', '~', '{x}', 'a+b', '__proto__'];

describeMeans((means) => {
  test('an upload is answered with what PicoD clients read', async () => {
    const bench = await workbench(means());
    const { status, body } = await upload(bench, '/a/b/hello.txt', 'hello');
    expect({ status, body }).toEqual({ status: 200, body: { path: 'a/b/hello.txt', size: 5, mode: '-rw-r--r--', modified: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) } });
    expect(readFileSync(join(bench.folder, 'a/b/hello.txt'), 'utf8')).toBe('hello');
    expect(readdirSync(join(bench.folder, 'a/b'))).toEqual(['hello.txt']);
  });

  test.each(NAMES)('a file may be called %j', async (name) => {
    const bench = await workbench(means());
    expect(await upload(bench, `d/${name}`, 'by json')).toMatchObject({ status: 200, body: { path: `d/${name}` } });
    expect((await bench.ask('GET', urlOf(`d/${name}`))).bytes.toString()).toBe('by json');
    expect(await bench.ask('PUT', urlOf(`d/${name}`), { body: 'by put' })).toMatchObject({ status: 200, body: { path: `d/${name}` } });
    expect(readFileSync(join(bench.folder, 'd', name), 'utf8')).toBe('by put');
    expect((await bench.ask('GET', '/api/files?path=d')).body.files).toMatchObject([{ name, size: 6, is_dir: false }]);
    expect(await bench.ask('DELETE', urlOf(`d/${name}`))).toMatchObject({ status: 204 });
    expect(readdirSync(join(bench.folder, 'd'))).toEqual([]);
  });

  test('an empty file can be made in every way', async () => {
    const bench = await workbench(means());
    expect(await upload(bench, 'json', '')).toMatchObject({ status: 200, body: { size: 0 } });
    expect(await bench.ask('PUT', urlOf('put'))).toMatchObject({ status: 200, body: { size: 0 } });
    expect((await bench.ask('GET', urlOf('put'))).headers).toMatchObject({ 'content-length': '0' });
  });

  test.each<[string | undefined | null, number]>([['0755', 0o755], ['600', 0o600], ['0', 0], [undefined, 0o644], [null, 0o644], ['4755', 0o644], ['rwx', 0o644], ['', 0o644], ['0o755', 0o644]])(
    'the mode %p of a new file is %p', async (mode, expected) => {
      const bench = await workbench(means());
      await upload(bench, 'f', 'x', { mode });
      expect(statSync(join(bench.folder, 'f')).mode & 0o7777).toBe(expected & ~process.umask());
    });

  test('a file that is replaced keeps its mode, and its other names keep the old content', async () => {
    const bench = await workbench(means());
    writeFileSync(join(bench.folder, 'f'), 'old');
    chmodSync(join(bench.folder, 'f'), 0o751);
    linkSync(join(bench.folder, 'f'), join(bench.folder, '..', 'outside', 'other'));
    expect(await upload(bench, 'f', 'new', { mode: '0600' })).toMatchObject({ status: 200, body: { mode: '-rwxr-x--x' } });
    expect(readFileSync(join(bench.folder, 'f'), 'utf8')).toBe('new');
    expect(readFileSync(join(bench.folder, '..', 'outside', 'other'), 'utf8')).toBe('old');
  });

  test('no upload leaves the workspace by a link: not by the file, not by its folder, not by a folder to be made', async () => {
    const bench = await workbench(means());
    const outside = join(bench.folder, '..', 'outside');
    symlinkSync('../outside/new', join(bench.folder, 'l'));
    symlinkSync('../outside', join(bench.folder, 'd'));
    symlinkSync(outside, join(bench.folder, 'absolute'));
    for (const path of ['d/f', 'd/newdir/f', 'absolute/f', 'l/f', '../outside/f']) {
      expect(await upload(bench, path, 'x')).toMatchObject({ status: 400 });
      if (!path.startsWith('..')) expect(await bench.ask('PUT', urlOf(path), { body: 'x' })).toMatchObject({ status: 400 });
    }
    // The link itself is replaced by the file.
    expect(await upload(bench, 'l', 'inside')).toMatchObject({ status: 200 });
    expect(readFileSync(join(bench.folder, 'l'), 'utf8')).toBe('inside');
    expect(readdirSync(outside)).toEqual([]);
    expect(readdirSync(bench.folder).sort()).toEqual(['absolute', 'd', 'l']);
  });

  test('links are listed and removed as what they are', async () => {
    const bench = await workbench(means());
    writeFileSync(join(bench.folder, '..', 'outside', 'secret'), 'secret');
    symlinkSync('../outside', join(bench.folder, 'd'));
    expect((await bench.ask('GET', '/api/files?path=.&recursive=true')).body.files).toMatchObject([{ name: 'd', is_dir: false, mode: 'Lrwxrwxrwx' }]);
    expect((await bench.ask('GET', '/api/files?path=d&stat=true')).body).toMatchObject({ name: 'd', is_dir: false });
    for (const path of ['/api/files?path=d', '/api/files?path=d/secret&stat=true', '/api/files/d/secret']) expect(await bench.ask('GET', path)).toMatchObject({ status: 400, body: { reason: 'PATH_REFUSED' } });
    expect(await bench.ask('DELETE', '/api/files/d/secret')).toMatchObject({ status: 400 });
    expect(await bench.ask('DELETE', '/api/files/d?recursive=true')).toMatchObject({ status: 204 });
    expect(existsSync(join(bench.folder, '..', 'outside', 'secret'))).toBe(true);
  });

  test('a folder is made with those above it, and a second time it is there', async () => {
    const bench = await workbench(means());
    for (let times = 0; times < 2; times += 1) expect(await bench.ask('PUT', '/api/files/a/b/c?directory=true')).toMatchObject({ status: 200, body: { name: 'c', is_dir: true, mode: 'drwxr-xr-x' } });
    writeFileSync(join(bench.folder, 'f'), '');
    expect(await bench.ask('PUT', '/api/files/f?directory=true')).toMatchObject({ status: 409, body: { reason: 'ALREADY_EXISTS' } });
  });

  test('a file moves to a folder that is made, and takes the place of another only when told', async () => {
    const bench = await workbench(means());
    await upload(bench, 'a', 'A');
    await upload(bench, 'taken', 'T');
    expect(await bench.ask('PATCH', '/api/files/a', { body: { path: 'taken' } })).toMatchObject({ status: 409, body: { reason: 'ALREADY_EXISTS' } });
    expect(await bench.ask('PATCH', '/api/files/a', { body: { path: 'new/b' } })).toMatchObject({ status: 200, body: { path: 'new/b', size: 1 } });
    expect(await bench.ask('PATCH', '/api/files/new/b', { body: { path: 'taken', overwrite: true } })).toMatchObject({ status: 200 });
    expect(readFileSync(join(bench.folder, 'taken'), 'utf8')).toBe('A');
    expect(existsSync(join(bench.folder, 'a'))).toBe(false);
  });

  test('a link moves as a link', async () => {
    const bench = await workbench(means());
    symlinkSync('../outside', join(bench.folder, 'l'));
    expect(await bench.ask('PATCH', '/api/files/l', { body: { path: 'm' } })).toMatchObject({ status: 200 });
    expect(readlinkSync(join(bench.folder, 'm'))).toBe('../outside');
  });

  test.each<[string, string, object | undefined, number, string]>([
    ['GET', '/api/files', undefined, 400, 'BAD_REQUEST'],
    ['GET', '/api/files?path=', undefined, 400, 'BAD_REQUEST'],
    ['GET', '/api/files?path=none', undefined, 404, 'DIRECTORY_NOT_FOUND'],
    ['GET', '/api/files?path=file', undefined, 400, 'NOT_A_DIRECTORY'],
    ['GET', '/api/files?path=none&stat=true', undefined, 404, 'FILE_NOT_FOUND'],
    ['GET', '/api/files?path=..&stat=true', undefined, 400, 'PATH_REFUSED'],
    ['GET', '/api/files?path=dir&limit=0', undefined, 400, 'BAD_REQUEST'],
    ['GET', '/api/files?path=dir&recursive=1', undefined, 400, 'BAD_REQUEST'],
    ['GET', '/api/files?path=dir&depth=1', undefined, 400, 'BAD_REQUEST'],
    ['GET', '/api/files/none', undefined, 404, 'FILE_NOT_FOUND'],
    ['GET', '/api/files/dir', undefined, 400, 'NOT_A_FILE'],
    ['GET', '/api/files/', undefined, 400, 'NOT_A_FILE'],
    ['GET', '/api/files/file/x', undefined, 400, 'NOT_A_DIRECTORY'],
    ['GET', '/api/files/%2e%2e%2fx', undefined, 400, 'PATH_REFUSED'],
    ['GET', '/api/files/a%00b', undefined, 400, 'PATH_REFUSED'],
    ['GET', '/api/files/%ff', undefined, 400, 'BAD_REQUEST'],
    ['GET', `/api/files/${'x'.repeat(256)}`, undefined, 400, 'PATH_REFUSED'],
    ['GET', `/api/files/${'x/'.repeat(2500)}`, undefined, 400, 'PATH_REFUSED'],
    ['GET', '/api/filesx', undefined, 404, 'NOT_FOUND'],
    ['GET', '/apix/files', undefined, 404, 'NOT_FOUND'],
    ['POST', '/api/files', { content: '' }, 400, 'BAD_REQUEST'],
    ['POST', '/api/files', { path: 'x' }, 400, 'BAD_REQUEST'],
    ['POST', '/api/files', { path: 'x', content: 'no base64' }, 400, 'BAD_REQUEST'],
    ['POST', '/api/files', { path: 'x', content: '', owner: 'root' }, 400, 'BAD_REQUEST'],
    ['POST', '/api/files', { path: 'dir', content: '' }, 400, 'NOT_A_FILE'],
    ['POST', '/api/files', { path: '/', content: '' }, 400, 'NOT_A_FILE'],
    ['POST', '/api/files', { path: 'file/x', content: '' }, 400, 'NOT_A_DIRECTORY'],
    ['PUT', '/api/files/x?mode=9', undefined, 400, 'BAD_REQUEST'],
    ['PUT', '/api/files/x?mode=4755', undefined, 400, 'BAD_REQUEST'],
    ['PUT', '/api/files/', undefined, 400, 'NOT_A_FILE'],
    ['DELETE', '/api/files/none', undefined, 404, 'FILE_NOT_FOUND'],
    ['DELETE', '/api/files/dir', undefined, 409, 'NOT_EMPTY'],
    ['DELETE', '/api/files/', undefined, 400, 'NOT_A_FILE'],
    ['PATCH', '/api/files/none', { path: 'x' }, 404, 'FILE_NOT_FOUND'],
    ['PATCH', '/api/files/dir', { path: 'dir/inside' }, 400, 'BAD_REQUEST'],
    ['PATCH', '/api/files/file', { path: '../x' }, 400, 'PATH_REFUSED'],
    ['PATCH', '/api/files/file', { path: 'dir', overwrite: true }, 400, 'NOT_A_FILE'],
    ['PATCH', '/api/files/file', {}, 400, 'BAD_REQUEST'],
    ['POST', '/api/files/file', {}, 405, 'BAD_REQUEST'],
  ])('%s %s with %j is refused', async (method, path, body, status, reason) => {
    const { ask, folder } = await workbench(means());
    mkdirSync(join(folder, 'dir'));
    writeFileSync(join(folder, 'dir', 'f'), '');
    writeFileSync(join(folder, 'file'), 'old');
    expect(await ask(method, path, { body })).toMatchObject({ status, body: { reason } });
    expect(readdirSync(folder).sort()).toEqual(['dir', 'file']);
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('old');
  });
});

test('a folder is removed with all that is in it, only when told', async () => {
  const { ask, folder } = await workbench(NODE_MEANS);
  mkdirSync(join(folder, 'a', 'b', 'c'), { recursive: true });
  for (let at = 0; at < 200; at += 1) writeFileSync(join(folder, 'a', 'b', `f${at}`), '');
  expect(await ask('DELETE', '/api/files/a?recursive=true')).toMatchObject({ status: 204 });
  expect(readdirSync(folder)).toEqual([]);
});

test('without a token no file is told, written or removed', async () => {
  const { ask, folder } = await workbench(NODE_MEANS);
  writeFileSync(join(folder, 'f'), 'old');
  for (const [method, path] of [['GET', '/api/files/f'], ['HEAD', '/api/files/f'], ['PUT', '/api/files/f'], ['DELETE', '/api/files/f'], ['GET', '/api/files?path=.']]) {
    expect(await ask(method, path, { headers: { authorization: 'Bearer x' } })).toMatchObject({ status: 401 });
  }
  expect(readFileSync(join(folder, 'f'), 'utf8')).toBe('old');
});
