import * as crypto from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { GatewayClient } from './gateway-client';
import { Servers } from './server-process';
import { Answer } from './session-client';
import { step } from './step';

const POOL = { namespace: 'team-a', name: 'python' };
const NAME = `${POOL.namespace}/${POOL.name}`;

/** Shows on loopback what a client does with sessions: it speaks to the gateway alone, and never sees a sandbox. */
export async function showSessions(servers: Servers, folder: string): Promise<void> {
  console.log('\nGateway and controller, with warm sandboxes as processes');
  const keys = { alice: newKey(), bob: newKey() };
  const gateway = await servers.create('dev', writeSettings(path.join(folder, 'sessions'), keys));
  await step('start them', () => gateway.start(), () => gateway.url);
  await work(new GatewayClient(gateway.url, keys.alice), new GatewayClient(gateway.url, keys.bob));
  await gateway.end('SIGTERM');
}

async function work(alice: GatewayClient, bob: GatewayClient): Promise<void> {
  const create = () => alice.create(POOL.namespace, POOL.name);
  const created = await step('alice creates a session', create, (answer) => shown(answer, ({ sessionId }) => sessionId));
  const { sessionId: id } = JSON.parse(created.text);
  const run = (...command: string[]) => alice.execute(NAME, id, command);

  await step('runs a command', () => run('sh', '-c', 'echo kept > note; echo hello from $(basename $HOME)'), stdoutOf);
  await step('one that prints as it goes', () => pieces(alice, id), (all) => all.join(', '));
  await step('bob tries the session of alice', () => bob.execute(NAME, id, ['true']), (answer) => shown(answer));
  await step('the session kills its own sandbox', () => run('sh', '-c', 'kill -9 $PPID'), (answer) => shown(answer));
  await step('the next call works again', () => run('cat', 'note'), stdoutOf);
  await step('alice lists her sessions', () => alice.list(), (answer) => shown(answer, ({ sessions }) => `${sessions.length}, ${sessions[0].status}`));
  await step('deletes it', () => alice.remove(id), (answer) => shown(answer, ({ message }) => message));
  await step('and it is gone', () => run('true'), (answer) => shown(answer));
}

function stdoutOf(answer: Answer): string {
  return shown(answer, ({ stdout }) => stdout.trim());
}

async function pieces(client: GatewayClient, id: string): Promise<string[]> {
  const all: string[] = [];
  for await (const { text, ms } of client.stream(NAME, id, ['sh', '-c', 'for i in one two three; do echo $i; sleep 0.2; done'])) {
    all.push(`${text.trim()} at ${ms.toFixed(0)} ms`);
  }
  return all;
}

/** What came back, or why it was refused. */
function shown({ status, text }: Answer, of: (body: any) => string = JSON.stringify): string {
  const body = JSON.parse(text);
  return status === 200 ? of(body) : `${status} ${body.code}: ${body.error}`;
}

/** One pool, and a key for each client, of which the file has the hash. */
function writeSettings(folder: string, keys: Readonly<Record<string, string>>): Record<string, string> {
  fs.mkdirSync(folder, { mode: 0o700 });
  const write = (name: string, content: object): string => {
    fs.writeFileSync(path.join(folder, name), JSON.stringify(content), { mode: 0o600 });
    return path.join(folder, name);
  };
  const hash = (key: string): string => `sha256:${crypto.createHash('sha256').update(key).digest('hex')}`;
  return {
    STATE_DIR: path.join(folder, 'state'),
    POOLS_FILE: write('pools.json', { pools: [{ ...POOL, maxSessionSeconds: 3600, idleSeconds: 600, replicas: 1 }] }),
    API_KEYS_FILE: write('api-keys.json', Object.fromEntries(Object.entries(keys).map(([name, key]) => [hash(key), { name }]))),
  };
}

function newKey(): string {
  return crypto.randomBytes(32).toString('base64url');
}
