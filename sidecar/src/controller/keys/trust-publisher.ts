import { OBJECTS, TRUST_KEYS } from '../../../../src/protocol/objects';
import { BOOTSTRAP_JWKS } from '../../../../src/protocol/session-api';
import { PublishedConfigMap, PublishedEntries } from '../../kube/published-config-map';
import type { OwnedEntries } from '../../kube/serving-certificate';
import type { Logger } from '../../server/telemetry/log';
import type { Clock } from '../../server/time/clock';

export interface TrustPublisherOptions {
  /** The ConfigMap of a namespace. */
  readonly trustOf: (namespace: string) => OwnedEntries;
  /** The public keys as they are now, as a JWK Set; read anew each time. */
  readonly keys: () => Promise<string>;
  /** Those with workers, as they are now. */
  readonly namespaces: () => readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** Milliseconds between two looks for a proxy that is not there, however many sessions want one. */
const PAUSE = 2_000;

/** Tells the workers of every namespace whose init tokens they may trust, and reads what other roles tell there. */
export class TrustPublisher {
  private readonly trust: PublishedConfigMap;
  private readonly clock: Clock;
  private proxies: ReadonlyMap<string, string> = new Map();
  private lookedAt = -Infinity;
  private looking = Promise.resolve();

  constructor({ trustOf, keys, namespaces, clock, log }: TrustPublisherOptions) {
    this.clock = clock;
    this.trust = new PublishedConfigMap({
      name: OBJECTS.agentTrust,
      objectOf: trustOf,
      entries: async () => new Map([[BOOTSTRAP_JWKS, await keys()]]),
      namespaces,
      says: {
        published: 'the bootstrap keys were published',
        failed: 'the bootstrap keys cannot be published; workers there take no session whose key they do not know',
      },
      log,
    });
  }

  /** URL of the proxy that is the only way out of a namespace's workers; undefined when there is none. */
  proxyUrl(namespace: string): string | undefined {
    return this.proxies.get(namespace);
  }

  /** The same, after another look where there is none: workers are ready as soon as the proxy is, and rounds take a minute. */
  async proxyUrlNow(namespace: string): Promise<string | undefined> {
    if (this.proxyUrl(namespace) === undefined && this.clock() - this.lookedAt >= PAUSE) {
      this.lookedAt = this.clock();
      this.looking = this.publish();
    }
    await this.looking;
    return this.proxyUrl(namespace);
  }

  /** Resolves when every namespace that can be written has the keys. Whoever asks while a round is under way waits for one more. */
  async publish(): Promise<void> {
    const round = await this.trust.publish();
    this.proxies = new Map([...round].flatMap(([namespace, published]) => {
      // What could not be read has not changed.
      const url = published === undefined ? this.proxyUrl(namespace) : proxyIn(published);
      return url === undefined ? [] : [[namespace, url] as const];
    }));
  }
}

/** What is no URL of a proxy is as good as none: sessions are then without a way out, which their commands notice. */
function proxyIn(entries: PublishedEntries): string | undefined {
  const text = entries.get(TRUST_KEYS.proxyUrl)?.toString('utf8').trim() ?? '';
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol) ? text : undefined;
}
