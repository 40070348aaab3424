import { Meta, metaOf } from './meta';
import type { BrokerPolicySpec, BrokerPolicyStatus } from '../../../../src/protocol/resources';
import type { KubeObject } from '../../kube/client';

/** A BrokerPolicy as the operator keeps it. */
export interface Policy extends Meta {
  readonly spec: BrokerPolicySpec;
  readonly status: BrokerPolicyStatus;
}

export function keptPolicy(object: KubeObject): Policy {
  return { ...metaOf(object), spec: object.spec as BrokerPolicySpec, status: (object.status ?? {}) as BrokerPolicyStatus };
}
