import { clientObjects, inClient } from './session-clients';
import { apiKeys, CLIENTS, platformObjects, storeVolume, SYSTEM, TEAM } from './sessions-world';
import { apply, kubectl, must } from '../cluster/cli';

const named = (kind: string, name: string) => ({ apiVersion: 'v1', kind, metadata: { name } });
const since = Date.now();
const told = (what: string) => console.info(`${((Date.now() - since) / 1000).toFixed(1)} s: ${what}`);

function ready(what: string, namespace: string, seconds = 90): void {
  const { ok, stderr } = kubectl(['rollout', 'status', '-n', namespace, what, `--timeout=${seconds}s`]);
  if (ok) return told(`${what} is ready`);
  const shown = [['get', 'pod', '-o', 'wide'], ['get', 'events'], ['logs', what, '--all-containers', '--tail=30']].map((args) => kubectl([...args, '-n', namespace]).stdout);
  throw new Error([stderr, ...shown].join('\n'));
}

beforeAll(async () => {
  const objects = platformObjects();
  must(['apply', '--server-side', '-f', '-'], [named('Namespace', CLIENTS), storeVolume(), ...objects.filter(({ kind }) => kind === 'Namespace')]);
  apply(objects);
  told('applied');
  must(['apply', '--server-side', '-f', '-'], clientObjects());
  ready('statefulset/session-store', SYSTEM);
  ready('deployment/controller', SYSTEM);
  ready('deployment/glibc', TEAM);
  ready('deployment/musl', TEAM);
  must(['apply', '--server-side', '-f', '-'], [apiKeys()]);
  ready('deployment/gateway', SYSTEM);
}, 300_000);

test('a client', async () => {
  expect(await inClient(`
    const session = await alice.createSession({ ...place('glibc'), env: { GREETING: 'hello' } });
    return [session.id, await session.execute(['/bin/sh', '-c', 'echo $GREETING'])];`)).toEqual([]);
});
