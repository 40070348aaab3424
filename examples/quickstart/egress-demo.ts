import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Agent, fetch } from 'undici';
import { writeCertificates } from './certificates';
import { openInternet } from './internet';
import { ServerProcess, Servers, Settings } from './server-process';
import { step } from './step';

export interface Demonstrated {
  readonly servers: Servers;
  readonly folder: string;
  /** Of a broker over the documents of this demo. */
  readonly broker: Settings;
  readonly host: string;
  readonly credential: string;
}

/** What the broker knows them by, in place of the tokens that Kubernetes mounts. */
const TOKENS = { run: 'the-token-of-the-run-in-this-demo', operator: 'the-token-of-the-operator-in-this-demo', egress: 'the-token-of-the-proxy-in-this-demo' };
const RUN = 'fix-login';
const BROKER = 'localhost';

/** Shows on loopback how a program calls an API without holding its key: it has a proxy, and a bearer that is worth nothing elsewhere. */
export async function showEgress({ servers, folder, broker: settings, host, credential }: Demonstrated): Promise<void> {
  console.log('\nAn agent that calls an API through the egress proxy');
  const place = path.join(folder, 'egress-demo');
  fs.mkdirSync(place, { mode: 0o700 });
  const { caFile, folderOf } = await writeCertificates(place, [BROKER, host]);
  const internet = await openInternet(folderOf(host), host);
  try {
    const broker = await servers.create('broker', { ...settings, STATE_DIR: state(place, 'broker'), CALLERS_FILE: writeCallers(place), TLS_DIR: folderOf(BROKER) });
    const egress = await servers.create('egress', egressSettings(place, caFile, internet.proxyUrl, broker));
    await step('start broker and proxy', async () => { await broker.start(); await egress.start(); }, () => egress.url);
    const ask = brokerClient(broker, caFile);
    const token = (await ask('issue-egress', TOKENS.operator, {})).value;
    const bearer = (await ask('issue', TOKENS.run, { name: credential })).value;
    const agent = agentWith(egress.url.replace('://', `://${RUN}:${token}@`), path.join(place, 'proxy', 'trust', 'ca-bundle.pem'), { [credential]: bearer });

    await step(`the agent calls ${host}`, () => agent(`https://${host}/v1/messages`, '-H', `x-api-key: $${credential}`), String);
    await step('the key that the host got', async () => internet.keysSeen.at(-1), String);
    await step('the key that the agent has', async () => `${bearer.slice(0, 24)}…`, String);
    await step('the bearer in the body of a request', () => agent(`https://${host}/`, '-d', `$${credential}`), String);
    await step('another host', () => agent('https://example.org/'), String);
    await step('requests that the host got in all', async () => internet.keysSeen.length, String);
    await egress.end('SIGTERM');
    await broker.end('SIGTERM');
  } finally {
    internet.close();
  }
}

/** A program with nothing in its environment but the proxy, whom to trust there, and its bearer. */
function agentWith(proxy: string, bundle: string, bearers: Readonly<Record<string, string>>) {
  const env = { PATH: process.env.PATH, HTTPS_PROXY: proxy, CURL_CA_BUNDLE: bundle, ...bearers };
  return (url: string, ...args: readonly string[]): Promise<string> => new Promise((resolve) => {
    const quoted = [url, ...args].map((arg) => `"${arg}"`).join(' ');
    execFile('sh', ['-c', `curl -sS --max-time 10 ${quoted}`], { env }, (error, stdout, stderr) => resolve((error === null ? stdout : `${stdout} ${stderr}`).trim()));
  });
}

function egressSettings(place: string, caFile: string, proxyUrl: string, broker: ServerProcess): Settings {
  const tokenFile = path.join(place, 'egress-token');
  fs.writeFileSync(tokenFile, TOKENS.egress, { mode: 0o600 });
  return {
    EGRESS_BASE_URL_LISTEN: '127.0.0.1:0',
    TRUST: 'directory',
    STATE_DIR: state(place, 'proxy'),
    BROKER_URL: secureUrl(broker),
    BROKER_CA_FILE: caFile,
    BROKER_TOKEN_FILE: tokenFile,
    UPSTREAM_CA_FILE: caFile,
    UPSTREAM_PROXY_URL: proxyUrl,
  };
}

function writeCallers(place: string): string {
  const file = path.join(place, 'callers');
  const caller = (serviceAccount: string, ...capabilities: string[]) => ({ namespace: 'agent-platform', serviceAccount, capabilities });
  const callers = {
    [TOKENS.run]: { namespace: 'team-a', serviceAccount: `${RUN}-collector` },
    [TOKENS.operator]: caller('operator', 'issue-egress'),
    [TOKENS.egress]: caller('egress', 'validate-egress', 'substitute-auth'),
  };
  fs.writeFileSync(file, JSON.stringify(callers), { mode: 0o600 });
  return file;
}

function brokerClient(broker: ServerProcess, caFile: string) {
  const dispatcher = new Agent({ connect: { ca: fs.readFileSync(caFile) } });
  return async (route: string, token: string, body: object): Promise<{ readonly value: string }> => {
    const headers = { 'authorization': `Bearer ${token}`, 'x-paddock-run': RUN, 'x-paddock-run-namespace': 'team-a', 'content-type': 'application/json' };
    const answer = await fetch(`${secureUrl(broker)}/v1/${route}`, { method: 'POST', headers, body: JSON.stringify(body), dispatcher });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${route} was refused: ${text}`);
    return JSON.parse(text);
  };
}

function secureUrl({ url }: ServerProcess): string {
  return url.replace('http://127.0.0.1', `https://${BROKER}`);
}

function state(place: string, name: string): string {
  const folder = path.join(place, name);
  fs.mkdirSync(folder, { mode: 0o700 });
  return folder;
}
