import * as path from 'node:path';
import { Servers } from './server-process';
import { claim, init, newKeys, send, Session, shown, toPem } from './session-client';
import { step } from './step';

/**
 * Shows on loopback that the tokens of a session, which controller and gateway make, are worth nothing at another sandbox.
 * The workspaces are made in the folder.
 */
export async function showSandboxes(servers: Servers, folder: string): Promise<void> {
  console.log('\nTwo sandboxes beneath it, each with a session of its own');
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
  await replay(first, second);
  await Promise.all(sandboxes.map((sandbox) => sandbox.end('SIGTERM')));
}

async function replay(first: Session, second: Session): Promise<void> {
  const list = (url: string, { requestToken: token }: Session) => send(url, 'GET', '/api/files?path=.', { token });
  const count = (text: string) => `allowed, ${JSON.parse(text).files.length} files`;

  await step('the token of session-b at sandbox-b', () => list(second.url, second), (answer) => shown(answer, count));
  await step('the token of session-a at sandbox-b', () => list(second.url, first), (answer) => shown(answer, count));
  await step('the init token of session-a at sandbox-b', () => init(second.url, first.initToken), (answer) => shown(answer));
}
