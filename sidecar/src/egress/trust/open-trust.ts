import { proxyUrlOf } from './proxy-url';
import { egressPublisher } from './publisher';
import { OBJECTS } from '../../../../src/protocol/objects';
import type { LoadMaker } from '../../crypto/certificate-facts';
import type { Entries } from '../../crypto/secret-keyring';
import { persistently, Wait } from '../../kube/back-off';
import type { KubeClient } from '../../kube/client';
import { ownedConfigMap } from '../../kube/owned-config-map';
import { OwnedSecret } from '../../kube/owned-secret';
import type { Logger } from '../../server/telemetry/log';
import type { Clock } from '../../server/time/clock';
import { inRounds, RoundTimes } from '../../server/time/rounds';
import { Authorities, openAuthorities } from '../authority/authorities';
import { LeafCertificates } from '../authority/leaf-certificates';
import { publicRoots, trustBundle } from '../authority/trust-bundle';

/** What agents trust the proxy by. */
export interface EgressTrust {
  readonly leaves: LeafCertificates;
  /** Publishes now, as when there are other namespaces or certificates. Never rejects. */
  publish(): Promise<void>;
  /** Why agents cannot trust the proxy; undefined when all is well. */
  problem(): string | undefined;
  close(): void;
}

export interface TrustContext extends RoundTimes {
  /** The certificates of `UPSTREAM_CA_FILE`, as they are now. */
  readonly added: () => readonly string[];
  readonly load: LoadMaker;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface PodTrustOptions extends TrustContext {
  readonly client: Pick<KubeClient, 'get' | 'update'>;
  /** Of the platform's own objects. */
  readonly namespace: string;
  /** Names of the proxy's Service and of the Secret with its CAs. */
  readonly service: string;
  readonly secret: string;
  /** Those with workers or runs, as they are now. */
  readonly agentNamespaces: () => readonly string[];
  readonly wait: Wait;
}

/** Who writes the objects of the egress proxy. */
const FIELD_MANAGER = 'egress';

/** Attempts to read the Secret before the start is given up: about a minute. */
const ATTEMPTS = 10;

/** The trust of a proxy in a cluster: in a Secret, which every replica reads and the first one fills. */
export async function openPodTrust(options: PodTrustOptions): Promise<EgressTrust> {
  const { client, namespace, service, secret, agentNamespaces, load, clock, wait, random, log } = options;
  const place = `Secret ${namespace}/${secret}`;
  const open = () => openAuthorities(load, { place, secret: new OwnedSecret(client, namespace, secret, FIELD_MANAGER), clock });
  const authorities = await persistently(open, ATTEMPTS, wait, random);
  const publisher = egressPublisher({
    trustOf: (where) => ownedConfigMap(client, where, OBJECTS.agentTrust, FIELD_MANAGER),
    facts: {
      proxyUrl: async () => proxyUrlOf(await client.get({ group: '', version: 'v1', plural: 'services', namespace }, service)),
      bundle: bundleOf(authorities, options),
    },
    namespaces: agentNamespaces,
    log,
  });
  await publisher.publish();
  return egressTrust(authorities, async () => void await publisher.publish(), options);
}

/** Makes the bundle with the CAs as they are after a look at the Secret or folder. */
export function bundleOf<C extends { readonly entries: Entries }>(
  authorities: Authorities<C>, { added }: Pick<TrustContext, 'added'>,
): () => Promise<string> {
  const roots = publicRoots();
  return async () => {
    const all = await authorities.refresh();
    return trustBundle({ authorities: all.map(({ cert }) => cert), added: added(), roots });
  };
}

/** CAs that are renewed and published in rounds. */
export function egressTrust<C extends { readonly entries: Entries }>(
  authorities: Authorities<C>, publish: () => Promise<void>, context: TrustContext,
): EgressTrust {
  const { load, clock } = context;
  return {
    leaves: new LeafCertificates({ authority: () => authorities.current(), load, clock }),
    publish,
    problem: () => authorities.problem() ?? (clock() < authorities.current().endsAt ? undefined : 'the CA of the egress proxy has expired'),
    close: inRounds(() => void publish(), context),
  };
}
