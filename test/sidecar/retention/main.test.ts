import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventAged, eventsAged, EventServer } from './event-server';
import { bundleRole } from '../../helpers/bundle';
import { tempFolder } from '../../helpers/temp-folder';

const folder = tempFolder();
const kubeconfig = join(folder, 'kubeconfig');
let program: string;
let api: EventServer;

beforeAll(() => { program = bundleRole('retention', folder); }, 60_000);
beforeEach(async () => {
  api = new EventServer(Date.now());
  await api.start();
  const { server, ca } = api.connection();
  writeFileSync(kubeconfig, JSON.stringify({
    'apiVersion': 'v1',
    'kind': 'Config',
    'current-context': 'c',
    'contexts': [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    'clusters': [{ name: 'c', cluster: { 'server': server.href, 'certificate-authority-data': ca!.content().toString('base64') } }],
    'users': [{ name: 'u', user: { token: 'planted-token' } }],
  }));
});
afterEach(() => api.close());

const ENV = { KUBECONFIG: kubeconfig, RETENTION_SECONDS: '3600', POD_NAMESPACE: 'agent-platform', RUN_NAMESPACES: 'team-a' };

function started(env: Record<string, string>, ...args: string[]) {
  const child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { text += data; });
  return { child, ended: new Promise<{ code: number | null; text: string }>((resolve) => child.on('close', (code) => resolve({ code, text }))) };
}

const numbers = (text: string) => JSON.parse(text.trim().split('\n').at(-1)!);

test('the program removes what is old in the namespace of the platform and in those of runs, and ends well', async () => {
  for (const namespace of ['agent-platform', 'team-a', 'elsewhere']) api.put(namespace, eventAged('old', 7200, api.now!), eventAged('young', 60, api.now!));
  const { code, text } = await started(ENV).ended;
  expect(code).toBe(0);
  expect(numbers(text)).toMatchObject({ role: 'retention', removed: 2, kept: 2 });
  expect([api.names('agent-platform'), api.names('team-a'), api.names('elsewhere')]).toEqual([['young'], ['young'], ['old', 'young']]);
  expect(text).not.toContain('planted');
}, 60_000);

test('what is left undone is an exit code of 1', async () => {
  api.refuse = (_, { namespace }) => (namespace === 'team-a' ? { status: 403 } : undefined);
  expect(await started(ENV).ended).toMatchObject({ code: 1, text: expect.stringContaining('"namespace":"team-a"') });
}, 60_000);

test('a signal ends it before all is done, and what was removed is told', async () => {
  api.put('team-a', ...eventsAged('a', 400, 7200, api.now!));
  let removals = 0;
  const { child, ended } = started(ENV);
  const held: (() => void)[] = [];
  const serve = api.answer;
  // Every removal after the twentieth waits until the signal has arrived.
  api.answer = (response, request) => {
    if (request.method !== 'DELETE' || (removals += 1) <= 20) return serve(response, request);
    held.push(() => serve(response, request));
    if (held.length === 8) child.kill('SIGTERM');
  };
  child.stdout.on('data', (data) => String(data).includes('closing') && held.splice(0).forEach((answer) => answer()));
  const { code, text } = await ended;
  expect([code, api.names('team-a').length]).toEqual([1, 372]);
  expect(numbers(text)).toMatchObject({ removed: 28, unfinished: 1 });
}, 60_000);

test.each<[string, Record<string, string>]>([
  ['RETENTION_SECONDS', { ...ENV, RETENTION_SECONDS: '0' }], ['RETENTION_SECONDS', { ...ENV, RETENTION_SECONDS: '' }], ['POD_NAMESPACE', { KUBECONFIG: kubeconfig, RETENTION_SECONDS: '5' }],
  ['KUBECONFIG', { RETENTION_SECONDS: '5', POD_NAMESPACE: 'a' }],
])('an environment with a wrong %s removes nothing', async (variable, env) => {
  expect(await started(env).ended).toEqual({ code: 1, text: expect.stringContaining(variable) });
  expect(api.arrived).toEqual([]);
}, 60_000);

test('--help says what can be set, and there are no arguments', async () => {
  expect(await started({}, '--help').ended).toEqual({ code: 0, text: expect.stringContaining('RETENTION_SECONDS') });
  expect((await started(ENV, 'now').ended).code).toBe(1);
  expect(api.arrived).toEqual([]);
}, 60_000);
