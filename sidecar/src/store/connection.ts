import { Client, ConnectionOptions, ConnectionTimes, destroy, newClient, ScriptCall, secretsOf } from './client';
import { DUE_SHARDS, dueKey } from './keys';
import { ASK, DELIST, Script } from './scripts';
import { StoreError } from './store-error';
import type { RunScript } from './valkey-entries';

const TIMES: ConnectionTimes = { answer: 2000, connect: 2000, look: 2000, reconnect: 2000 };

/** Looks in vain after which a new connection is tried, in case the servers have moved. */
const PATIENCE = 5;

/** Nobody's id: taking it out of an index changes nothing, and only a primary does it. */
const NOBODY = '';

const UNREACHABLE = 'the store cannot be reached';

/** A connection that is made again whenever it is lost. Commands do not wait for it: they fail at once. */
export class StoreConnection {
  private readonly times: ConnectionTimes;
  private readonly looking: NodeJS.Timeout;
  private client: Client | undefined;
  /** Takes over once it is connected. */
  private next: Client | undefined;
  /** Those whose last answers are on their way. */
  private readonly retired = new Set<Client>();
  /** What leads to a server that is a replica: it reads, and refuses every write. */
  private demoted: Client | undefined;
  private closed = false;
  /** Why the last attempt to connect has failed. */
  private refusal = UNREACHABLE;
  private failure: string | undefined = 'the store has not answered yet';
  private looksInVain = 0;
  /** With what the youngest connection was begun. */
  private used: readonly (string | undefined)[] = [];

  constructor(private readonly options: ConnectionOptions) {
    this.times = options.times ?? TIMES;
    this.looking = setInterval(() => {
      // Here and not where it is met, so that many writes that fail make no more than one new connection for each look.
      if (this.demoted !== undefined && this.demoted === this.client) this.renew();
      void this.look();
    }, this.times.look).unref();
    this.renew();
  }

  readonly run: RunScript = async (script, keys, args) => {
    const { client } = this;
    if (client === undefined) throw new StoreError('Unavailable', this.refusal);
    const call = { keys: [...keys], arguments: args.map(String) };
    try {
      return await this.inTime(evaluate(client, script, call));
    } catch (error) {
      if (wordOf(error) === 'READONLY') this.demoted = client;
      throw storeError(error, this.refusal);
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
    this.retired.forEach(destroy);
    const { client } = this;
    if (client !== undefined) await this.inTime(client.close()).catch(() => destroy(client));
  }

  private async look(): Promise<void> {
    // A primary that was made a replica keeps its connections and goes on to read, so only a write tells that it was.
    void this.run(DELIST, [dueKey(0)], [NOBODY]).catch(() => undefined);
    const shards = Array.from({ length: this.options.target.cluster ? DUE_SHARDS : 1 }, (_, shard) => shard);
    const answers = await Promise.allSettled(shards.map((shard) => this.run(ASK, [dueKey(shard)], [])));
    const failed = answers.flatMap((one) => one.status === 'rejected' ? [one.reason as StoreError] : []);
    const isLost = failed.length === answers.length;
    this.failure = isLost ? failed[0].message : undefined;
    this.looksInVain = isLost ? this.looksInVain + 1 : 0;
    const isOutdated = isLost && secretsOf(this.options).some((secret, at) => secret !== this.used[at]);
    if (isOutdated) this.giveUpNext();
    if (isLost && (isOutdated || this.client === undefined || this.looksInVain % PATIENCE === 0)) this.renew();
  }

  /** It knows the password of each attempt, but its authorities are those that it began with. */
  private giveUpNext(): void {
    destroy(this.next);
    this.next = undefined;
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
    this.used = secretsOf(this.options);
    const next = newClient(this.options, this.times);
    // Without a listener the process would end.
    next.on('error', (error) => { this.refusal = storeError(error, UNREACHABLE).message; });
    this.next = next;
    void next.connect().then(() => this.use(next), () => destroy(next)).finally(() => {
      if (this.next === next) this.next = undefined;
    });
  }

  private use(next: Client): void {
    if (this.closed || this.next !== next) return destroy(next);
    const old = this.client;
    this.client = next;
    this.retire(old);
    void this.look();
  }

  private retire(client: Client | undefined): void {
    if (client === undefined) return;
    this.retired.add(client);
    setTimeout(() => {
      this.retired.delete(client);
      destroy(client);
    }, this.times.answer).unref();
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

/** The messages of the server may quote what was sent to it, so only their first word is told. */
function storeError(error: unknown, otherwise: string): StoreError {
  if (error instanceof StoreError) return error;
  const word = wordOf(error);
  if (word === 'WRONGTYPE') return new StoreError('Poison', 'an index of the store is of another type', { cause: error });
  return new StoreError('Unavailable', word === undefined ? otherwise : `the store answers ${word}`, { cause: error });
}

/** With which a server begins to say what is wrong. https://valkey.io/topics/protocol/#simple-errors */
function wordOf(error: unknown): string | undefined {
  return error instanceof Error ? /^[A-Z]{2,20}(?= |$)/.exec(error.message)?.[0] : undefined;
}
