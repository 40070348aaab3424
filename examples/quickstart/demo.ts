import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { Yaml } from 'cdk8s';
import { readOutput } from '../read-output';
import { showEgress } from './egress-demo';
import { showSessions } from './gateway-demo';
import { ServerProcess, Servers, Settings } from './server-process';
import { showSandboxes } from './session-demo';
import { step } from './step';

/** The token of the run's own ServiceAccount stands here for what Kubernetes would mount. */
const TOKEN = 'the-token-of-the-run-in-this-demo';
const HEADERS = { 'authorization': `Bearer ${TOKEN}`, 'x-paddock-run': 'fix-login', 'content-type': 'application/json' };
const CREDENTIAL = 'MODEL_API_KEY';
const HOST = 'api.model.example';

/**
 * Shows what the synthesized policies mean to a real broker, on loopback, with an example key; then what sessions are, and what holds them apart.
 * Usage: demo.ts FOLDER [--keep]
 */
async function main([output, keep]: readonly string[]): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'agent-platform-'));
  const servers = new Servers();
  const cleanUp = async () => {
    await servers.end();
    fs.rmSync(folder, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void cleanUp().then(() => process.exit(130)));
  try {
    console.log('The broker over these documents, with an example key');
    const settings = writeFolders(folder, output);
    const broker = await servers.create('broker', settings);
    await step('start the broker', () => broker.start(), () => '');
    await walk(broker);
    await showEgress({ servers, folder, broker: settings, host: HOST, credential: CREDENTIAL });
    if (process.platform === 'linux') {
      await showSessions(servers, folder);
      await showSandboxes(servers, folder);
    } else {
      console.log('\nSandboxes run on Linux only and are not shown here');
    }
    if (keep === '--keep') await linger(broker);
  } finally {
    await cleanUp();
  }
}

async function walk(broker: ServerProcess): Promise<void> {
  const ask = (route: string, body: object) => post(`${broker.url}/v1/${route}`, body);
  const issued = await step('the run asks for its credential', () => ask('issue', { name: CREDENTIAL }), ({ body }) => `${cut(body.value)}, lease ${body.leaseId}`);
  const bearer: string = issued.body.value;
  const swap = (value: string) => ask('substitute-auth', { host: HOST, port: 443, incomingXApiKey: value });
  const shown = ({ status, body }: Answer) => (status === 200 ? JSON.stringify(body.setHeaders) : `${status} ${body.code}: ${body.message}`);

  await step(`may it reach ${HOST}?`, () => ask('validate-egress', { host: HOST, port: 443 }), ({ body }) => `allowed ${body.allowed}`);
  await step('may it reach example.org?', () => ask('validate-egress', { host: 'example.org', port: 443 }), ({ body }) => `allowed ${body.allowed}`);
  await step('on the way out the bearer is swapped', () => swap(bearer), shown);
  await step('a tampered bearer', () => swap(tampered(bearer)), shown);
  await step('kill -9, start again', async () => { await broker.end('SIGKILL'); await broker.start(); }, () => '');
  await step('the bearer still works', () => swap(bearer), shown);
}

interface Answer {
  readonly status: number;
  readonly body: any;
}

async function post(url: string, body: object): Promise<Answer> {
  const answer = await fetch(url, { method: 'POST', headers: HEADERS, body: JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
}

/** The custom resources of the output, an example Secret and the one caller, as a broker without cluster reads them. */
function writeFolders(folder: string, output: string): Settings {
  const settings = { CATALOG: 'directory', CATALOG_DIR: path.join(folder, 'catalog'), CALLERS_FILE: path.join(folder, 'callers'), STATE_DIR: path.join(folder, 'state') };
  fs.mkdirSync(settings.CATALOG_DIR);
  fs.mkdirSync(settings.STATE_DIR, { mode: 0o700 });
  const documents = readOutput(output).objects.filter(({ apiVersion }) => apiVersion.startsWith('paddock.dev/'));
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'model-key', namespace: 'team-a' }, stringData: { token: 'an-example-key' } };
  Yaml.save(path.join(settings.CATALOG_DIR, 'documents.yaml'), [...documents, secret]);
  const callers = { [TOKEN]: { namespace: 'team-a', serviceAccount: 'fix-login-collector' } };
  fs.writeFileSync(settings.CALLERS_FILE, JSON.stringify(callers), { mode: 0o600 });
  return settings;
}

/** Another character in the middle of the seal. */
function tampered(bearer: string): string {
  const at = bearer.length - 40;
  return `${bearer.slice(0, at)}${bearer[at] === 'A' ? 'B' : 'A'}${bearer.slice(at + 1)}`;
}

function cut(text: string): string {
  return `${text.slice(0, 24)}… (${text.length} characters)`;
}

async function linger(broker: ServerProcess): Promise<void> {
  const headers = Object.entries(HEADERS).map(([name, value]) => `-H '${name}: ${value}'`).join(' ');
  console.log(`\nThe broker stays at ${broker.url} until Ctrl-C. Try:`);
  console.log(`  curl ${headers} -d '{"name":"${CREDENTIAL}"}' ${broker.url}/v1/issue`);
  console.log(`  curl ${headers} -d '{"host":"${HOST}","port":443}' ${broker.url}/v1/validate-egress`);
  await new Promise(() => setInterval(() => {}, 60_000));
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(`the demo ended early: ${error.message}`);
  process.exitCode = 1;
});
