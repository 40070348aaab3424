import { writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { documents, NAMESPACE, POD_UID } from './documents';
import { BROKER_AUDIENCE } from '../../src/protocol/names';
import { OBJECTS } from '../../src/protocol/objects';
import { selfSigned } from '../../test/sidecar/server/certificate';

/** An API server as far as a broker asks one. */
export interface ApiServer {
  /** Milliseconds that a TokenReview takes. */
  reviewDelay: number;
  close(): Promise<void>;
}

interface Listed {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/** Milliseconds between two bookmarks of a watch. */
const BOOKMARK_EVERY = 5000;

const VERSION = '1';

/** Serves the documents, and writes a kubeconfig that leads to it. */
export async function startApiServer(kubeconfig: string): Promise<ApiServer> {
  const pair = selfSigned('api');
  const content = (documents() as Listed[]).map((one, index) => ({ ...one, metadata: { ...one.metadata, uid: `uid-${index}`, resourceVersion: VERSION } }));
  const secrets = new Map<string, object>([['model-key', secretNamed('model-key', { token: 'YW4tZXhhbXBsZS1rZXk=' })], [OBJECTS.brokerKeyring, secretNamed(OBJECTS.brokerKeyring, {})]]);
  const api: ApiServer = {
    reviewDelay: 0,
    close: () => new Promise((done) => {
      server.close(() => done());
      server.closeAllConnections();
    }),
  };

  const answer = (request: IncomingMessage, body: string, response: ServerResponse): void => {
    const { pathname, searchParams } = new URL(request.url!, 'https://api');
    const [plural, name] = pathname.split('/').filter((part) => !['', 'api', 'apis', 'v1', 'namespaces', NAMESPACE].includes(part) && !part.includes('.') && !/^v\d/.test(part));
    if (plural === 'tokenreviews') setTimeout(() => json(response, 201, review()), api.reviewDelay);
    else if (searchParams.has('watch')) watch(response);
    else if (request.method === 'POST') json(response, 201, JSON.parse(body) as object);
    else if (plural === 'secrets') json(response, ...secretOf(name, request.method === 'PUT' ? JSON.parse(body) as object : undefined));
    else if (name !== undefined) json(response, 404, { reason: 'NotFound' });
    else json(response, 200, { metadata: { resourceVersion: VERSION }, items: content.filter(({ kind }) => pluralOf(kind) === plural) });
  };
  const secretOf = (name: string, written?: object): [number, object] => {
    if (written !== undefined) secrets.set(name, written);
    const found = secrets.get(name);
    return found === undefined ? [404, { reason: 'NotFound' }] : [200, found];
  };
  const server = createServer(pair, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, Buffer.concat(chunks).toString('utf8'), response));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  writeFileSync(kubeconfig, JSON.stringify({
    'current-context': 'bench',
    'contexts': [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
    'clusters': [{
      name: 'bench',
      cluster: { 'server': `https://127.0.0.1:${(server.address() as AddressInfo).port}`, 'certificate-authority-data': Buffer.from(pair.cert).toString('base64') },
    }],
    'users': [{ name: 'bench', user: { token: 'of-the-broker' } }],
  }));
  return api;
}

function pluralOf(kind: string): string {
  return kind === 'BrokerPolicy' ? 'brokerpolicies' : `${kind.toLowerCase()}s`;
}

function secretNamed(name: string, data: Readonly<Record<string, string>>): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: NAMESPACE, uid: name, resourceVersion: VERSION }, data };
}

/** Whoever asks is the one caller. */
function review(): object {
  const user = { username: `system:serviceaccount:${NAMESPACE}:bench`, extra: { 'authentication.kubernetes.io/pod-uid': [POD_UID] } };
  return { metadata: {}, status: { authenticated: true, audiences: [BROKER_AUDIENCE], user } };
}

/** Nothing ever changes; bookmarks show that it is alive. */
function watch(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const tell = (): void => void response.write(`${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: VERSION } } })}\n`);
  tell();
  const timer = setInterval(tell, BOOKMARK_EVERY);
  response.on('close', () => clearInterval(timer));
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
