import { Meta, metaOf } from './meta';
import type { HarnessTemplateSpec, HarnessTemplateStatus } from '../../../../src/protocol/resources';
import type { KubeObject } from '../../kube/client';

/** A HarnessTemplate or, without a namespace, a ClusterHarnessTemplate, as the operator keeps it. */
export interface Template extends Meta {
  readonly spec: HarnessTemplateSpec;
  readonly status: HarnessTemplateStatus;
}

export function keptTemplate(object: KubeObject): Template {
  return { ...metaOf(object), spec: object.spec as HarnessTemplateSpec, status: (object.status ?? {}) as HarnessTemplateStatus };
}
