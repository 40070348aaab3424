import type { RunName } from './run-name';
import type { StoredTemplate } from './template-of';
import type { NamedPolicy, TemplateIdentity } from '../../../../src/protocol/policy';
import type { RunPhase } from '../../../../src/protocol/resources';

/** A run as the broker sees it. */
export interface CatalogRun {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** A missing phase is Pending. */
  readonly phase: RunPhase;
  readonly templateRef: { readonly name: string; readonly kind?: string };
  /** Lease ids that are revoked for the rest of the run. */
  readonly revokedLeases: readonly string[];
  /** UID of the agent's pod, once the operator has written it. */
  readonly podUid?: string;
  /** Addresses of the agent's pod, once the operator has written them. */
  readonly podIps?: readonly string[];
  /** What the agent's pod was made of, once there is one. */
  readonly template?: TemplateIdentity;
  /** Lease id to the time its lease was renewed to, in milliseconds since 1970. */
  readonly leaseExpiries?: ReadonlyMap<string, number>;
  /** Name of the Secret that the prompt comes from, if it comes from one. */
  readonly promptSecret?: string;
  /** When the run ends at the latest, in milliseconds since 1970, if that is known. */
  readonly deadline?: number;
}

/** The template of a run, with its base merged in, as far as the broker looks at it. */
export interface CatalogTemplate {
  readonly identity: TemplateIdentity;
  readonly spec: StoredTemplate;
}

/** One consistent view. A request asks one snapshot from start to end. */
export interface Snapshot {
  run(namespace: string, name: string): CatalogRun | undefined;
  /** The template of a run; undefined when it or its base is not there. */
  template(run: CatalogRun): CatalogTemplate | undefined;
  /** All policies of a namespace, sorted by name. */
  policies(namespace: string): readonly NamedPolicy[];
}

/** Where runs, templates, policies and Secrets come from. */
export interface Catalog {
  snapshot(): Snapshot;
  /**
   * Looks once more at what a refusal for this run rests on, where the snapshot may lag behind. Resolves when the next snapshot is
   * as good as it gets. Only for callers that are known.
   */
  confirm?(run: RunName): Promise<void>;
  /** The value of a key of a Secret. A changed Secret is used within two seconds, or by the next request. */
  secret(namespace: string, name: string, key: string): Promise<Buffer | undefined>;
  /** Why the catalog cannot be relied on; undefined when it can. */
  unready(): string | undefined;
  close(): Promise<void>;
}
