import { Lazy, Size } from 'cdk8s';
import { ContainerResources, Cpu } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { ControllerAuthentication } from './controller-authentication';
import { ControllerOptions } from './controller-options';
import { configMap, emptyConfigMap, emptyLease, emptySecret, serviceAccount } from './manifests/config';
import { controllerPod } from './manifests/controller-pod';
import { ObjectId } from './manifests/manifest';
import { Endpoint } from './manifests/network-policy';
import { Account, policyRules, rightsOf, roleAndBinding } from './manifests/rbac';
import { StoreAccess } from './manifests/store-access';
import { deployment, podDisruptionBudget, podTemplate, service, WorkloadId } from './manifests/workload';
import { addManifest } from './private/api-objects';
import { ControllerContext } from './private/part-context';
import { requirements } from './private/quantities';
import { callersFile, controllerProblems } from './private/session-checks';
import { refuse } from './private/validation';
import { LABELS } from './protocol/names';
import { OBJECTS, poolObject, SESSIONS_KEYS } from './protocol/objects';
import { PORTS } from './protocol/ports';
import { PoolEntry, PoolsFile } from './protocol/session-pools';

/**
 * Claims warm workers for sessions, gives them their keys, and ends what is over. It cannot create pods, and admission
 * lets it change nothing of a worker but who it belongs to. `AgentPlatform` makes one.
 */
export class SessionController extends Construct {
  /** @internal */
  public static _in(scope: Construct, id: string, context: ControllerContext, options: ControllerOptions): SessionController {
    return new SessionController(scope, id, context, options);
  }

  /** Address of the controller's API inside the cluster. */
  public readonly url: string;

  /** @internal */
  public readonly _account: Account;

  /** @internal */
  public readonly _endpoint: Endpoint;

  private readonly id: WorkloadId;
  private readonly pools: PoolEntry[] = [];

  private constructor(scope: Construct, id: string, context: ControllerContext, options: ControllerOptions) {
    super(scope, id);
    refuse(this, controllerProblems(options, context.platformName));
    const { platformName: namespace, store } = context;
    this.id = { platform: namespace, part: 'sessions', role: 'controller', name: OBJECTS.controller, namespace };
    this._account = { namespace, name: OBJECTS.controller };
    this._endpoint = { role: 'controller', namespace };
    this.url = `https://${OBJECTS.controller}.${namespace}.svc:${PORTS['controller-api']}`;

    addManifest(this, 'ServiceAccount', serviceAccount(this.id));
    const { _callers: callers } = options.authentication ?? ControllerAuthentication.tokenReview();
    this.addRights(store, callers !== undefined);
    this.addOwnObjects();
    const pools = Lazy.any({ produce: () => JSON.stringify(this.poolsFile()) });
    addManifest(this, 'Pools', configMap(this.named(OBJECTS.controllerPools), { [SESSIONS_KEYS.pools]: pools }));
    if (callers !== undefined) {
      const text = JSON.stringify(callersFile(callers, namespace));
      addManifest(this, 'Callers', configMap(this.named(OBJECTS.controllerCallers), { [SESSIONS_KEYS.callers]: text }));
    }
    addManifest(this, 'Service', service(this.id, ['controller-api']));
    const replicas = options.replicas ?? 2;
    if (replicas > 1) addManifest(this, 'DisruptionBudget', podDisruptionBudget(this.id));
    const pod = controllerPod(this.id, {
      namespace,
      image: context.image.reference,
      pinned: context.image.pinned,
      resources: requirements(options.resources ?? DEFAULT_RESOURCES),
      placement: context.placement,
      store,
      authentication: callers === undefined ? 'none' : 'token-review',
      claimSeconds: options.claimTimeout?.toSeconds(),
      broker: context.broker,
    });
    addManifest(this, 'Resource', deployment(this.id, { replicas, template: podTemplate(this.id, pod) }));
  }

  /**
   * Lets the controller claim the workers of a pool. The first pool of a namespace gives it its rights there.
   *
   * @param namespace Where the objects of the namespace are added.
   * @param pool Where those of the pool are added.
   * @internal
   */
  public _serve(namespace: Construct, pool: Construct, entry: PoolEntry): void {
    const { platform } = this.id;
    const first = !this.pools.some((other) => other.namespace === entry.namespace);
    this.pools.push(entry);
    const object = emptyConfigMap({ platform, part: 'workers', name: poolObject(entry.name), namespace: entry.namespace });
    addManifest(pool, 'Owner', { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, [LABELS.pool]: entry.name } } });
    if (!first) return;
    const names = () => this.pools.filter((one) => one.namespace === entry.namespace).map(({ name }) => poolObject(name)).sort();
    const rules = Lazy.any({ produce: () => policyRules(rightsOf('controller', 'worker-namespace'), { 'pool-objects': names() }) });
    this.addRoleAndBinding(namespace, { platform, part: 'sessions', name: `${platform}-${OBJECTS.controller}`, namespace: entry.namespace }, rules);
  }

  private poolsFile(): PoolsFile {
    const key = ({ namespace, name }: PoolEntry) => `${namespace}/${name}`;
    return { pools: [...this.pools].sort((a, b) => (key(a) < key(b) ? -1 : 1)) };
  }

  private named(name: string): ObjectId {
    const { platform, part, namespace } = this.id;
    return { platform, part, name, namespace };
  }

  private addRights(store: StoreAccess, reviews: boolean): void {
    const notOwned = store.kind === 'own' ? [] : [OBJECTS.storeTls, OBJECTS.storeCa, OBJECTS.storeAccess];
    this.addRoleAndBinding(this, this.named(OBJECTS.controller), policyRules(rightsOf('controller', 'system', notOwned)));
    if (!reviews) return;
    const { namespace: _, ...clusterId } = this.named(`${this.id.platform}-${OBJECTS.controller}`);
    this.addRoleAndBinding(this, clusterId, policyRules(rightsOf('controller', 'cluster')));
  }

  private addRoleAndBinding(scope: Construct, id: ObjectId, rules: unknown): void {
    for (const manifest of roleAndBinding(id, rules, this._account)) {
      addManifest(scope, scope === this ? manifest.kind : `Controller${manifest.kind}`, manifest);
    }
  }

  /** What the controller fills itself: synthesized empty, so that no key is ever in a repository. */
  private addOwnObjects(): void {
    addManifest(this, 'SessionKeys', emptySecret(this.named(OBJECTS.sessionKeys)));
    addManifest(this, 'Bootstrap', emptySecret(this.named(OBJECTS.controllerBootstrap)));
    addManifest(this, 'Tls', emptySecret(this.named(OBJECTS.controllerTls)));
    addManifest(this, 'Ca', emptyConfigMap(this.named(OBJECTS.controllerCa)));
    addManifest(this, 'Lease', emptyLease(this.named(OBJECTS.controllerLease)));
  }
}

const DEFAULT_RESOURCES: ContainerResources = {
  cpu: { request: Cpu.millis(100) },
  memory: { request: Size.mebibytes(128), limit: Size.mebibytes(256) },
};
