import { createClient, createCluster } from '@redis/client';
import type { ServerTarget } from './store-url';
import { STORE_USER } from '../../../src/protocol/objects';

/** What may change while the connection is in use; asked for at each attempt to connect. */
export interface StoreSecrets {
  /** Wins over the password of the URL once it is known, and belongs to `STORE_USER` unless the URL names a user. */
  readonly password?: () => string | undefined;
  /** PEM of the authorities that may have signed the server's certificate, nobody while undefined; those of Node without. */
  readonly ca?: () => string | undefined;
}

export interface ConnectionOptions extends StoreSecrets {
  readonly target: ServerTarget;
  readonly times?: ConnectionTimes;
}

/** Milliseconds. */
export interface ConnectionTimes {
  /** For one answer. */
  readonly answer: number;
  /** For a new connection. */
  readonly connect: number;
  /** Between two looks at whether the server is there. */
  readonly look: number;
  /** Longest wait between two attempts to connect. */
  readonly reconnect: number;
}

/** Commands that wait for an answer; a server that is this far behind gets no more. */
const LONGEST_QUEUE = 10_000;

/** What both kinds of client can do. */
export interface Client {
  evalSha(sha: string, options: ScriptCall): Promise<unknown>;
  eval(text: string, options: ScriptCall): Promise<unknown>;
  connect(): Promise<unknown>;
  destroy(): void;
  close(): Promise<unknown>;
  on(event: 'error', listener: (error: unknown) => void): unknown;
}

export interface ScriptCall {
  readonly keys: string[];
  readonly arguments: string[];
}

/** A client that connects once it is told to, and again each time that it is cut off. */
export function newClient(options: ConnectionOptions, times: ConnectionTimes): Client {
  return options.target.cluster ? clusterClient(options, times) : singleClient(options, times);
}

function singleClient(options: ConnectionOptions, times: ConnectionTimes): Client {
  return createClient({ ...common(options, times), database: options.target.database }) as Client;
}

/** Credentials and TLS are those of all servers. */
function clusterClient(options: ConnectionOptions, times: ConnectionTimes): Client {
  const { socket, ...defaults } = common(options, times);
  const { host: _host, port: _port, ...socketDefaults } = socket;
  return createCluster({ RESP: 2, rootNodes: [{ ...defaults, socket }], defaults: { ...defaults, socket: socketDefaults } }) as Client;
}

function common(options: ConnectionOptions, times: ConnectionTimes) {
  const { host, port, tls } = options.target;
  return {
    RESP: 2,
    credentialsProvider: { type: 'async-credentials-provider', credentials: async () => credentialsOf(options) },
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    commandsQueueMaxLength: LONGEST_QUEUE,
    socket: {
      host,
      port,
      connectTimeout: times.connect,
      reconnectStrategy: (retries: number) => Math.random() * Math.min(times.reconnect, 50 * 2 ** Math.min(retries, 10)),
      ...(tls ? { tls: true as const, ...authoritiesOf(options) } : {}),
    },
  } as const;
}

/** To compare with those of another time. */
export function secretsOf({ password, ca }: StoreSecrets): readonly (string | undefined)[] {
  return [password?.(), ca?.()];
}

function credentialsOf({ target: { username, password }, password: changing }: ConnectionOptions) {
  const current = changing?.();
  if (current !== undefined) return { username: username ?? STORE_USER, password: current };
  return { ...(username === undefined || password === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
}

/** An empty list trusts nobody. */
function authoritiesOf({ ca }: StoreSecrets): { readonly ca?: string[] } {
  if (ca === undefined) return {};
  const bundle = ca();
  return { ca: bundle === undefined ? [] : [bundle] };
}

export function destroy(client: Client | undefined): void {
  try {
    client?.destroy();
  } catch {
    // It was not open any more.
  }
}
