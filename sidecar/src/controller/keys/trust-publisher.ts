import { OBJECTS, TRUST_KEYS } from '../../../../src/protocol/objects';
import { BOOTSTRAP_JWKS } from '../../../../src/protocol/session-api';
import type { OwnedEntries } from '../../kube/serving-certificate';
import type { Logger } from '../../server/log';

export interface TrustPublisherOptions {
  /** The ConfigMap of a namespace. */
  readonly trustOf: (namespace: string) => OwnedEntries;
  /** The public keys as they are now, as a JWK Set; read anew each time. */
  readonly keys: () => Promise<string>;
  /** Those with workers, as they are now. */
  readonly namespaces: () => readonly string[];
  readonly log: Logger;
}

/** Writers that may come in between in one round; the next round comes in a minute. */
const ATTEMPTS = 5;

/** What it is called when others have written first. */
const LATE = 'others write it all the time';

type Published = Awaited<ReturnType<OwnedEntries['read']>>;

/** What came of one namespace. */
interface Outcome {
  readonly namespace: string;
  /** As it was read, if it was. */
  readonly published?: Published;
  readonly problem?: string;
}

/** Tells the workers of every namespace whose init tokens they may trust, and reads what other roles tell there. */
export class TrustPublisher {
  private running: Promise<void> | undefined;
  private queued: Promise<void> | undefined;
  private proxies: ReadonlyMap<string, string> = new Map();
  /** By namespace, as it was logged. */
  private problems: ReadonlyMap<string, string> = new Map();

  constructor(private readonly options: TrustPublisherOptions) {}

  /** URL of the proxy that is the only way out of a namespace's workers; undefined when there is none. */
  proxyUrl(namespace: string): string | undefined {
    return this.proxies.get(namespace);
  }

  /** Resolves when every namespace that can be written has the keys. Whoever asks while a round is under way waits for one more. */
  publish(): Promise<void> {
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

  private async round(): Promise<void> {
    const outcomes = new Map<string, Outcome>();
    let pending = [...new Set(this.options.namespaces())];
    let attempts = 0;
    // Once in any case: keys are renewed here also while there is no namespace.
    do {
      for (const outcome of await this.attempt(pending)) outcomes.set(outcome.namespace, outcome);
      pending = pending.filter((namespace) => outcomes.get(namespace)?.problem === LATE);
      attempts += 1;
    } while (pending.length > 0 && attempts < ATTEMPTS);
    const all = [...outcomes.values()];
    this.proxies = new Map(all.flatMap(({ namespace, published }) => {
      // What could not be read has not changed.
      const url = published === undefined ? this.proxyUrl(namespace) : proxyIn(published);
      return url === undefined ? [] : [[namespace, url] as const];
    }));
    this.tell(new Map(all.flatMap(({ namespace, problem }) => problem === undefined ? [] : [[namespace, problem] as const])));
  }

  /**
   * What is published is read before the keys are, so that a replica which is late does not put old keys in place of
   * newer ones: then the version that it read is no longer there.
   */
  private async attempt(namespaces: readonly string[]): Promise<readonly Outcome[]> {
    const { trustOf, keys: keysNow } = this.options;
    const look = (namespace: string) => outcomeOf({ namespace }, async () => ({ published: await trustOf(namespace).read() }));
    const read = await Promise.all(namespaces.map(look));
    const keys = await keysNow().then((text) => ({ text }), (error: Error) => ({ problem: error.message }));
    return Promise.all(read.map((seen) => {
      const { namespace, published } = seen;
      if (published === undefined) return seen;
      return 'problem' in keys ? { ...seen, ...keys } : outcomeOf(seen, async () => ({ problem: await this.put(namespace, published, keys.text) }));
    }));
  }

  private async put(namespace: string, published: Published, keys: string): Promise<string | undefined> {
    if (published.entries.get(BOOTSTRAP_JWKS)?.toString('utf8') === keys) return undefined;
    if (!await this.options.trustOf(namespace).replace(published, new Map([...published.entries, [BOOTSTRAP_JWKS, Buffer.from(keys)]]))) return LATE;
    this.options.log.info({ namespace, object: OBJECTS.agentTrust }, 'the bootstrap keys were published');
    return undefined;
  }

  /** Once for each change. */
  private tell(problems: ReadonlyMap<string, string>): void {
    for (const [namespace, problem] of problems) {
      if (this.problems.get(namespace) === problem) continue;
      this.options.log.error({ namespace, object: OBJECTS.agentTrust, problem }, 'the bootstrap keys cannot be published; workers there take no session whose key they do not know');
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

/** What is no URL of a proxy is as good as none: sessions are then without a way out, which their commands notice. */
function proxyIn({ entries }: Published): string | undefined {
  const text = entries.get(TRUST_KEYS.proxyUrl)?.toString('utf8').trim() ?? '';
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol) ? text : undefined;
}
