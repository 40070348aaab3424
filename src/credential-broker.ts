import { ApiObject, Lazy, Size } from 'cdk8s';
import { ContainerResources, Cpu } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { AuditStorage } from './audit-storage';
import { BrokerCatalog } from './broker-catalog';
import { BrokerOptions } from './broker-options';
import { BrokerTls } from './broker-tls';
import { brokerPod, BrokerPodCatalog } from './manifests/broker-pod';
import { configMap, emptyConfigMap, emptySecret, serviceAccount } from './manifests/config';
import { ObjectId } from './manifests/manifest';
import { Endpoint } from './manifests/network-policy';
import { Account, policyRules, rightsOf, roleAndBinding } from './manifests/rbac';
import { headlessService, podDisruptionBudget, podTemplate, service, statefulSet, volumeClaimTemplate, WorkloadId } from './manifests/workload';
import { Placement } from './placement';
import { addManifest } from './private/api-objects';
import { AuditRemoval } from './private/audit-removal';
import {
  auditMebibytes, auditRetentionProblem, auditRetentionSeconds, auditSizeProblem, callerEntries, callerProblems, limitProblems, limitSettings,
} from './private/broker-settings';
import { placementProblems } from './private/placement-checks';
import { quantity, requirements, resourceProblems } from './private/quantities';
import { dnsLabelProblem, integerProblem, objectNameProblem, problems, refuse } from './private/validation';
import { MAX_PLATFORM_NAME } from './protocol/limits';
import { IDENTITIES_KEY, OBJECTS } from './protocol/objects';
import { PORTS } from './protocol/ports';
import { SidecarImage } from './sidecar-image';

/** Properties of `CredentialBroker`. */
export interface CredentialBrokerProps extends BrokerOptions {
  /** Name of the platform: prefix of the broker's cluster-scoped objects. */
  readonly platformName: string;

  /** Namespace of the broker. */
  readonly namespace: string;

  /** Image of the platform's servers. */
  readonly image: SidecarImage;

  /**
   * Where the pods may run.
   *
   * @default - anywhere
   */
  readonly placement?: Placement;
}

/**
 * Knows who a caller is, hands out short-lived bearers that are worthless elsewhere, and
 * swaps them for real credentials on the way out. The only part that reads provider Secrets.
 */
export class CredentialBroker extends Construct {
  /** Address of the broker's API inside the cluster. */
  public readonly url: string;

  /** @internal */
  public readonly _account: Account;

  /** @internal */
  public readonly _endpoint: Endpoint;

  /**
   * Of what removes its AuditEvents; missing where they are kept.
   *
   * @internal
   */
  public readonly _retentionEndpoint?: Endpoint;

  private readonly id: WorkloadId;
  private readonly removal?: AuditRemoval;
  private readonly runNamespaces: string[] = [];

  constructor(scope: Construct, id: string, props: CredentialBrokerProps) {
    super(scope, id);
    const catalog = props.catalog ?? BrokerCatalog.kubernetes();
    const usesApi = catalog.configMapName === undefined;
    const replicas = props.replicas ?? (usesApi ? 2 : 1);
    refuse(this, [
      ...placementProblems(props.placement), ...resourceProblems(props.resources), ...callerProblems(props.callers), ...limitProblems(props.limits),
    ]);
    refuse(this, problems(
      dnsLabelProblem('platformName', props.platformName, MAX_PLATFORM_NAME),
      dnsLabelProblem('namespace', props.namespace),
      auditSizeProblem(props.auditStorage?.size),
      auditRetentionProblem(props.auditRetention, usesApi),
      ...Object.entries({
        'auditStorage.storageClassName': props.auditStorage?.storageClassName,
        'tls.secretName': props.tls?.secretName,
        'catalog.configMapName': catalog.configMapName,
        'catalog.secretName': catalog.secretName,
      }).map(([option, name]) => (name === undefined ? undefined : objectNameProblem(option, name))),
      integerProblem('replicas', replicas, 1, 9),
      usesApi || replicas === 1 ? undefined : `replicas must be 1 with BrokerCatalog.directory, whose state no other replica sees, got ${replicas}`,
      usesApi || (props.callers ?? []).length === 0 ? undefined : 'callers must be in the Secret of BrokerCatalog.directory, which has no ServiceAccounts to name',
      usesApi || props.tls?.secretName !== undefined ? undefined : 'tls must be BrokerTls.existingSecret with BrokerCatalog.directory: a broker without API rights cannot keep its own',
    ));

    this.id = { platform: props.platformName, part: 'broker', role: 'broker', name: OBJECTS.broker, namespace: props.namespace };
    this._account = { namespace: props.namespace, name: OBJECTS.broker };
    this.url = `https://${OBJECTS.broker}.${props.namespace}.svc:${PORTS['broker-api']}`;

    this._endpoint = { role: 'broker', namespace: props.namespace, usesApi };
    addManifest(this, 'ServiceAccount', serviceAccount(this.id));
    if (usesApi) {
      this.addRights(props.tls ?? BrokerTls.selfManaged());
      this.addOwnObjects(props.tls ?? BrokerTls.selfManaged());
      const identities = JSON.stringify(callerEntries(props.callers ?? []));
      addManifest(this, 'Identities', configMap(this.named(OBJECTS.brokerIdentities), { [IDENTITIES_KEY]: identities }));
    }
    addManifest(this, 'Service', service(this.id, ['broker-api']));
    addManifest(this, 'HeadlessService', headlessService(this.named(OBJECTS.brokerHeadless), ['broker-api']));
    if (replicas > 1) addManifest(this, 'DisruptionBudget', podDisruptionBudget(this.id));
    this.addWorkload(replicas, this.podCatalog(catalog), props);
    const retention = usesApi ? auditRetentionSeconds(props.auditRetention) : undefined;
    this.removal = retention === undefined ? undefined : new AuditRemoval(this, 'retention', props, retention);
    this._retentionEndpoint = this.removal?.endpoint;
  }

  /**
   * Lets the broker serve the runs of a namespace.
   *
   * @param scope Where the namespace's objects are added.
   * @param namespace Name of the namespace.
   * @param secretNames The Secrets that the namespace's policies name, asked at synth.
   * @internal
   */
  public _serve(scope: Construct, namespace: string, secretNames: () => string[]): void {
    if (!this._endpoint.usesApi) return;
    this.runNamespaces.push(namespace);
    this.removal?.serve(scope, namespace);
    const rules = Lazy.any({ produce: () => policyRules(rightsOf('broker', 'run-namespace'), { 'provider-secrets': secretNames() }) });
    const name = `${this.id.platform}-${OBJECTS.broker}`;
    this.addRoleAndBinding(scope, { platform: this.id.platform, part: 'broker', name, namespace }, rules);
  }

  private named(name: string): WorkloadId {
    return { ...this.id, name };
  }

  private addRights(tls: BrokerTls): void {
    const notOwned = tls.secretName === undefined ? [] : [OBJECTS.brokerTls, OBJECTS.brokerCa];
    this.addRoleAndBinding(this, this.named(OBJECTS.broker), policyRules(rightsOf('broker', 'system', notOwned)));
    const { namespace: _, ...clusterId } = this.named(`${this.id.platform}-${OBJECTS.broker}`);
    this.addRoleAndBinding(this, clusterId, policyRules(rightsOf('broker', 'cluster')));
  }

  private addRoleAndBinding(scope: Construct, id: ObjectId, rules: unknown): void {
    for (const manifest of roleAndBinding(id, rules, this._account)) {
      addManifest(scope, scope === this ? manifest.kind : `Broker${manifest.kind}`, manifest);
    }
  }

  /** What the broker fills itself: synthesized empty, so that no key is ever in a repository. */
  private addOwnObjects(tls: BrokerTls): void {
    addManifest(this, 'Keyring', emptySecret(this.named(OBJECTS.brokerKeyring)));
    addManifest(this, 'Slots', emptyConfigMap(this.named(OBJECTS.brokerSlots)));
    addManifest(this, 'RevokedSessions', emptyConfigMap(this.named(OBJECTS.revokedSessions)));
    if (tls.secretName === undefined) {
      addManifest(this, 'Tls', emptySecret(this.named(OBJECTS.brokerTls)));
      addManifest(this, 'Ca', emptyConfigMap(this.named(OBJECTS.brokerCa)));
    }
  }

  private podCatalog({ configMapName, secretName }: BrokerCatalog): BrokerPodCatalog {
    if (configMapName !== undefined && secretName !== undefined) return { kind: 'directory', configMapName, secretName };
    return { kind: 'kubernetes', runNamespaces: Lazy.any({ produce: () => [...this.runNamespaces].sort().join(',') }) as string };
  }

  private addWorkload(replicas: number, catalog: BrokerPodCatalog, props: CredentialBrokerProps): ApiObject {
    const storage = props.auditStorage ?? AuditStorage.claim();
    const pod = brokerPod(this.id, {
      image: props.image.reference,
      pinned: props.image.pinned,
      resources: requirements(props.resources ?? DEFAULT_RESOURCES),
      placement: props.placement,
      tlsSecret: props.tls?.secretName,
      ephemeralState: storage.durable ? undefined : { size: quantity(storage.size), auditMebibytes: auditMebibytes(storage.size) },
      catalog,
      limits: limitSettings(props.limits),
    });
    return addManifest(this, 'Resource', statefulSet(this.id, {
      serviceName: OBJECTS.brokerHeadless,
      replicas,
      podManagementPolicy: 'Parallel',
      template: podTemplate(this.id, pod),
      ...(storage.durable ? {
        volumeClaimTemplates: [volumeClaimTemplate('state', quantity(storage.size), storage.storageClassName)],
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      } : {}),
    }));
  }
}

const DEFAULT_RESOURCES: ContainerResources = {
  cpu: { request: Cpu.millis(100) },
  memory: { request: Size.mebibytes(128), limit: Size.mebibytes(256) },
};
