import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import type { Ask } from './ask';
import { CREDENTIAL, HOSTS, REAL_KEY, RUNS, TOKENS } from './documents';
import { BROKER, Places } from './places';
import { serverArgs } from '../../src/manifests/server-args';
import { BROKER_ROUTES, RUN_HEADER, RUN_NAMESPACE_HEADER } from '../../src/protocol/broker-api';
import { RATES } from '../../src/protocol/env';
import { NAMESPACE, runName } from '../broker/documents';
import { freePorts, ready, run, Server } from '../broker/servers';

export const BROKER_BUNDLE = resolve(__dirname, '../../sidecar/dist/broker.mjs');

/** So high that no answer is a refusal. */
const UNLIMITED = String(RATES[1]);

const LOAD_CORE = 1;

/** The upstreams of the benchmark: the port on loopback of each `<host>:<port>`. */
export interface Upstreams extends Server {
  readonly ports: Readonly<Record<string, number>>;
}

/** A forward proxy, and the PEM of the authority that its clients trust. */
export interface Proxy extends Server {
  readonly ca: string;
}

/** What clients of a run have. */
export interface RunClient {
  readonly name: string;
  readonly token: string;
  readonly bearer: string;
}

/** Builds the proxy with the network of the benchmark as the image is built. */
export function bundleProxy(compiled: string): void {
  const build = 'import("./sidecar/bundle.mjs").then(({ bundle }) => bundle({ entries: { egress: "bench/egress/proxy.ts" }, outdir: process.argv[1] }))';
  execFileSync(process.execPath, ['-e', build, compiled], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** On the core of the load, as the internet is somewhere else. */
export async function startUpstreams(compiled: string, { folderOf }: Places): Promise<Upstreams> {
  const [secure, plain, short, endless] = await freePorts(4);
  const child = run(compiled, [join(compiled, 'upstream.js'), folderOf(HOSTS.api), ...[secure, plain, short, endless].map(String)], {}, LOAD_CORE);
  const ports = { [`${HOSTS.api}:443`]: secure, [`${HOSTS.plain}:80`]: plain, [`${HOSTS.short}:443`]: short, [`${HOSTS.endless}:443`]: endless };
  return { ...await ready(child, `http://127.0.0.1:${plain}`, accepts), ports };
}

export async function startBare(compiled: string, { ca, caFile, folderOf }: Places, { ports }: Upstreams): Promise<Proxy> {
  const [port] = await freePorts(1);
  const child = run(compiled, [join(compiled, 'bare.js'), String(port), HOSTS.api, folderOf(HOSTS.api), caFile, JSON.stringify(ports)], {});
  return { ...await ready(child, `http://127.0.0.1:${port}`, accepts), ca };
}

/** With its real log on a real disk. */
export async function startBroker(compiled: string, { broker: { catalog, callers, state }, folderOf }: Places): Promise<Server> {
  const [port, adminPort] = await freePorts(2);
  const child = run(compiled, serverArgs(BROKER_BUNDLE), {
    BROKER_LISTEN: `127.0.0.1:${port}`,
    ADMIN_LISTEN: `127.0.0.1:${adminPort}`,
    TLS_DIR: folderOf(BROKER),
    CATALOG: 'directory',
    CATALOG_DIR: catalog,
    CALLERS_FILE: callers,
    STATE_DIR: state,
    ISSUE_PER_SECOND: UNLIMITED,
    VALIDATE_PER_SECOND: UNLIMITED,
    SUBSTITUTE_PER_SECOND: UNLIMITED,
  });
  return ready(child, `https://${BROKER}:${port}`, () => isReady(adminPort));
}

export async function startBrokerStub(compiled: string, { folderOf }: Places): Promise<Server> {
  const [port] = await freePorts(1);
  const child = run(compiled, [join(compiled, 'broker-stub.js'), String(port), folderOf(BROKER), HOSTS.api, REAL_KEY], {}, LOAD_CORE);
  return ready(child, `https://${BROKER}:${port}`, accepts);
}

/** With the log lines that are usual, and limits that nothing reaches. */
export async function startEgress(
  compiled: string, name: string, { folder, caFile, egressTokenFile }: Places, broker: Server, { ports }: Upstreams,
): Promise<Proxy> {
  const [port, baseUrlPort, adminPort] = await freePorts(3);
  const state = join(folder, name);
  mkdirSync(state, { mode: 0o700 });
  const child = run(compiled, serverArgs(join(compiled, 'egress.mjs')), {
    EGRESS_LISTEN: `127.0.0.1:${port}`,
    EGRESS_BASE_URL_LISTEN: `127.0.0.1:${baseUrlPort}`,
    ADMIN_LISTEN: `127.0.0.1:${adminPort}`,
    BROKER_URL: broker.url,
    BROKER_CA_FILE: caFile,
    BROKER_TOKEN_FILE: egressTokenFile,
    UPSTREAM_CA_FILE: caFile,
    TRUST: 'directory',
    STATE_DIR: state,
    CONNECTIONS_PER_RUN: UNLIMITED,
    REQUESTS_PER_SECOND: UNLIMITED,
    UPSTREAM_PORTS: JSON.stringify(ports),
  });
  const server = await ready(child, `http://127.0.0.1:${port}`, () => isReady(adminPort));
  return { ...server, ca: readFileSync(join(state, 'trust', 'ca-bundle.pem'), 'utf8') };
}

/** What each run is given by the broker. */
export async function clientsOf(broker: Server, ask: Ask): Promise<readonly RunClient[]> {
  const clients: RunClient[] = [];
  for (let index = 0; index < RUNS; index++) {
    const name = runName(index);
    const as = (token: string) => ({ authorization: `Bearer ${token}`, [RUN_HEADER]: name, [RUN_NAMESPACE_HEADER]: NAMESPACE });
    const { value: token } = await ask(broker.url + BROKER_ROUTES.issueEgress, as(TOKENS.operator), {});
    const { value: bearer } = await ask(broker.url + BROKER_ROUTES.issue, as(TOKENS.run), { name: CREDENTIAL });
    clients.push({ name, token, bearer });
  }
  return clients;
}

async function isReady(adminPort: number): Promise<boolean> {
  return (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok;
}

async function accepts(url: string): Promise<boolean> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.destroy();
  return true;
}
