import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { json } from 'node:stream/consumers';
import { SYSTEM } from './cluster';
import { makeAuthority, makeServingPair } from '../../sidecar/src/crypto/self-made-certificate';
import { serverArgs } from '../../src/manifests/server-args';
import { freePorts, ready, run, Server } from '../broker/servers';

const BUNDLE = resolve(__dirname, '../../sidecar/dist/operator.mjs');

/** Name of the broker, as its certificate has it. */
const BROKER = 'localhost';

const DAY = 24 * 60 * 60 * 1000;

export interface Places {
  readonly folder: string;
  readonly kubeconfig: string;
  /** Variables of the operator. */
  readonly choices: Readonly<Record<string, string>>;
}

/** The operator's process; its URL is that of its metrics. */
export type Operator = Server;

export function checkBundle(): void {
  if (!existsSync(BUNDLE)) throw new Error('sidecar/dist/operator.mjs is not there: node sidecar/bundle.mjs builds it');
}

export async function startBroker(compiled: string, { folder }: Places): Promise<Server> {
  const validity = { now: Date.now(), notAfter: Date.now() + DAY };
  const authority = await makeAuthority('authority of this benchmark', validity);
  const { cert, key } = await makeServingPair(authority, [BROKER], validity);
  mkdirSync(join(folder, BROKER));
  const files = { 'ca.pem': authority.cert, [join(BROKER, 'tls.crt')]: cert, [join(BROKER, 'tls.key')]: key, 'token': 'token-of-the-operator-of-this-benchmark' };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content, { mode: 0o600 });
  const [port] = await freePorts(1);
  const child = run(compiled, [join(compiled, 'broker-stub.js'), String(port), join(folder, BROKER)], {}, 1);
  return ready(child, `https://${BROKER}:${port}`, accepts);
}

export async function startOperator(
  compiled: string, { folder, kubeconfig, choices }: Places, broker: Server, namespaces: readonly string[],
): Promise<Operator> {
  const [adminPort] = await freePorts(1);
  const admin = `http://127.0.0.1:${adminPort}`;
  const child = run(compiled, ['--require', join(compiled, 'heap-reply.js'), ...serverArgs(BUNDLE)], {
    ADMIN_LISTEN: `127.0.0.1:${adminPort}`,
    LOG_LEVEL: process.env.BENCH_LOG_LEVEL ?? 'error',
    KUBECONFIG: kubeconfig,
    RUN_NAMESPACES: namespaces.join(','),
    BROKER_URL: broker.url,
    BROKER_CA_FILE: join(folder, 'ca.pem'),
    BROKER_TOKEN_FILE: join(folder, 'token'),
    ...choices,
    POD_NAME: 'operator-0',
    POD_NAMESPACE: SYSTEM,
  });
  return ready(child, admin, async () => (await fetch(`${admin}/readyz`)).ok);
}

/** How often the broker was asked for something. */
export async function brokerCalls({ url }: Server, { folder }: Places): Promise<number> {
  const [answer] = await once(get(url, { ca: readFileSync(join(folder, 'ca.pem')) }), 'response') as [IncomingMessage];
  return Object.values(await json(answer) as Record<string, number>).reduce((all, count) => all + count, 0);
}

/** Bytes of the heap that are alive. */
export async function heapOf({ child }: Operator): Promise<number> {
  child.send('heap');
  for (;;) {
    const [{ heapBytes }] = await once(child, 'message') as [{ readonly heapBytes?: number }];
    if (heapBytes !== undefined) return heapBytes;
  }
}

async function accepts(url: string): Promise<boolean> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.destroy();
  return true;
}
