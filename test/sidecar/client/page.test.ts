import { apiKeysIn } from '../../../sidecar/src/gateway/auth/api-keys-file';
import * as client from '../../../src/client';
import { blocks } from '../../docs/blocks';
import { transpiled } from '../../docs/compile';
import { NODE_MEANS, workbench } from '../session/routes/workbench';

const PAGE = 'docs/how-to/use-sessions.md';
/** Those of clients; what a platform is made with is tried with the other pages. */
const PROGRAMS = blocks('ts').filter(({ where, code }) => where.startsWith(`${PAGE}:`) && code.includes('import '));
const PLACE = { namespace: 'team-a', name: 'python' } as const;
const GATEWAY = 'https://gateway.example.com';
const INVOCATIONS = `${GATEWAY}/v1/namespaces/team-a/code-interpreters/python/invocations`;

/** The functions that the page shows, in one scope. */
function shown(output: string[] = []): Record<string, (...args: unknown[]) => Promise<unknown>> {
  const requireModule = (name: string): unknown => {
    if (name === 'cdk8s-agent-platform/client') return client;
    if (name === 'node:crypto') return jest.requireActual('node:crypto');
    throw new Error(`the page imports ${name}`);
  };
  const exported = {};
  const written = { write: (text: string) => output.push(text) };
  const own = { env: { GATEWAY_TOKEN: 'planted' }, stdout: written, stderr: written };
  for (const program of PROGRAMS) {
    new Function('require', 'exports', 'process', 'console', transpiled(program))(requireModule, exported, own, { log: (line: string) => output.push(line) });
  }
  return exported;
}

/** A gateway whose one session is a daemon of its own. */
async function gateway() {
  const { port, authorization } = await workbench(NODE_MEANS, {}, { WHO: 'world' });
  const removed: string[] = [];
  const json = (body: object): Response => new Response(JSON.stringify(body), { status: 200 });
  const real = globalThis.fetch;
  const fetch: typeof globalThis.fetch = async (target, init) => {
    const url = String(target);
    const headers = { ...init?.headers as Record<string, string>, authorization };
    if (url.startsWith(INVOCATIONS)) return real(url.replace(INVOCATIONS, `http://127.0.0.1:${port}`), { ...init, headers });
    if (init?.method === 'POST') return json({ sessionId: 's-1' });
    if (init?.method === 'DELETE') removed.push(url);
    const one = (sessionId: string, job: string) => ({ sessionId, ...PLACE, kind: 'code-interpreter', metadata: { job } });
    return json({ sessions: [one('s-1', '42'), one('s-2', '43')] });
  };
  return { fetch, removed };
}

test('everything that the page shows works, over a session daemon', async () => {
  const { fetch, removed } = await gateway();
  const spy = jest.spyOn(globalThis, 'fetch').mockImplementation(fetch);
  try {
    const output: string[] = [];
    const page = shown(output);
    const own = new client.SessionClient({ url: GATEWAY, token: 'planted', fetch });
    const session = own.session('s-1', PLACE);
    expect(await page.hello()).toBe('0: hello, world\n');
    expect(await page.build(session)).toBe(0);
    expect(output).toEqual(expect.arrayContaining(['building\n', 'careful\n']));
    expect(await page.tidy(session)).toEqual(['done/', 'done/in.bin', 'hello.sh']);
    expect(await page.endJob(own, '42')).toBe(1);
    expect(await page.readIfThere(session, 'none')).toBeUndefined();
    expect(await page.readIfThere(session, 'hello.sh')).toMatch(/^echo/);
    expect(removed).toEqual([`${GATEWAY}/v1/sessions/s-1`, `${GATEWAY}/v1/sessions/s-1`]);
  } finally {
    spy.mockRestore();
  }
});

test('the key that the page makes is one that the gateway takes, and so is its file', () => {
  const output: string[] = [];
  shown(output);
  const [key, hash] = output.map((line) => line.split(': ')[1]);
  expect(key.length).toBeGreaterThanOrEqual(32);
  expect([...apiKeysIn('keys', JSON.stringify({ [hash]: { name: 'ci' } })).values()]).toEqual([{ owner: 'api-key:ci', admin: false, key: 'api-key:ci' }]);
  const [file] = blocks('json').filter(({ where }) => where.startsWith(`${PAGE}:`));
  expect([...apiKeysIn('keys', file.code).values()].map(({ owner, admin }) => [owner, admin])).toEqual([['api-key:ci', false], ['api-key:operations', true]]);
});
