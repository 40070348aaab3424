import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string;
const agent = new Agent({ keepAlive: true });
const running = new Set<ChildProcess>();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'life-'));
  const build = 'import("./sidecar/bundle.mjs").then(({ bundle }) => bundle({ entries: { life: "test/sidecar/server/life.ts" }, outdir: process.argv[1] }))';
  execFileSync(process.execPath, ['-e', build, folder], { stdio: ['ignore', 'ignore', 'inherit'] });
}, 60_000);
afterEach(() => running.forEach((child) => child.kill('SIGKILL')));
afterAll(() => {
  agent.destroy();
  rmSync(folder, { recursive: true, force: true });
});

interface Life {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; output: string; errors: string }>;
  /** Resolves once the text is printed. */
  printed(text: string): Promise<void>;
  address(): string;
}

function live(env: Record<string, string> = {}, args: readonly string[] = []): Life {
  const child = spawn(process.execPath, [join(folder, 'life.mjs'), ...args], { env: { ADMIN_LISTEN: '127.0.0.1:0', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => output += String(chunk));
  child.stderr.on('data', (chunk) => errors += String(chunk));
  return {
    child,
    ended: new Promise((resolve) => child.on('close', (code) => {
      running.delete(child);
      resolve({ code, output, errors });
    })),
    printed: (text) => new Promise((resolve, reject) => {
      const look = () => output.includes(text) && resolve();
      child.stdout.on('data', look);
      child.on('close', () => reject(new Error(`ended without printing ${text}: ${output}${errors}`)));
      look();
    }),
    address: () => /"api":"([^"]+)"/.exec(output)![1],
  };
}

function get(address: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request(`http://${address}${path}`, { agent }, (response) => {
      let body = '';
      response.on('data', (chunk) => body += String(chunk));
      response.on('end', () => resolve(`${response.statusCode} ${response.headers.connection} ${body}`));
    }).on('error', reject).end();
  });
}

async function ready(env?: Record<string, string>): Promise<Life> {
  const life = live(env);
  await life.printed('"msg":"ready"');
  return life;
}

describe('before it starts', () => {
  test('--help tells the environment and nothing is checked', async () => {
    const { code, output, errors } = await live({ LOG_LEVEL: 'nonsense' }, ['--help']).ended;
    expect([code, errors]).toEqual([0, '']);
    expect(output).toContain('  API_LISTEN\n      address of the API\n      host:port or :port; default "127.0.0.1:0"\n');
  });

  test.each([
    ['a malformed environment', { LOG_LEVEL: 'loud', DRAIN_SECONDS: 'x' }, [], ['LOG_LEVEL is "loud"', 'DRAIN_SECONDS is "x"']],
    ['values that do not go together', { START: 'badly', LOG_LEVEL: 'trace' }, [], ['START and LOG_LEVEL do not go together']],
    ['an argument', {}, ['--port=1'], ['there are no arguments, got "--port=1"']],
  ])('%s stops it with everything that is wrong', async (_name, env, args, problems) => {
    const { code, output, errors } = await live(env, args).ended;
    expect([code, output]).toEqual([1, '']);
    for (const problem of problems) expect(errors).toContain(problem);
  });

  test('a start that fails is told without secrets, and ends it', async () => {
    const { code, output } = await live({ START: 'badly' }).ended;
    expect(code).toBe(1);
    expect(output).toContain('"msg":"the start failed"');
    expect(output).toContain('no state; [masked]');
    expect(output).not.toContain('hunter2');
  });
});

describe.each(['SIGTERM', 'SIGINT'] as const)('on %s', (signal) => {
  test('what is asked is answered, idle connections do not hold it, and it ends well', async () => {
    const life = await ready();
    await get(life.address(), '/nowhere');
    const slow = get(life.address(), '/slow');
    await life.printed('asked');
    life.child.kill(signal);
    expect(await slow).toBe('200 close late');
    const { code, output } = await life.ended;
    expect(code).toBe(0);
    expect(output.trim().split('\n').slice(-3).map((line) => JSON.parse(line).msg)).toEqual(['closing', 'answered', 'closed']);
  });
});

test('a second signal ends it at once, whatever is open', async () => {
  const life = await ready();
  const stuck = get(life.address(), '/stuck').catch((error: NodeJS.ErrnoException) => error.code);
  await life.printed('asked');
  life.child.kill('SIGTERM');
  await life.printed('"msg":"closing"');
  life.child.kill('SIGTERM');
  expect((await life.ended).code).toBe(1);
  expect(await stuck).toBe('ECONNRESET');
});

test('while it drains it still answers, and sends clients elsewhere', async () => {
  const life = await ready({ DRAIN_SECONDS: '5' });
  life.child.kill('SIGTERM');
  await life.printed('"msg":"closing"');
  expect(await get(life.address(), '/slow')).toBe('200 close late');
  expect((await life.ended).code).toBe(0);
});

test.each([['/throw', 'thrown outside; [masked]'], ['/reject', 'rejected outside']])('an error that nobody catches (%s) is told without secrets, and ends it', async (path, message) => {
  const life = await ready();
  await get(life.address(), path).catch(() => undefined);
  const { code, output } = await life.ended;
  expect(code).toBe(1);
  expect(output).toContain('"msg":"uncaught error"');
  expect(output).toContain(message);
  expect(output).not.toContain('hunter2');
});
