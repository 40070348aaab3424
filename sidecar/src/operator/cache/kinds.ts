import { API_GROUP, API_GROUP_VERSION, API_VERSION, LABELS } from '../../../../src/protocol/names';
import { KindName, KINDS, problemsWith } from '../../../../src/protocol/resources';
import type { KubeObject, Resource } from '../../kube/client';
import { keyOf } from '../../kube/watch-event';
import { Meta, metaOf } from '../objects/meta';
import { Pod, podOf } from '../objects/pod';
import { keptPolicy, Policy } from '../objects/policy';
import { Run, runOf } from '../objects/run';
import { keptTemplate, Template } from '../objects/template';
import { Claim, claimOf, Workspace, workspaceOf } from '../objects/workspace';
import type { FollowedKind } from '../wake';

/** A NetworkPolicy of a run. */
export interface OwnNetworkPolicy extends Meta {
  readonly spec: unknown;
}

/** What is kept of each kind that the operator follows. */
export interface KeptObjects extends Readonly<Record<FollowedKind, Meta>> {
  readonly HarnessRun: Run;
  readonly HarnessTemplate: Template;
  readonly ClusterHarnessTemplate: Template;
  readonly BrokerPolicy: Policy;
  readonly Workspace: Workspace;
  readonly Pod: Pod;
  readonly PersistentVolumeClaim: Claim;
  readonly NetworkPolicy: OwnNetworkPolicy;
}

export type NamespacedKind = Exclude<FollowedKind, 'ClusterHarnessTemplate'>;

/** Told of an object that breaks the rules of its kind. The problem names no value: it may be a secret. */
export type LeftOut = (kind: FollowedKind, problem: string) => void;

interface FollowedObjects<T> {
  readonly resource: Resource;
  /** Undefined for an object that is left out. */
  readonly keep: (object: KubeObject, leftOut: LeftOut) => T | undefined;
}

/** Of which kind what is followed, and what is kept of it. */
export const FOLLOWED: { readonly [Kind in FollowedKind]: FollowedObjects<KeptObjects[Kind]> } = {
  HarnessRun: custom('HarnessRun', runOf),
  HarnessTemplate: custom('HarnessTemplate', keptTemplate),
  ClusterHarnessTemplate: custom('ClusterHarnessTemplate', keptTemplate),
  BrokerPolicy: custom('BrokerPolicy', keptPolicy),
  Workspace: custom('Workspace', workspaceOf),
  Pod: { resource: { group: '', version: 'v1', plural: 'pods', labels: `${LABELS.role}=agent` }, keep: podOf },
  PersistentVolumeClaim: { resource: { group: '', version: 'v1', plural: 'persistentvolumeclaims' }, keep: claimOf },
  NetworkPolicy: { resource: { group: 'networking.k8s.io', version: 'v1', plural: 'networkpolicies', labels: LABELS.run }, keep: (object) => ({ ...metaOf(object), spec: object.spec }) },
};

/** One that breaks the rules of its kind stops no other: whoever may write objects in one namespace must not stop the runs of all. */
function custom<T>(kind: KindName & FollowedKind, keep: (object: KubeObject) => T): FollowedObjects<T> {
  return {
    resource: { group: API_GROUP, version: API_VERSION, plural: KINDS[kind].plural },
    keep: (object, leftOut) => {
      // Objects of a list have no kind of their own.
      const problems = problemsWith(kind, { apiVersion: API_GROUP_VERSION, kind, ...object });
      if (problems.length === 0) return keep(object);
      const more = problems.length === 1 ? '' : ` (and ${problems.length - 1} more)`;
      leftOut(kind, `${keyOf(object)}: ${withoutValue(problems[0])}${more}`);
      return undefined;
    },
  };
}

/** Problems end with the value that was found. */
function withoutValue(problem: string): string {
  return problem.split(', got ', 1)[0];
}
