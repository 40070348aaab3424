import { Answer, gateway, PLACE, soon } from './gateway-stand-in';

const FILES = '/v1/namespaces/team-a/code-interpreters/python/invocations/api/files';
const WRITTEN = { path: 'a', size: 1, mode: '-rw-r--r--', modified: '2026-05-04T09:00:00Z' };
const ENTRY = { name: 'a', size: 1, mode: '-rw-r--r--', modified: '2026-05-04T09:00:00Z', is_dir: false };
const INFO = { name: 'a', size: 1, mode: '-rw-r--r--', modified: '2026-05-04T09:00:00Z', isDirectory: false };

async function files(...answers: Answer[]) {
  const { client, asked } = await gateway(...answers);
  return { files: client().session('s-1', PLACE).files, asked };
}

test('text and bytes are written as they are', async () => {
  const { files: own, asked } = await files({ body: WRITTEN });
  expect(await own.write('src/a b.txt', 'ü')).toEqual(WRITTEN);
  await own.write('/run.sh', Uint8Array.of(104, 105), { mode: '0755' });
  await own.write('empty', '');
  expect(asked.map(({ method, url, text }) => [method, url, text])).toEqual([
    ['PUT', `${FILES}/src/a%20b.txt`, 'ü'], ['PUT', `${FILES}/run.sh?mode=0755`, 'hi'], ['PUT', `${FILES}/empty`, ''],
  ]);
  expect(asked[0].headers).toMatchObject({ 'content-type': 'application/octet-stream', 'content-length': '2', 'x-agentcube-session-id': 's-1' });
});

test('a file is read as bytes or as text', async () => {
  const { files: own } = await files({ body: 'ü' });
  expect([...await own.read('a')]).toEqual([0xc3, 0xbc]);
  expect(await own.readText('a')).toBe('ü');
});

test('a folder is listed page by page', async () => {
  const { files: own, asked } = await files({ body: { files: [ENTRY], next: 'a' } }, { body: { files: [{ ...ENTRY, name: 'b', is_dir: true }] } });
  const found = [];
  for await (const info of own.list('/src', { recursive: true })) found.push(info);
  expect(found).toEqual([INFO, { ...INFO, name: 'b', isDirectory: true }]);
  expect(asked.map(({ url }) => url)).toEqual([`${FILES}?path=%2Fsrc&recursive=true`, `${FILES}?path=%2Fsrc&recursive=true&after=a`]);
});

test('paths are looked at, made, moved and removed', async () => {
  const { files: own, asked } = await files({ body: ENTRY }, { body: ENTRY }, { body: WRITTEN }, { status: 204, body: '' });
  expect(await own.stat('a')).toEqual(INFO);
  expect(await own.mkdir('b/c')).toEqual(INFO);
  expect(await own.move('a', 'b/c/a', { overwrite: true })).toEqual(WRITTEN);
  await own.remove('b', { recursive: true });
  expect(asked.map(({ method, url, text }) => [method, url, text])).toEqual([
    ['GET', `${FILES}?path=a&stat=true`, ''],
    ['PUT', `${FILES}/b/c?directory=true`, ''],
    ['PATCH', `${FILES}/a`, '{"path":"b/c/a","overwrite":true}'],
    ['DELETE', `${FILES}/b?recursive=true`, ''],
  ]);
});

test.each([
  ['a/../b', 'b'], ['./a/.', 'a'], ['//a///b/', 'a/b'], ['..a', '..a'], ['a/...', 'a/...'], ['%2e%2e/a', '%252e%252e/a'],
  ['a?b#c', 'a%3Fb%23c'], ['ü', '%C3%BC'], ['a\\..\\b', 'a%5C..%5Cb'],
])('the path %j is asked for as %j', async (path, encoded) => {
  const { files: own, asked } = await files({ body: '' });
  await own.read(path);
  expect(asked[0].url).toBe(`${FILES}/${encoded}`);
});

test.each(['..', '../x', 'a/../../x', '/../../../../../v1/sessions/other'])('the path %j leads out, and nothing is sent', async (path) => {
  const { files: own, asked } = await files();
  for (const attempt of [own.read(path), own.write(path, ''), own.remove(path), own.mkdir(path), own.move(path, 'a')]) {
    await expect(attempt).rejects.toMatchObject({ name: 'SessionError', code: 'PATH_REFUSED', status: 400 });
  }
  expect(asked).toEqual([]);
});

test('what can be repeated is, after a refusal for a moment', async () => {
  const { files: own, asked } = await files(soon('UNAVAILABLE'), { body: WRITTEN });
  expect(await own.write('a', 'x')).toEqual(WRITTEN);
  expect(asked.map(({ text }) => text)).toEqual(['x', 'x']);
});

test('what cannot be repeated is not', async () => {
  const { files: own, asked } = await files(soon('UNAVAILABLE'));
  await expect(own.move('a', 'b')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await expect(own.remove('a')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(asked).toHaveLength(2);
});

test('a missing file is an error of its own', async () => {
  const { files: own } = await files({ status: 404, body: { error: 'File not found', code: 404, reason: 'FILE_NOT_FOUND', detail: 'a is not there' } });
  await expect(own.readText('a')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND', status: 404, message: 'a is not there' });
});

test('a file that is cut on its way is none', async () => {
  const { files: own } = await files({ headers: { 'content-length': '10' }, body: 'abc', cut: true });
  await expect(own.read('a')).rejects.toMatchObject({ code: 'ANSWER_BROKEN' });
});
