import * as crypto from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Servers } from './server-process';
import { step } from './step';
import { Session, SessionClient, SessionError } from 'cdk8s-agent-platform/client';

const POOL = { namespace: 'team-a', name: 'python' };

/** Shows on loopback what a client does with sessions: it speaks to the gateway alone, and never sees a sandbox. */
export async function showSessions(servers: Servers, folder: string): Promise<void> {
  console.log('\nGateway and controller, with warm sandboxes as processes');
  const keys = { alice: newKey(), bob: newKey() };
  const gateway = await servers.create('dev', writeSettings(path.join(folder, 'sessions'), keys));
  await step('start them', () => gateway.start(), () => gateway.url);
  const clientOf = (token: string) => new SessionClient({ url: gateway.url, token });
  await work(clientOf(keys.alice), clientOf(keys.bob));
  await gateway.end('SIGTERM');
}

async function work(alice: SessionClient, bob: SessionClient): Promise<void> {
  const session = await step('alice creates a session', () => alice.createSession({ ...POOL, ttlSeconds: 600 }), ({ id }) => id);
  const run = (...command: string[]) => session.execute(command).then(({ stdout }) => stdout.trim());
  const files = async () => {
    await session.files.write('draft.txt', 'kept');
    await session.files.move('draft.txt', 'notes/final.txt');
    return session.files.readText('notes/final.txt');
  };

  await step('runs a command', () => run('sh', '-c', 'echo hello from $(basename $HOME)'), String);
  await step('one that prints as it goes', () => pieces(session), (all) => all.join(', '));
  await step('writes a file, moves it, reads it', files, String);
  await step('bob tries the session of alice', () => refusal(bob.session(session.id, POOL).execute(['true'])), String);
  await step('the session kills its own sandbox', () => refusal(run('sh', '-c', 'kill -9 $PPID')), String);
  await step('the next call works again', () => run('cat', 'notes/final.txt'), String);
  await step('alice lists her sessions', () => statuses(alice), (all) => all.join(', '));
  await step('deletes it', () => session.delete(), () => '');
  await step('and it is gone', () => refusal(run('true')), String);
}

async function pieces(session: Session): Promise<string[]> {
  const start = performance.now();
  const all: string[] = [];
  for await (const event of session.stream(['sh', '-c', 'for i in one two three; do echo $i; sleep 0.2; done'])) {
    if (event.type === 'stdout') all.push(`${event.data.trim()} at ${(performance.now() - start).toFixed(0)} ms`);
  }
  return all;
}

async function statuses(client: SessionClient): Promise<string[]> {
  const all: string[] = [];
  for await (const { status } of client.list()) all.push(status);
  return all;
}

/** Why it was refused. That it was not ends the demo. */
async function refusal(tried: Promise<unknown>): Promise<string> {
  const error = await tried.then(() => undefined, (reason: unknown) => reason);
  if (error instanceof SessionError) return `${error.status} ${error.code}: ${error.message}`;
  throw error ?? new Error('it was not refused');
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
