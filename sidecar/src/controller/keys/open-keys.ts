import type { ControllerKeys } from './controller-keys';
import { publicSet } from './signing-key';
import { openSigningKeys, SIGNS_AFTER, SigningKeys } from './signing-keys';
import { TrustPublisher } from './trust-publisher';
import { OBJECTS } from '../../../../src/protocol/objects';
import { FileKeyStore } from '../../crypto/file-key-store';
import type { Keyring } from '../../crypto/keyring';
import { Entries, openSecretKeyring } from '../../crypto/secret-keyring';
import { persistently, Wait } from '../../kube/back-off';
import type { KubeClient } from '../../kube/client';
import { ownedConfigMap } from '../../kube/owned-config-map';
import { OwnedSecret } from '../../kube/owned-secret';
import type { Logger } from '../../server/telemetry/log';
import type { Clock } from '../../server/time/clock';
import { inRounds, RoundTimes } from '../../server/time/rounds';

/** Who writes the objects of the controller. */
export const FIELD_MANAGER = 'controller';

/** Attempts to read a Secret before the start is given up: about a minute. */
export const ATTEMPTS = 10;

/** What objects of the controller's own are opened with. */
export interface OwnObjectsContext extends RoundTimes {
  readonly client: Pick<KubeClient, 'get' | 'update'>;
  /** Of the platform's own objects. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly wait: Wait;
  readonly log: Logger;
}

export interface PodKeysOptions extends OwnObjectsContext {
  /** `SESSION_KEYS_DIR`. */
  readonly sessionKeysDir?: string;
  /** Those with workers, as they are now. */
  readonly workerNamespaces: () => readonly string[];
}

/** Keys that are published to the workers. */
export interface PublishedKeys extends ControllerKeys {
  /** Publishes now, as when there are other pools. Never rejects. */
  publish(): Promise<void>;
}

export interface PodKeys extends PublishedKeys {
  /** URL of the proxy that is the only way out of a namespace's workers; undefined when there is none. */
  proxyUrl(namespace: string): Promise<string | undefined>;
}

/** The keys of a controller in a cluster: in Secrets, which every replica reads and the first one fills. */
export async function openPodKeys(options: PodKeysOptions): Promise<PodKeys> {
  const { client, namespace, sessionKeysDir, clock, wait, random, log } = options;
  const owned = (name: string) => ({ place: `Secret ${namespace}/${name}`, secret: new OwnedSecret(client, namespace, name, FIELD_MANAGER) });
  const sealing = await persistently(() => openSecretKeyring({
    ...owned(OBJECTS.sessionKeys),
    ...(sessionKeysDir === undefined ? {} : { mounted: new FileKeyStore(sessionKeysDir) }),
    now: clock,
    // The gateway has its keys from the kubelet too, which takes as long as that of the workers.
    headStart: SIGNS_AFTER,
  }), ATTEMPTS, wait, random);
  const signing = await persistently(() => openSigningKeys({ ...owned(OBJECTS.controllerBootstrap), clock }), ATTEMPTS, wait, random);
  const trust = new TrustPublisher({
    trustOf: (where) => ownedConfigMap(client, where, OBJECTS.agentTrust, FIELD_MANAGER),
    keys: async () => publicSet(await signing.refresh()),
    namespaces: options.workerNamespaces,
    clock,
    log,
  });
  await trust.publish();
  return { ...publishedKeys(sealing, signing, () => trust.publish(), options), proxyUrl: (where) => trust.proxyUrlNow(where) };
}

/** Keys that are renewed and published in rounds. */
export function publishedKeys<C extends { readonly entries: Entries }>(
  sealing: Keyring, signing: SigningKeys<C>, publish: () => Promise<void>, times: RoundTimes,
): PublishedKeys {
  const stop = inRounds(() => void publish(), times);
  return {
    sealing,
    bootstrap: () => signing.current(),
    problem: () => sealing.problem() ?? signing.problem(),
    publish,
    close: async () => stop(),
  };
}

