import type { RunBroker } from './broker-client';
import type { Pod } from './objects/pod';
import type { Policy } from './objects/policy';
import type { Run } from './objects/run';
import type { Template } from './objects/template';
import type { Claim, Workspace } from './objects/workspace';
import type { PinnedImage } from '../../../src/manifests/fence';
import type { NamedPolicy } from '../../../src/protocol/policy';
import type { HarnessTemplateSpec } from '../../../src/protocol/resources';
import type { KubeClient } from '../kube/client';
import type { Reference } from '../server/program/config';
import type { Logger } from '../server/telemetry/log';
import type { Clock } from '../server/time/clock';

/** Objects of one kind, as the API server last told, or as the operator has written them since. */
export interface Kept<T> {
  get(namespace: string, name: string): T | undefined;
  of(namespace: string): Iterable<T>;
}

/** What the operator follows. */
export interface World {
  readonly runs: Kept<Run>;
  readonly pods: Kept<Pod>;
  readonly workspaces: Kept<Workspace>;
  readonly claims: Kept<Claim>;
  readonly templates: Kept<Template>;
  /** Their namespace is empty. */
  readonly clusterTemplates: Kept<Template>;
  readonly brokerPolicies: Kept<Policy>;
  /** Spec of a template of a namespace; undefined when there is none. */
  template(namespace: string, name: string): HarnessTemplateSpec | undefined;
  clusterTemplate(name: string): HarnessTemplateSpec | undefined;
  /** Sorted by name. The same list until one of them changes, and never changed itself. */
  policies(namespace: string): readonly NamedPolicy[];
  /** Spec of a NetworkPolicy of a run, as it is there; undefined when there is none. */
  networkPolicySpec(namespace: string, name: string): unknown;
}

/** What was chosen for the deployment. */
export interface OperatorSettings {
  /** Name of the platform, which is that of its namespace. */
  readonly platform: string;
  readonly sidecar: PinnedImage;
  /** Secrets with which the images of pods of runs are fetched, besides those of the template; none, when missing. */
  readonly pullSecrets?: readonly Reference[];
  readonly seedImage: string;
  /** Always, unless the image has a digest, when missing. */
  readonly seedImagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  readonly workspaceSize: string;
  readonly workspaceStorageClass?: string;
  /** For runs that say nothing themselves; they stay, when missing. */
  readonly ttlSecondsAfterFinished?: number;
  readonly podSecurityVersion: string;
}

/** The calls that change something, one each. */
export type Writes = Pick<KubeClient, 'apply' | 'create' | 'replace' | 'jsonPatch' | 'delete'>;

/** What an Event is about. */
export interface Involved {
  readonly kind: 'HarnessRun' | 'Workspace';
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Tells people. Never rejects. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
export interface EventSink {
  record(involved: Involved, type: 'Normal' | 'Warning', reason: string, note: string): void;
}

export interface OperatorDeps {
  readonly world: World;
  readonly client: Writes & Pick<KubeClient, 'get' | 'list'>;
  readonly broker: RunBroker;
  readonly settings: OperatorSettings;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly log: Logger;
  /** Brings a Workspace to its reconcile soon. */
  readonly wakeWorkspace: (namespace: string, name: string) => void;
}

/** Milliseconds after which an object is worked on again though nothing has happened; undefined for never. */
export type Again = number | undefined;
