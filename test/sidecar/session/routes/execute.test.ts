import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describeMeans, NODE_MEANS, workbench } from './workbench';
import { inTime } from '../in-time';

describeMeans((means) => {
  test('the answer has the fields that PicoD clients read', async () => {
    const { execute } = await workbench(means());
    const { status, body } = await execute(['sh', '-c', 'echo out; echo err >&2']);
    expect(status).toBe(200);
    expect(body).toEqual({
      stdout: 'out\n',
      stderr: 'err\n',
      exit_code: 0,
      duration: expect.any(Number),
      start_time: expect.stringMatching(/^\d{4}-.*Z$/),
      end_time: expect.any(String),
      timed_out: false,
      stdout_truncated: false,
      stderr_truncated: false,
    });
    expect(Date.parse(body.end_time) - Date.parse(body.start_time)).toBeCloseTo(body.duration * 1000, 0);
  });

  test.each<[string, readonly string[], object]>([
    ['that fails has its own code', ['sh', '-c', 'exit 7'], { exit_code: 7, timed_out: false }],
    ['that a signal ended has -1 and the signal', ['sh', '-c', 'kill -9 $$'], { exit_code: -1, signal: 'SIGKILL', timed_out: false }],
    ['that is not there has 1, and says why', ['no-such-program'], { exit_code: 1, stderr: '"no-such-program" was not started: ENOENT' }],
    ['that may not be run has 1, and says why', ['/etc'], { exit_code: 1, stderr: '"/etc" was not started: EACCES' }],
    ['with a zero byte has 1, and says why', ['echo', 'a\0b'], { exit_code: 1, stderr: '"echo" was not started: EINVAL' }],
  ])('a command %s, with status 200', async (_name, command, result) => {
    const { execute } = await workbench(means());
    expect(await execute(command)).toMatchObject({ status: 200, body: result });
  });

  test('the time of a command is over even when it ends well afterwards', async () => {
    const { execute } = await workbench(means());
    const script = 'trap "exit 0" TERM; echo begun; while :; do sleep 0.05; done';
    const body = await inTime(async (factor) => (await execute(['sh', '-c', script], { timeout: `${1400 * factor}ms` })).body, ({ stdout }) => stdout === 'begun\n');
    expect(body).toMatchObject({ exit_code: 124, timed_out: true, stdout: 'begun\n', stderr: expect.stringMatching(/Command timed out after (1|6|22) seconds$/) });
  });

  test.each(['0s', '-1s', '0'])('a timeout of %s ends the command at once', async (timeout) => {
    const { execute } = await workbench(means());
    expect((await execute(['sleep', '60'], { timeout })).body).toMatchObject({ exit_code: 124, timed_out: true, stderr: `Command timed out after ${parseInt(timeout)} seconds` });
  });

  test('what a command reads is what was sent', async () => {
    const { execute } = await workbench(means());
    expect((await execute(['cat'], { stdin: 'höllo\n' })).body.stdout).toBe('höllo\n');
    expect((await execute(['cat'])).body.stdout).toBe('');
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('base64');
    expect((await execute(['cat'], { stdin: bytes, encoding: 'base64' })).body).toMatchObject({ stdout: bytes, stderr: '' });
  });

  test('input that the command does not read holds nothing up', async () => {
    const { execute } = await workbench(means());
    expect((await execute(['true'], { stdin: 'x'.repeat(1024 * 1024) })).body).toMatchObject({ exit_code: 0 });
  });

  test('text is not cut in the middle of a character, however it arrives', async () => {
    const { execute } = await workbench(means());
    const { body } = await execute(['sh', '-c', "printf '\\303'; sleep 0.05; printf '\\244\\377'"]);
    expect(body.stdout).toBe('ä\ufffd');
  });

  test('a working directory is made, and a leading slash is the workspace', async () => {
    const { execute, folder } = await workbench(means());
    expect((await execute(['pwd', '-P'], { working_dir: '/a/b' })).body.stdout).toBe(`${join(folder, 'a', 'b')}\n`);
    expect((await execute(['pwd', '-P'], { working_dir: '' })).body.stdout).toBe(`${folder}\n`);
  });

  test.each([
    ['..', 'leads out'], ['a/../../x', 'leads out'], ['link/x', 'leads out'], ['dangling', 'is not a folder'], ['dangling/x', 'is not a folder'],
    ['x'.repeat(300), 'is too long'], ['x/'.repeat(4000), 'is too long'],
  ])('the working directory %s is refused', async (directory, reason) => {
    const { execute, folder } = await workbench(means());
    symlinkSync('../outside', join(folder, 'link'));
    symlinkSync('nowhere', join(folder, 'dangling'));
    const { status, body } = await execute(['true'], { working_dir: directory });
    expect({ status, detail: body.detail }).toEqual({ status: 400, detail: expect.stringContaining(reason) });
    expect(body.error).toContain('Invalid working directory: ');
    expect(existsSync(join(folder, 'nowhere'))).toBe(false);
  });

  test('a link within the workspace leads to its folder', async () => {
    const { execute, folder } = await workbench(means());
    mkdirSync(join(folder, 'real'));
    symlinkSync('real', join(folder, 'link'));
    expect((await execute(['pwd', '-P'], { working_dir: 'link' })).body.stdout).toBe(`${join(folder, 'real')}\n`);
  });

  test('the environment is that of the platform, then of the session, then of the request', async () => {
    const base = { PATH: process.env.PATH!, WHO: 'base', HOME: '/home/agent' };
    const { execute } = await workbench(means(), { baseEnvironment: base }, { WHO: 'session', THEIRS: 'session' });
    const script = 'echo $HOME $WHO $THEIRS';
    expect((await execute(['sh', '-c', script], { env: { THEIRS: 'request' } })).body.stdout).toBe('/home/agent session request\n');
    expect((await execute(['sh', '-c', script])).body.stdout).toBe('/home/agent session session\n');
  });

  test('a request may name any variable, as a shell may', async () => {
    const { execute } = await workbench(means(), { baseEnvironment: { PATH: process.env.PATH!, HOME: '/home/agent' } });
    const env = { 'HOME': '/elsewhere', 'HTTPS_PROXY': 'http://p', 'MY-VAR': 'dash' };
    const { stdout } = (await execute(['env'], { env })).body;
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(['HOME=/elsewhere', 'HTTPS_PROXY=http://p', 'MY-VAR=dash']));
  });

  test('nothing of the daemon is in the environment', async () => {
    const { execute } = await workbench(means());
    const names: string[] = (await execute(['env'])).body.stdout.trim().split('\n').map((line: string) => line.split('=')[0]);
    expect(names.filter((name) => name !== 'AGENT_PLATFORM_COMMAND').sort()).toEqual(['LANG', 'PATH']);
  });
});

describe('a request is refused', () => {
  test.each<[string, object, string, string]>([
    ['without a command', { command: undefined }, 'BAD_REQUEST', "body must have required property 'command'"],
    ['with an empty command', { command: [] }, 'BAD_REQUEST', 'command cannot be empty'],
    ['with a command that is a text', { command: 'ls' }, 'BAD_REQUEST', 'body/command must be array'],
    ['with an argument that is a number', { command: ['sleep', 1] }, 'BAD_REQUEST', 'body/command/1 must be string'],
    ['with a timeout that is a number', { timeout: 30 }, 'BAD_REQUEST', 'body/timeout must be string'],
    ['with a timeout without unit', { timeout: '30' }, 'BAD_REQUEST', 'Invalid timeout format: "30"; allowed: a duration with units, as 1.5s or 2m'],
    ['with a field that is not there', { tiemout: '1s' }, 'BAD_REQUEST', 'body must NOT have additional properties: "tiemout"'],
    ['with another encoding', { encoding: 'latin1' }, 'BAD_REQUEST', 'body/encoding must be equal to one of the allowed values'],
    ['with input that is not base64', { stdin: '???', encoding: 'base64' }, 'BAD_REQUEST', 'stdin is not base64'],
    ['with a name that is none', { env: { 'a=b': 'x' } }, 'COMMAND_ENV_REFUSED', 'the variable "a=b" has a name that is none; allowed: one or more characters without = and zero bytes'],
    ['with a zero byte in a value', { env: { A: 'x\0y' } }, 'COMMAND_ENV_REFUSED', 'the variable "A" has a zero byte'],
  ])('%s', async (_name, more, reason, detail) => {
    const { execute } = await workbench(NODE_MEANS);
    expect(await execute(['true'], more)).toMatchObject({ status: 400, body: { code: 400, reason, detail } });
  });
});

test('what is null or empty is as if it were left out, as Go reads it', async () => {
  const { execute } = await workbench(NODE_MEANS);
  const nothing = { timeout: '', working_dir: null, env: null, stdin: null, encoding: null };
  expect(await execute(['true'], nothing)).toMatchObject({ status: 200, body: { exit_code: 0 } });
});

test('without a token nothing is run', async () => {
  const { execute, folder } = await workbench(NODE_MEANS);
  expect(await execute(['touch', 'made'], {}, { authorization: 'Bearer x' })).toMatchObject({ status: 401 });
  expect(existsSync(join(folder, 'made'))).toBe(false);
});
