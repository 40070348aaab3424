import { createClient, createCluster } from '@redis/client';
import { DUE_SHARDS, dueKey } from './keys';
import { ASK, Script } from './scripts';
import { StoreError } from './store-error';
import type { ServerTarget } from './store-url';
import type { RunScript } from './valkey-entries';

export interface ConnectionOptions {
  readonly target: ServerTarget;
  /** PEM of the authorities that may have signed the server's certificate; those of Node without. */
  readonly ca?: string;
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

const TIMES: ConnectionTimes = { answer: 2000, connect: 2000, look: 2000, reconnect: 2000 };

/** Commands that wait for an answer; a server that is this far behind gets no more. */
const LONGEST_QUEUE = 10_000;

/** What both kinds of client can do. */
interface Client {
  evalSha(sha: string, options: ScriptCall): Promise<unknown>;
  eval(text: string, options: ScriptCall): Promise<unknown>;
  connect(): Promise<unknown>;
  destroy(): void;
  close(): Promise<unknown>;
  on(event: 'error', listener: (error: unknown) => void): unknown;
}

interface ScriptCall {
  readonly keys: string[];
  readonly arguments: string[];
}

/** Looks in vain after which a new connection is tried, in case the servers have moved. */
const PATIENCE = 5;

/** A connection that is made again whenever it is lost. Commands do not wait for it: they fail at once. */
export class StoreConnection {
  private readonly times: ConnectionTimes;
  private readonly looking: NodeJS.Timeout;
  private client: Client | undefined;
  /** Takes over once it is connected. */
  private next: Client | undefined;
  private closed = false;
  /** Why there has been no connection yet. */
  private refusal = 'the store cannot be reached';
  private failure: string | undefined = 'the store has not answered yet';
  private looksInVain = 0;

  constructor(private readonly options: ConnectionOptions) {
    this.times = options.times ?? TIMES;
    this.looking = setInterval(() => void this.look(), this.times.look).unref();
    this.renew();
  }

  readonly run: RunScript = async (script, keys, args) => {
    if (this.client === undefined) throw new StoreError('Unavailable', this.refusal);
    const call = { keys: [...keys], arguments: args.map(String) };
    try {
      return await this.inTime(evaluate(this.client, script, call));
    } catch (error) {
      throw storeError(error);
    }
  };

  /** Why sessions cannot be read or written; undefined when all is well, or when part of a cluster is there. */
  problem(): string | undefined {
    return this.failure;
  }

  /** Waits for answers that are on their way, for a moment. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.looking);
    destroy(this.next);
    const { client } = this;
    if (client !== undefined) await this.inTime(client.close()).catch(() => destroy(client));
  }

  private async look(): Promise<void> {
    const shards = Array.from({ length: this.options.target.cluster ? DUE_SHARDS : 1 }, (_, shard) => shard);
    const answers = await Promise.allSettled(shards.map((shard) => this.run(ASK, [dueKey(shard)], [])));
    const failed = answers.flatMap((one) => one.status === 'rejected' ? [one.reason as StoreError] : []);
    const isLost = failed.length === answers.length;
    this.failure = isLost ? failed[0].message : undefined;
    this.looksInVain = isLost ? this.looksInVain + 1 : 0;
    if (isLost && (this.client === undefined || this.looksInVain % PATIENCE === 0)) this.renew();
  }

  private async inTime<T>(answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        // What is written to a machine that is gone is refused by nobody for minutes.
        this.renew();
        reject(new StoreError('Unavailable', `the store has not answered in ${this.times.answer} ms`));
      }, this.times.answer);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Begins with a new connection; the present one is used until that stands. */
  private renew(): void {
    if (this.closed || this.next !== undefined) return;
    const next = this.options.target.cluster ? clusterClient(this.options, this.times) : singleClient(this.options, this.times);
    // Without a listener the process would end.
    next.on('error', (error) => { this.refusal = storeError(error).message; });
    this.next = next;
    void next.connect().then(() => this.use(next), () => destroy(next)).finally(() => { this.next = undefined; });
  }

  private use(next: Client): void {
    if (this.closed) return destroy(next);
    const old = this.client;
    this.client = next;
    setTimeout(() => destroy(old), this.times.answer).unref();
    void this.look();
  }
}

async function evaluate(client: Client, { sha, text }: Script, call: ScriptCall): Promise<unknown> {
  try {
    return await client.evalSha(sha, call);
  } catch (error) {
    // The server forgets scripts when it starts.
    if (error instanceof Error && error.message.startsWith('NOSCRIPT')) return client.eval(text, call);
    throw error;
  }
}

function singleClient({ target, ca }: ConnectionOptions, times: ConnectionTimes): Client {
  return createClient({ ...common(target, ca, times), database: target.database }) as Client;
}

/** Credentials and TLS are those of all servers. */
function clusterClient({ target, ca }: ConnectionOptions, times: ConnectionTimes): Client {
  const { socket, ...defaults } = common(target, ca, times);
  const { host: _host, port: _port, ...socketDefaults } = socket;
  return createCluster({ RESP: 2, rootNodes: [{ ...defaults, socket }], defaults: { ...defaults, socket: socketDefaults } }) as Client;
}

function common({ host, port, tls, username, password }: ServerTarget, ca: string | undefined, times: ConnectionTimes) {
  return {
    RESP: 2,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    commandsQueueMaxLength: LONGEST_QUEUE,
    socket: {
      host,
      port,
      connectTimeout: times.connect,
      reconnectStrategy: (retries: number) => Math.random() * Math.min(times.reconnect, 50 * 2 ** Math.min(retries, 10)),
      ...(tls ? { tls: true as const, ...(ca === undefined ? {} : { ca }) } : {}),
    },
  } as const;
}

function destroy(client: Client | undefined): void {
  try {
    client?.destroy();
  } catch {
    // It was not open any more.
  }
}

/** The messages of the server may quote what was sent to it, so only their first word is told. */
function storeError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const word = error instanceof Error ? /^[A-Z]{2,20}(?= |$)/.exec(error.message)?.[0] : undefined;
  if (word === 'WRONGTYPE') return new StoreError('Poison', 'an index of the store is of another type', { cause: error });
  const why = word === undefined ? 'cannot be reached' : `answers ${word}`;
  return new StoreError('Unavailable', `the store ${why}`, { cause: error });
}
