import { Lazy, Size } from 'cdk8s';
import { ContainerResources, Cpu } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { celLiteral } from './manifests/admission-cel';
import { OperatorAdmission } from './manifests/admission-operator-pods';
import { emptyLease, serviceAccount } from './manifests/config';
import { ObjectId } from './manifests/manifest';
import { Endpoint } from './manifests/network-policy';
import { operatorPod } from './manifests/operator-pod';
import { Account, policyRules, rightsOf, roleAndBinding } from './manifests/rbac';
import { userRoles } from './manifests/user-roles';
import { deployment, podDisruptionBudget, podTemplate, WorkloadId } from './manifests/workload';
import { addManifest } from './private/api-objects';
import { OperatorContext, RunNamespace } from './private/part-context';
import { quantity, requirements } from './private/quantities';
import { runOperatorProblems } from './private/run-operator-checks';
import { refuse } from './private/validation';
import { OBJECTS } from './protocol/objects';
import { RunOptions } from './run-options';

/**
 * Turns HarnessRuns into pods: with bearers from the broker, a NetworkPolicy of their own and a status that says what they do.
 * It reads no Secret, and admission lets it make pods of runs alone. `AgentPlatform` makes one.
 */
export class RunOperator extends Construct {
  /** @internal */
  public static _in(scope: Construct, id: string, context: OperatorContext, options: RunOptions): RunOperator {
    return new RunOperator(scope, id, context, options);
  }

  /** @internal */
  public readonly _account: Account;

  /** @internal */
  public readonly _endpoint: Endpoint;

  /**
   * What the API server lets it do.
   *
   * @internal
   */
  public readonly _admission: OperatorAdmission;

  private readonly id: WorkloadId;
  private readonly runNamespaces = new Map<string, RunNamespace>();

  private constructor(scope: Construct, id: string, context: OperatorContext, options: RunOptions) {
    super(scope, id);
    refuse(this, runOperatorProblems(options));
    const { platformName: namespace, image } = context;
    const { seedImage = DEFAULT_SEED_IMAGE, allowedRegistries, ttlAfterFinished } = options;
    this.id = { platform: namespace, part: 'runs', role: 'operator', name: OBJECTS.operator, namespace };
    this._account = { namespace, name: OBJECTS.operator };
    this._endpoint = { role: 'operator', namespace };
    this._admission = {
      account: this._account,
      platform: namespace,
      ownImages: [image.reference, seedImage],
      allowedRegistries,
      deletesEveryRun: ttlAfterFinished !== undefined,
      grantedSecrets: Lazy.any({ produce: () => celLiteral(this.grantedSecrets()) }),
    };

    addManifest(this, 'ServiceAccount', serviceAccount(this.id));
    this.addRights();
    userRoles(namespace, options.aggregateRoles ?? true).forEach((role) => addManifest(this, role.metadata.name, role));
    addManifest(this, 'Lease', emptyLease({ ...this.id, name: OBJECTS.operatorLease }));
    const replicas = options.replicas ?? 2;
    if (replicas > 1) addManifest(this, 'DisruptionBudget', podDisruptionBudget(this.id));
    const { size, storageClassName } = options.ephemeralWorkspace ?? {};
    const pod = operatorPod(this.id, {
      image: image.reference,
      pinned: image.pinned,
      resources: requirements(options.resources ?? DEFAULT_RESOURCES),
      placement: context.placement,
      broker: context.broker,
      runNamespaces: Lazy.any({ produce: () => [...this.runNamespaces.keys()].sort().join(',') }) as string,
      pullSecrets: Lazy.any({ produce: () => this.pullSecrets().join(',') }) as string,
      seedImage,
      seedImagePullPolicy: options.seedImagePullPolicy,
      workspaceSize: size && quantity(size),
      workspaceStorageClass: storageClassName,
      ttlSecondsAfterFinished: ttlAfterFinished?.toSeconds(),
      podSecurityVersion: context.podSecurityVersion,
      reconciles: options.concurrency,
    });
    addManifest(this, 'Resource', deployment(this.id, { replicas, template: podTemplate(this.id, pod) }));
  }

  /**
   * Lets the operator serve the runs of a namespace, and makes the account of their pods, which has no rights.
   *
   * @param scope Where the objects of the namespace are added.
   * @param namespace Name of the namespace.
   * @param known What of the namespace it is told.
   * @internal
   */
  public _serve(scope: Construct, namespace: string, known: RunNamespace): void {
    const { platform, part } = this.id;
    this.runNamespaces.set(namespace, known);
    addManifest(scope, 'AgentAccount', serviceAccount({ platform, part, name: OBJECTS.agent, namespace }));
    const id = { platform, part, name: `${platform}-${OBJECTS.operator}`, namespace };
    this.addRoleAndBinding(scope, id, policyRules(rightsOf('operator', 'run-namespace')));
  }

  /** By namespace. */
  private grantedSecrets(): Record<string, string[]> {
    const named = [...this.runNamespaces].map(([namespace, { secretNames }]) => [namespace, secretNames()] as const);
    return Object.fromEntries(named.filter(([, names]) => names.length > 0).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** `namespace/name` of each, as the environment of the operator has them. */
  private pullSecrets(): string[] {
    return [...this.runNamespaces].flatMap(([namespace, { imagePullSecrets }]) => imagePullSecrets.map((name) => `${namespace}/${name}`)).sort();
  }

  private addRights(): void {
    this.addRoleAndBinding(this, this.id, policyRules(rightsOf('operator', 'system')));
    const { namespace: _, ...clusterId } = { ...this.id, name: `${this.id.platform}-${OBJECTS.operator}` };
    this.addRoleAndBinding(this, clusterId, policyRules(rightsOf('operator', 'cluster')));
  }

  private addRoleAndBinding(scope: Construct, id: ObjectId, rules: unknown): void {
    for (const manifest of roleAndBinding(id, rules, this._account)) {
      addManifest(scope, scope === this ? manifest.kind : `Operator${manifest.kind}`, manifest);
    }
  }
}

const DEFAULT_SEED_IMAGE = 'docker.io/alpine/git:v2.49.1';

const DEFAULT_RESOURCES: ContainerResources = {
  cpu: { request: Cpu.millis(100) },
  memory: { request: Size.mebibytes(128), limit: Size.mebibytes(512) },
};
