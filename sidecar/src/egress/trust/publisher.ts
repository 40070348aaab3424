import { OBJECTS, TRUST_KEYS } from '../../../../src/protocol/objects';
import { CA_BUNDLE } from '../../../../src/protocol/session-api';
import { PublishedConfigMap } from '../../kube/published-config-map';
import type { OwnedEntries } from '../../kube/serving-certificate';
import type { Logger } from '../../server/telemetry/log';

/** What agents need to know of the proxy, as it is now. */
export interface ProxyFacts {
  proxyUrl(): Promise<string>;
  /** Whom they trust, in PEM. */
  bundle(): Promise<string>;
}

export interface EgressPublisherOptions {
  /** The ConfigMap of a namespace. */
  readonly trustOf: (namespace: string) => OwnedEntries;
  readonly facts: ProxyFacts;
  /** Those with workers or runs, as they are now. */
  readonly namespaces: () => readonly string[];
  readonly log: Logger;
}

/** Tells the agents of every namespace where the proxy is and whom they may trust: both or nothing, as one is no use without the other. */
export function egressPublisher({ trustOf, facts, namespaces, log }: EgressPublisherOptions): PublishedConfigMap {
  return new PublishedConfigMap({
    name: OBJECTS.agentTrust,
    objectOf: trustOf,
    entries: async () => new Map([[CA_BUNDLE, await facts.bundle()], [TRUST_KEYS.proxyUrl, await facts.proxyUrl()]]),
    namespaces,
    says: {
      published: 'the address of the proxy and the CAs were published',
      failed: 'the address of the proxy and the CAs cannot be published; agents there have no way out, or trust too few CAs from the next rotation on',
    },
    log,
  });
}
