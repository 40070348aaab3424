import { roleSelector } from './labels';
import { policyFor, PolicyManifest } from './network-policy';
import { OwnedManifest, ownerReference, runLabels } from './run-objects';
import { LABELS } from '../protocol/names';
import { runObjects } from '../protocol/runs';

export interface RunNetwork {
  /** Name of the platform, which is that of its namespace. */
  readonly platform: string;
  readonly namespace: string;
  readonly run: string;
  /** Of the run; without it the policy has no owner. */
  readonly uid?: string;
}

/**
 * What the policy of the namespace opens to pods of runs, for those of one run: they stay fenced in whatever happens to
 * the policies of the namespace.
 */
export function runNetworkPolicy({ platform, namespace, run, uid }: RunNetwork): PolicyManifest & OwnedManifest {
  const endpoint = { role: 'agent', namespace } as const;
  const { spec, ...manifest } = policyFor(endpoint, { platform, endpoints: [endpoint, { role: 'egress', namespace: platform }], places: {} });
  return {
    ...manifest,
    metadata: {
      name: runObjects(run).networkPolicy,
      namespace,
      labels: runLabels({ platform, name: run }),
      ...(uid === undefined ? {} : { ownerReferences: [ownerReference({ name: run, uid })] }),
    },
    spec: { ...spec, podSelector: { matchLabels: { ...roleSelector('agent'), [LABELS.run]: run } } },
  };
}
