import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openClients } from '../../../sidecar/src/gateway/auth/clients';
import type { ControllerAnswer, ControllerRequest } from '../../../sidecar/src/gateway/controller-client';
import { OpenRequests } from '../../../sidecar/src/gateway/limits/open-requests';
import { createLogger } from '../../../sidecar/src/server/telemetry/log';
import { SessionClient } from '../../../src/client';
import { eventually, tempFolder } from '../../helpers/temp-folder';
import { closeWorlds, gateway } from '../gateway/world';
import { NOW } from '../session/build-session';
import { NODE_MEANS, workbench } from '../session/routes/workbench';

const KEYS = { alice: 'planted-key-of-alice-0123456789-0123', bob: 'planted-key-of-bob-01234567890-0123' };
const PLACE = { namespace: 'team-a', name: 'python' } as const;

const root = tempFolder();
afterEach(closeWorlds);

/** The gateway with its own entrance, a daemon with the session `s-1` of alice behind it, and a controller that knows that one. */
async function world() {
  const clock = (): number => NOW * 1000;
  const file = join(root, 'keys.json');
  const entries = Object.entries(KEYS).map(([name, key]) => [`sha256:${createHash('sha256').update(key).digest('hex')}`, { name }]);
  writeFileSync(file, JSON.stringify(Object.fromEntries(entries)), { mode: 0o600 });
  const log = createLogger({ role: 'gateway', level: 'error', destination: { write: () => undefined } });
  const clients = await openClients({ ANONYMOUS: false, API_KEYS_FILE: file, clock, log });
  const requests = new OpenRequests({ requestsPerSecond: 1000, concurrentPerClient: 10, concurrent: 10 }, clock);
  const controls = async ({ method, path }: ControllerRequest): Promise<ControllerAnswer> => {
    if (method === 'POST') return { status: 200, body: { sessionId: 's-1' } };
    return { status: 200, body: path.startsWith('/v1/sessions?') || path === '/v1/sessions' ? { sessions: [{ sessionId: 's-1', ...PLACE }] } : {} };
  };
  const entrance = { authenticate: clients.authenticate, enter: requests.enter.bind(requests) };
  const { port, session, asked } = await gateway({ entrance, clock, controls });
  const daemon = await workbench(NODE_MEANS);
  await session(daemon.port, { id: 's-1', owner: 'api-key:alice' });
  clients.close();
  const clientOf = (key: string) => new SessionClient({ url: `http://127.0.0.1:${port}`, token: key });
  return { alice: clientOf(KEYS.alice), bob: clientOf(KEYS.bob), stranger: clientOf('planted-key-of-nobody-0123456789-01'), asked, requests };
}

test('with its key a program makes a session, runs commands, streams, and has files', async () => {
  const { alice, asked, requests } = await world();
  const session = await alice.createSession({ ...PLACE, metadata: { for: 'test' } });
  await session.files.write('a b/ü', 'text');
  expect(await session.execute(['cat', 'a b/ü'])).toMatchObject({ exitCode: 0, stdout: 'text' });
  const types: string[] = [];
  for await (const { type } of session.stream(['sh', '-c', 'echo a; echo b >&2'])) types.push(type);
  expect([...types].sort()).toEqual(['exit', 'stderr', 'stdout']);
  for await (const { sessionId } of alice.list()) expect(sessionId).toBe('s-1');
  await session.delete();
  expect(asked.map(({ method, path, behalf }) => [method, path, behalf])).toEqual([
    ['POST', '/v1/code-interpreter', { owner: 'api-key:alice' }], ['GET', '/v1/sessions', { owner: 'api-key:alice' }], ['DELETE', '/v1/sessions/s-1', { owner: 'api-key:alice' }],
  ]);
  await eventually(() => requests.size === 0);
});

test('for another owner the session is not there, and for a stranger nothing is', async () => {
  const { bob, stranger } = await world();
  await expect(bob.session('s-1', PLACE).execute(['true'])).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND', status: 404 });
  await expect(bob.session('s-2', PLACE).execute(['true'])).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND', status: 404 });
  await expect(stranger.session('s-1', PLACE).execute(['true'])).rejects.toMatchObject({ code: 'UNAUTHORIZED', status: 401 });
  await expect(stranger.get('s-1')).rejects.toMatchObject({ code: 'UNAUTHORIZED', status: 401 });
});

test('under another name or kind it is not there either', async () => {
  const { alice } = await world();
  for (const place of [{ ...PLACE, name: 'other' }, { ...PLACE, namespace: 'team-b' }, { ...PLACE, kind: 'agent-runtime' as const }]) {
    await expect(alice.session('s-1', place).files.read('x')).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  }
});
