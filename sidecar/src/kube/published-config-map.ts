import type { OwnedEntries } from './serving-certificate';
import type { Logger } from '../server/telemetry/log';

/** Content of a ConfigMap, by key. */
export type PublishedEntries = ReadonlyMap<string, Buffer>;

export interface PublishedConfigMapOptions {
  /** Of the ConfigMap in every namespace, for the log. */
  readonly name: string;
  /** The ConfigMap of a namespace. */
  readonly objectOf: (namespace: string) => OwnedEntries;
  /** What has to be in it, as it is now; read anew each time. */
  readonly entries: () => Promise<ReadonlyMap<string, string>>;
  /** Those that have one, as they are now. */
  readonly namespaces: () => readonly string[];
  /** What the log says: that something was published, and that it cannot be. */
  readonly says: { readonly published: string; readonly failed: string };
  readonly log: Logger;
}

/** Writers that may come in between in one round; the next round comes in a minute. */
const ATTEMPTS = 5;

/** What it is called when others have written first. */
const LATE = 'others write it all the time';

/** What came of one namespace. */
interface Outcome {
  readonly namespace: string;
  /** As it was read, if it was. */
  readonly published?: Awaited<ReturnType<OwnedEntries['read']>>;
  readonly problem?: string;
}

/** What the ConfigMap of each namespace had when it was read; undefined for one that could not be. */
export type Round = ReadonlyMap<string, PublishedEntries | undefined>;

/**
 * Entries that a role keeps in one ConfigMap of every namespace, beside those of others. They are written only over the
 * version that was read, so that nobody's are lost.
 */
export class PublishedConfigMap {
  private running: Promise<Round> | undefined;
  private queued: Promise<Round> | undefined;
  /** By namespace, as it was logged. */
  private problems: ReadonlyMap<string, string> = new Map();

  constructor(private readonly options: PublishedConfigMapOptions) {}

  /** Resolves when every namespace that can be written has the entries. Whoever asks while a round is under way waits for one more. */
  publish(): Promise<Round> {
    if (this.running === undefined) {
      this.running = this.round().finally(() => { this.running = undefined; });
      return this.running;
    }
    this.queued ??= this.running.then(() => {
      this.queued = undefined;
      return this.publish();
    });
    return this.queued;
  }

  private async round(): Promise<Round> {
    const outcomes = new Map<string, Outcome>();
    let pending = [...new Set(this.options.namespaces())];
    let attempts = 0;
    // Once in any case: what is published is renewed here also while there is no namespace.
    do {
      for (const outcome of await this.attempt(pending)) outcomes.set(outcome.namespace, outcome);
      pending = pending.filter((namespace) => outcomes.get(namespace)?.problem === LATE);
      attempts += 1;
    } while (pending.length > 0 && attempts < ATTEMPTS);
    const all = [...outcomes.values()];
    this.tell(new Map(all.flatMap(({ namespace, problem }) => problem === undefined ? [] : [[namespace, problem] as const])));
    return new Map(all.map(({ namespace, published }) => [namespace, published?.entries]));
  }

  /**
   * What is published is read before what has to be, so that a replica which is late does not put old entries in place
   * of newer ones: then the version that it read is no longer there.
   */
  private async attempt(namespaces: readonly string[]): Promise<readonly Outcome[]> {
    const { objectOf, entries } = this.options;
    const look = (namespace: string) => outcomeOf({ namespace }, async () => ({ published: await objectOf(namespace).read() }));
    const read = await Promise.all(namespaces.map(look));
    const wanted = await entries().then((now) => ({ now }), (error: Error) => ({ problem: error.message }));
    return Promise.all(read.map((seen) => {
      if (seen.published === undefined) return seen;
      return 'problem' in wanted ? { ...seen, ...wanted } : outcomeOf(seen, async () => ({ problem: await this.put(seen, wanted.now) }));
    }));
  }

  private async put({ namespace, published }: Outcome, wanted: ReadonlyMap<string, string>): Promise<string | undefined> {
    const { objectOf, log, name, says } = this.options;
    if ([...wanted].every(([key, text]) => published!.entries.get(key)?.toString('utf8') === text)) return undefined;
    const entries = new Map([...published!.entries, ...[...wanted].map(([key, text]) => [key, Buffer.from(text)] as const)]);
    if (!await objectOf(namespace).replace(published!, entries)) return LATE;
    log.info({ namespace, object: name }, says.published);
    return undefined;
  }

  /** Once for each change. */
  private tell(problems: ReadonlyMap<string, string>): void {
    const { log, name, says } = this.options;
    for (const [namespace, problem] of problems) {
      if (this.problems.get(namespace) !== problem) log.error({ namespace, object: name, problem }, says.failed);
    }
    this.problems = problems;
  }
}

async function outcomeOf(before: Outcome, work: () => Promise<Partial<Outcome>>): Promise<Outcome> {
  try {
    return { ...before, ...await work() };
  } catch (error) {
    return { ...before, problem: (error as Error).message };
  }
}
