import { createHash } from 'node:crypto';
import { Lazy } from 'cdk8s';
import { Construct } from 'constructs';
import { addManifest } from './api-objects';
import { PartContext } from './part-context';
import { serviceAccount } from '../manifests/config';
import { ObjectId } from '../manifests/manifest';
import { Endpoint } from '../manifests/network-policy';
import { Account, policyRules, rightsOf, roleAndBinding } from '../manifests/rbac';
import { retentionCronJob } from '../manifests/retention';
import { WorkloadId } from '../manifests/workload';
import { OBJECTS } from '../protocol/objects';

/** The broker may be in a namespace that is not named as the platform is. */
export interface RemovalContext extends PartContext {
  readonly namespace: string;
}

/** Removes old AuditEvents, under an account that can do nothing else: whoever makes events cannot hide them. */
export class AuditRemoval extends Construct {
  public readonly endpoint: Endpoint;
  private readonly id: WorkloadId;
  private readonly account: Account;
  private readonly runNamespaces: string[] = [];

  constructor(scope: Construct, id: string, { platformName: platform, namespace, image, placement }: RemovalContext, retentionSeconds: number) {
    super(scope, id);
    this.id = { platform, part: 'broker', role: 'retention', name: OBJECTS.retention, namespace };
    this.account = { namespace, name: OBJECTS.retention };
    this.endpoint = { role: 'retention', namespace };
    addManifest(this, 'ServiceAccount', serviceAccount(this.id));
    this.addRights(this, '', this.id, 'system');
    addManifest(this, 'Resource', retentionCronJob(this.id, {
      image: image.reference,
      pinned: image.pinned,
      placement,
      minute: minuteOf(platform),
      retentionSeconds,
      runNamespaces: Lazy.any({ produce: () => [...this.runNamespaces].sort().join(',') }) as string,
    }));
  }

  /** Has the events of a namespace removed too. Its objects are added to the scope. */
  serve(scope: Construct, namespace: string): void {
    this.runNamespaces.push(namespace);
    const { platform, part } = this.id;
    this.addRights(scope, 'Retention', { platform, part, name: `${platform}-${OBJECTS.retention}`, namespace }, 'run-namespace');
  }

  private addRights(scope: Construct, prefix: string, id: ObjectId, where: 'system' | 'run-namespace'): void {
    for (const manifest of roleAndBinding(id, policyRules(rightsOf('retention', where)), this.account)) {
      addManifest(scope, `${prefix}${manifest.kind}`, manifest);
    }
  }
}

/** Always the same for a platform, and another for most, so that not all of a cluster come at once. */
function minuteOf(platform: string): number {
  return createHash('sha256').update(platform).digest().readUInt32BE(0) % 60;
}
