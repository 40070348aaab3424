import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { parse } from 'yaml';

// Of each test whose file asks an API server: a busy machine takes its time.
jest.setTimeout(120_000);

/** What the API server answered. */
export interface Answer {
  readonly status: number;
  /** The object, or the Status that says why there is none. */
  readonly body: { readonly message?: string; readonly metadata?: Record<string, unknown>; readonly [field: string]: unknown };
}

/** A connection to the API server of `KUBECONFIG` with the client certificate of its current context. */
export class ApiServer {
  private readonly server: URL;
  private readonly agent: Agent;

  /** `impersonated` is the user to speak for; without one, whoever the kubeconfig names. */
  constructor(private readonly impersonated?: string, kubeconfig = process.env.KUBECONFIG) {
    if (kubeconfig === undefined) throw new Error('KUBECONFIG must name the kubeconfig of a cluster, got nothing');
    const config = parse(readFileSync(kubeconfig, 'utf8'));
    const context = named(config.contexts, config['current-context']).context;
    const cluster = named(config.clusters, context.cluster).cluster;
    const user = named(config.users, context.user).user;
    this.server = new URL(cluster.server);
    this.agent = new Agent({
      keepAlive: true,
      maxSockets: 8,
      ca: decoded(cluster['certificate-authority-data']),
      cert: decoded(user['client-certificate-data']),
      key: decoded(user['client-key-data']),
    });
  }

  /** Sends a request. As all clients do, it sends again what the API server has no time for, or has not read as it closed the connection. */
  public async call(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.once(method, path, body, contentType);
      if (answer !== undefined && (answer.status !== 429 || attempt === 60)) return answer;
      if (answer !== undefined) await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  /** An object of the kind that the path says; undefined when it is not there. */
  public async find<T extends object>(path: string): Promise<T | undefined> {
    const { status, body } = await this.call('GET', path);
    if (status === 404) return undefined;
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${body.message ?? ''}`);
    return body as T;
  }

  /** As `find`, of an object that has to be there. */
  public async read<T extends object>(path: string): Promise<T> {
    const object = await this.find<T>(path);
    if (object === undefined) throw new Error(`GET ${path}: 404`);
    return object;
  }

  /** Undefined when a connection that was kept had just been closed. */
  private async once(method: string, path: string, body: unknown, contentType: string): Promise<Answer | undefined> {
    return new Promise((resolve, reject) => {
      const who = this.impersonated === undefined ? {} : { 'impersonate-user': this.impersonated };
      const headers = { 'content-type': contentType, 'accept': 'application/json', ...who };
      const outgoing = request(new URL(path, this.server), { method, agent: this.agent, headers }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: parsed(Buffer.concat(chunks).toString()) }));
        incoming.on('error', reject);
      });
      outgoing.on('error', (error: NodeJS.ErrnoException) => (outgoing.reusedSocket && error.code === 'ECONNRESET' ? resolve(undefined) : reject(error)));
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** `kubectl apply --server-side --force-conflicts`, under the name of kubectl, so that both can be mixed. */
  public async apply(path: string, object: unknown): Promise<Answer> {
    return this.call('PATCH', `${path}?fieldManager=kubectl&force=true&fieldValidation=Strict`, object, 'application/apply-patch+yaml');
  }

  public close(): void {
    this.agent.destroy();
  }
}

function named(entries: readonly { name: string; [field: string]: any }[], name: string): any {
  const entry = entries.find((one) => one.name === name);
  if (entry === undefined) throw new Error(`kubeconfig has no entry named ${JSON.stringify(name)}`);
  return entry;
}

/** Who is refused before anybody knows what is asked for is told so in plain text. */
function parsed(text: string): Answer['body'] {
  try {
    return JSON.parse(text);
  } catch {
    return { message: text };
  }
}

function decoded(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}

/** Tries until the check holds; fails with what it saw last. */
export async function eventually<T>(look: () => Promise<T>, holds: (seen: T) => boolean, seconds = 60): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    // What was seen before this process stood still is not the last look.
    const isLast = Date.now() > end;
    const seen = await look();
    if (holds(seen)) return seen;
    if (isLast) throw new Error(`not within ${seconds} s; last seen: ${JSON.stringify(seen).slice(0, 500)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
