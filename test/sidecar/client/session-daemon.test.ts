import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandEvent, Session, SessionClient } from '../../../src/client';
import { eventually } from '../../helpers/temp-folder';
import { living, longSleep } from '../session/commands';
import { NODE_MEANS, workbench } from '../session/routes/workbench';

const PREFIX = '/v1/namespaces/team-a/code-interpreters/python/invocations';

/** The client over a session daemon itself: what stands for the gateway takes the front off each path, as the gateway does. */
async function session(): Promise<{ session: Session; folder: string }> {
  const { port, authorization, folder } = await workbench(NODE_MEANS, {}, { FROM_SESSION: 'yes' });
  const url = `http://127.0.0.1:${port}`;
  const throughNothing: typeof fetch = (target, init) => fetch(String(target).replace(`${url}${PREFIX}`, url), init);
  const client = new SessionClient({ url, token: authorization.slice('Bearer '.length), fetch: throughNothing });
  return { session: client.session('s-1', { namespace: 'team-a', name: 'python' }), folder };
}

test('a command gets input, variables and a folder, and its result comes back', async () => {
  const { session: own } = await session();
  const result = await own.execute(['sh', '-c', 'cat; echo "$FROM_SESSION $A" >&2; pwd; exit 7'], { stdin: 'in ', env: { A: '1' }, workingDir: 'deep/er' });
  expect(result).toMatchObject({ exitCode: 7, stderr: 'yes 1\n', timedOut: false, stdoutTruncated: false });
  expect(result.stdout).toMatch(/^in .*\/deep\/er\n$/);
});

test('a command that takes too long is ended', async () => {
  const { session: own } = await session();
  expect(await own.execute(['sleep', longSleep()], { timeout: '100ms' })).toMatchObject({ exitCode: 124, timedOut: true });
});

test('bytes go in and come out as they are', async () => {
  const { session: own } = await session();
  const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
  expect([...(await own.execute(['cat'], { stdin: bytes, output: 'bytes' })).stdout]).toEqual([...bytes]);
});

test('a stream has all that a command writes, whatever the encoding', async () => {
  const { session: own } = await session();
  for (const stdin of ['üü', new TextEncoder().encode('üü')]) {
    const all: CommandEvent<string>[] = [];
    for await (const event of own.stream(['sh', '-c', 'cat; echo no >&2; exit 3'], { stdin })) all.push(event);
    const of = (type: string): string => all.map((event) => (event.type === type ? (event as { data: string }).data : '')).join('');
    expect([of('stdout'), of('stderr'), all.at(-1)]).toEqual(['üü', 'no\n', expect.objectContaining({ type: 'exit', exitCode: 3 })]);
  }
});

test('leaving a stream ends its command', async () => {
  const { session: own } = await session();
  const time = longSleep();
  for await (const event of own.stream(['sh', '-c', `echo go; exec sleep ${time}`])) {
    if (event.type === 'stdout') break;
  }
  await eventually(() => living(time).length === 0);
});

test('files are written, read, listed, looked at, moved and removed', async () => {
  const { session: { files }, folder } = await session();
  expect(await files.write('src/ü b.txt', 'text', { mode: '0600' })).toMatchObject({ path: 'src/ü b.txt', size: 4, mode: '-rw-------' });
  expect(readFileSync(join(folder, 'src/ü b.txt'), 'utf8')).toBe('text');
  await files.write('empty', '');
  expect(await files.readText('src/ü b.txt')).toBe('text');
  expect(await files.mkdir('more')).toMatchObject({ name: 'more', isDirectory: true });
  expect(await files.move('src/ü b.txt', 'more/c')).toMatchObject({ path: 'more/c' });
  const names: string[] = [];
  for await (const { name } of files.list('/', { recursive: true })) names.push(name);
  expect(names).toEqual(['empty', 'more', 'more/c', 'src']);
  expect(await files.stat('more/c')).toMatchObject({ name: 'c', size: 4, isDirectory: false });
  await files.remove('more', { recursive: true });
  await expect(files.stat('more')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND', status: 404 });
});

test.each<[string, (one: Session) => Promise<unknown>, string]>([
  ['a file that is not there', ({ files }) => files.read('none'), 'FILE_NOT_FOUND'],
  ['a folder that has something in it', async ({ files }) => { await files.write('a/b', 'x'); await files.remove('a'); }, 'NOT_EMPTY'],
  ['a name that is taken', async ({ files }) => { await files.write('a', '1'); await files.write('b', '2'); await files.move('a', 'b'); }, 'ALREADY_EXISTS'],
  ['a folder outside', (one) => one.execute(['true'], { workingDir: '../outside' }), 'PATH_REFUSED'],
  ['a timeout that is none', (one) => one.execute(['true'], { timeout: 'soon' }), 'BAD_REQUEST'],
  ['a variable that is not allowed', (one) => one.execute(['true'], { env: { 'A=B': 'x' } }), 'COMMAND_ENV_REFUSED'],
  ['a program that is none', (one) => one.execute([]), 'BAD_REQUEST'],
])('%s is refused with the code of the session', async (_, refused, code) => {
  const { session: own } = await session();
  await expect(refused(own)).rejects.toMatchObject({ name: 'SessionError', code });
});
