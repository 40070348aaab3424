import { setTimeout as sleep } from 'node:timers/promises';
import type { BrokerWorld, WorldContext } from './world';
import type { BROKER_ENV } from '../../../../src/protocol/env';
import { BROKER_AUDIENCE } from '../../../../src/protocol/names';
import { OBJECTS } from '../../../../src/protocol/objects';
import { FileKeyStore } from '../../crypto/file-key-store';
import { openSecretKeyring } from '../../crypto/secret-keyring';
import { persistently } from '../../kube/back-off';
import { KubeClient } from '../../kube/client';
import { apiServerProblems, configuredConnection } from '../../kube/configured-connection';
import { ownedConfigMap } from '../../kube/owned-config-map';
import { OwnedSecret } from '../../kube/owned-secret';
import { ServingCertificate, serviceNames } from '../../kube/serving-certificate';
import { TokenReview } from '../../kube/token-review';
import type { Config } from '../../server/program/config';
import { steadyClock } from '../../server/time/clock';
import { kubeAuditEvents } from '../audit/shipping/ship-kube';
import { openIdentities, reviewedCallers } from '../callers/identities';
import { openKubernetesCatalog } from '../catalog/kubernetes/catalog-kubernetes';
import { openKubernetesRevocations, withRevocations } from '../revocations/revocations-kubernetes';
import { configMapSlotStore } from '../slots/config-map-slot-store';
import { kubeConfigMap } from '../slots/kube-config-map';

type BrokerConfig = Config<typeof BROKER_ENV>;

/** Attempts to read the key Secret before the start is given up: about a minute. */
const ATTEMPTS = 10;

const FIELD_MANAGER = 'broker';

const wait = (milliseconds: number, signal?: AbortSignal): Promise<unknown> => sleep(milliseconds, undefined, { signal, ref: false });

/** What is wrong with an environment that is to reach the API server. */
export function apiProblems(config: BrokerConfig): string[] {
  return config.CATALOG === 'kubernetes' ? apiServerProblems(config, 'CATALOG=kubernetes') : [];
}

/** A broker of a cluster: everything is in the API, and every replica sees the same. */
export async function openKubernetesWorld(config: BrokerConfig, { log, clock, metrics }: WorldContext): Promise<BrokerWorld> {
  const client = new KubeClient(configuredConnection(config, clock));
  const { RUN_NAMESPACES, IDENTITIES_FILE, KEYRING_DIR } = config;
  // The table requires it for a catalog from the API.
  const namespace = config.POD_NAMESPACE!;
  // How old a snapshot is must not depend on a clock that somebody sets.
  const following = { client, clock: steadyClock, random: Math.random, wait };
  const identities = IDENTITIES_FILE === undefined ? undefined : await openIdentities({
    file: IDENTITIES_FILE,
    refused: (problem) => log.error({ problem }, 'the changed identities cannot be used; those from before stay'),
  });
  const catalog = openKubernetesCatalog({
    ...following,
    namespaces: RUN_NAMESPACES,
    leftOut: (kind, problem) => log.warn({ kind, problem }, 'an object cannot be used and is left out'),
    interrupted: (kind, where, err) => log.warn({ kind, namespace: where, err }, 'a watch was interrupted and begins anew'),
  });
  const revocations = openKubernetesRevocations({
    ...following,
    namespace,
    runNamespaces: RUN_NAMESPACES,
    now: clock,
    nearlyFull: (bytes) => log.warn({ bytes }, 'the ConfigMap of revoked sessions is nearly full: of 1 MiB, 80 % are used'),
    interrupted: (err) => log.warn({ err }, 'the watch of revoked sessions was interrupted and begins anew'),
  });
  const known = withRevocations(catalog, revocations);
  const reviews = new TokenReview({ client, audience: BROKER_AUDIENCE, clock, observe: (result) => metrics.reviewed(result) });
  const close = async () => {
    identities?.close();
    await Promise.all([catalog.close(), revocations.close()]);
    client.close();
  };
  const failed = async (error: unknown): Promise<never> => {
    await close();
    throw error;
  };
  const openCertificate = () => ServingCertificate.open({
    secret: new OwnedSecret(client, namespace, OBJECTS.brokerTls, FIELD_MANAGER),
    bundle: ownedConfigMap(client, namespace, OBJECTS.brokerCa, FIELD_MANAGER),
    names: serviceNames(namespace, OBJECTS.broker, OBJECTS.brokerHeadless),
    load: () => import('../../crypto/self-made-certificate.js'),
    clock,
    log,
  });
  const keyring = await persistently(() => openSecretKeyring({
    place: `Secret ${namespace}/${OBJECTS.brokerKeyring}`,
    secret: new OwnedSecret(client, namespace, OBJECTS.brokerKeyring, FIELD_MANAGER),
    ...(KEYRING_DIR === undefined ? {} : { mounted: new FileKeyStore(KEYRING_DIR) }),
    now: clock,
  }), ATTEMPTS, wait, Math.random).catch(failed);
  const certificate = config.TLS_SELF_MADE ? await persistently(openCertificate, ATTEMPTS, wait, Math.random).catch(failed) : undefined;
  return {
    catalog: known,
    catalogAge: () => catalog.age(),
    refusedObjects: () => catalog.refusedObjects(),
    shipTo: { events: kubeAuditEvents(client), namespace },
    ...(certificate && { certificate }),
    callers: reviewedCallers((token, toll) => reviews.review(token, toll), () => identities?.current() ?? new Map()),
    keyring,
    revocations,
    slots: configMapSlotStore(kubeConfigMap(client, { namespace, name: OBJECTS.brokerSlots })),
    unready: () => known.unready() ?? keyring.problem() ?? certificate?.problem(),
    close,
  };
}
