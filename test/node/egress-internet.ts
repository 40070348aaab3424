import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createPlain, IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { NODE_ADDRESS } from './one-node';
import { makeAuthority, makeServingPair } from '../../sidecar/src/crypto/self-made-certificate';
import { METADATA_ADDRESS } from '../../src/protocol/address-ranges';
import { must } from '../cluster/cli';

/** A public address that the node has for these tests, as nothing leads out of the cluster. */
export const PUBLIC_ADDRESS = '93.184.216.34';
export const ZONE = 'example.test';
export const HTTPS = 443;
/** Open only because a policy names it. */
export const GRANTED_PORT = 9443;
/** Named by no policy. */
export const OTHER_PORT = 9444;

const HOUR = 3_600_000;

/** What the upstream was asked. */
export interface Seen {
  readonly host: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** Certificates of an authority that nobody knows who is not told of it. */
export interface Certificates {
  readonly authority: string;
  readonly pair: { readonly cert: string; readonly key: string };
}

export async function newCertificates(): Promise<Certificates> {
  const validity = { now: Date.now(), notAfter: Date.now() + HOUR };
  const authority = await makeAuthority('authority of the upstreams', validity);
  return { authority: authority.cert, pair: await makeServingPair(authority, [`*.${ZONE}`], validity) };
}

/** Names of the zone by address. `pods` are those of upstreams at private addresses. */
export function addressesOf(pods: { readonly named: string; readonly other: string }): Readonly<Record<string, readonly string[]>> {
  return {
    [PUBLIC_ADDRESS]: ['api', 'tunnel', 'plain', 'forbidden', 'git'],
    [pods.named]: ['private', 'unnamed'],
    [pods.other]: ['outside'],
    [METADATA_ADDRESS]: ['metadata'],
    [NODE_ADDRESS]: ['node'],
    '10.96.0.1': ['service'],
    '127.0.0.1': ['loopback'],
  };
}

const DNS = ['-n', 'kube-system'] as const;

function corefile(): string {
  return JSON.parse(must(['get', 'configmap', ...DNS, 'coredns', '-o', 'json'])).data.Corefile;
}

function serveNames(text: string): void {
  must(['patch', 'configmap', ...DNS, 'coredns', '--type=merge', '-p', JSON.stringify({ data: { Corefile: text } })]);
  must(['rollout', 'restart', ...DNS, 'deployment/coredns']);
}

/** Makes the names of the zone known to the cluster. The result takes them back. */
export function addNames(addresses: ReturnType<typeof addressesOf>): () => void {
  const before = corefile();
  const earlier = must(['get', 'pods', ...DNS, '-l', 'k8s-app=kube-dns', '-o', 'name']).trim().split('\n').filter((name) => name !== '');
  const names = Object.entries(addresses).map(([address, hosts]) => `
        template IN A ${hosts.map((host) => `${host}.${ZONE}`).join(' ')} {
            answer "{{ .Name }} 1 IN A ${address}"
        }`);
  serveNames(`${ZONE}:53 {\n        errors${names.join('')}
        template IN AAAA {
            rcode NOERROR
        }
        template ANY ANY {
            rcode NXDOMAIN
        }
}
${before}`);
  must(['rollout', 'status', ...DNS, 'deployment/coredns', '--timeout=300s']);
  // Those of before answer as long as they are there, and know none of the names.
  for (const pod of earlier) must(['wait', ...DNS, pod, '--for=delete', '--timeout=120s']);
  return () => serveNames(before);
}

/** Upstreams at the public address, in this process. They remember what they were asked. */
export class Internet {
  static async start({ pair }: Certificates): Promise<Internet> {
    ownAddress('replace');
    const internet = new Internet(pair);
    await Promise.all([internet.listen(internet.plain, 80), ...internet.secure.map((server, index) => internet.listen(server, SECURE_PORTS[index]))]);
    return internet;
  }

  readonly seen: Seen[] = [];
  /** Answers that are under way, by path. */
  readonly open = new Map<string, ServerResponse>();
  /** What answers in place of the rest, by host. */
  readonly hosts = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();
  /** What answers in place of the rest, by path. */
  readonly paths = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();
  private readonly plain: Server;
  private readonly secure: readonly Server[];

  private constructor(pair: Certificates['pair']) {
    const answer = (request: IncomingMessage, response: ServerResponse) => this.answer(request, response);
    this.plain = createPlain(answer);
    this.secure = SECURE_PORTS.map(() => createSecure(pair, answer));
  }

  /** What came for a path. */
  of(path: string): Seen[] {
    return this.seen.filter((one) => one.path === path);
  }

  close(): void {
    for (const server of [this.plain, ...this.secure]) {
      server.closeAllConnections();
      server.close();
    }
    ownAddress('del');
  }

  private async listen(server: Server, port: number): Promise<void> {
    server.listen(port, PUBLIC_ADDRESS);
    await once(server, 'listening');
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const { url = '', headers } = request;
    this.seen.push({ host: headers.host ?? '', path: url, headers });
    const own = this.hosts.get(headers.host ?? '') ?? this.paths.get(url);
    if (own !== undefined) own(request, response);
    else if (url.startsWith('/drip')) this.drip(url, response);
    else if (url === '/mirror') response.end(`you sent ${headers['x-api-key']}`);
    else response.end(`the internet, ${url}\n`);
  }

  /** An answer without end, until this side ends it. */
  private drip(url: string, response: ServerResponse): void {
    this.open.set(url, response);
    const timer = setInterval(() => response.write('drop\n'), 100);
    response.on('close', () => {
      clearInterval(timer);
      this.open.delete(url);
    });
  }
}

const SECURE_PORTS = [HTTPS, GRANTED_PORT, OTHER_PORT];

/** One that is there already is that of a test file that was cut short. */
function ownAddress(change: 'replace' | 'del'): void {
  const { status, stderr } = spawnSync('ip', ['address', change, `${PUBLIC_ADDRESS}/32`, 'dev', 'lo'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip address ${change}: ${stderr}`);
}
