import * as path from 'node:path';
import { Servers } from './server-process';
import { claim, init, newKeys, send, Session, shown, toPem } from './session-client';
import { step } from './step';

/**
 * Shows on loopback what a session does in its sandbox, and that its tokens are worth nothing at another one.
 * The workspaces are made in the folder.
 */
export async function showSessions(servers: Servers, folder: string): Promise<void> {
  if (process.platform !== 'linux') return console.log('\nSandboxes run on Linux only and are not shown here');
  console.log('\nTwo sandboxes, each with a session of its own');
  const { privateKey, publicKey } = newKeys();
  const create = (name: string) => {
    const workspace = path.join(folder, name);
    const settings = { PICOD_BOOTSTRAP_PUBLIC_KEY: toPem(publicKey), SESSION_REQUIRE_BOOT_ID: 'true', SESSION_WORKSPACE: workspace, HOME: workspace };
    return servers.create('session', settings);
  };
  const sandboxes = [await create('sandbox-a'), await create('sandbox-b')];
  await step('start two sandboxes', () => Promise.all(sandboxes.map((sandbox) => sandbox.start())), () => '');
  const [{ url: a }, { url: b }] = sandboxes;
  const first = await step('give session-a to sandbox-a', () => claim(a, 'session-a', privateKey), () => a);
  const second = await step('give session-b to sandbox-b', () => claim(b, 'session-b', privateKey), () => b);
  await work(first);
  await replay(first, second);
  await Promise.all(sandboxes.map((sandbox) => sandbox.end('SIGTERM')));
}

async function work({ url, requestToken: token }: Session): Promise<void> {
  const ask = (method: string, route: string, body?: string) => send(url, method, `/api/${route}`, { token, body });
  const command = JSON.stringify({ command: ['sh', '-c', 'echo hello from $HOME'] });
  const written = (text: string) => `${JSON.parse(text).path}, ${JSON.parse(text).size} bytes`;

  await step('session-a runs a command', () => ask('POST', 'execute', command), (answer) => shown(answer, (text) => JSON.parse(text).stdout));
  await step('uploads a file', () => ask('PUT', 'files/draft.txt', 'written by session-a'), (answer) => shown(answer, written));
  await step('moves it', () => ask('PATCH', 'files/draft.txt', JSON.stringify({ path: 'done/report.txt' })), (answer) => shown(answer, written));
  await step('downloads it', () => ask('GET', 'files/done/report.txt'), (answer) => shown(answer));
}

async function replay(first: Session, second: Session): Promise<void> {
  const list = (url: string, { requestToken: token }: Session) => send(url, 'GET', '/api/files?path=.', { token });
  const count = (text: string) => `allowed, ${JSON.parse(text).files.length} files`;

  await step('the token of session-b at sandbox-b', () => list(second.url, second), (answer) => shown(answer, count));
  await step('the token of session-a at sandbox-b', () => list(second.url, first), (answer) => shown(answer, count));
  await step('the init token of session-a at sandbox-b', () => init(second.url, first.initToken), (answer) => shown(answer));
}
