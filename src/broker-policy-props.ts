import type { IAgentNamespace } from './agent-namespace-ref';
import type { CredentialGrant } from './credential-grant';
import type { EgressGrant } from './egress-grant';
import type { TemplateKind } from './harness-template-ref';

/** What a run may do with a repository. */
export enum RepositoryAccess {
  /** Clone and fetch. */
  READ = 'read',
  /** Clone, fetch and push. */
  WRITE = 'write',
}

/** A repository that installation tokens of a GitHub App are limited to. */
export interface RepositoryGrant {
  /** User or organization that owns the repository. */
  readonly owner: string;

  /** Name of the repository. */
  readonly repo: string;

  /**
   * What a run may do with it.
   * @default RepositoryAccess.READ
   */
  readonly access?: RepositoryAccess;
}

/** Which container a shell opens in. */
export enum ShellTarget {
  /** The container of the agent. */
  AGENT = 'agent',
  /** The container of the template's runtime. */
  RUNTIME = 'runtime',
}

/** Phases in which a run has a pod. */
export enum ShellPhase {
  /** The agent works. */
  RUNNING = 'Running',
  /** The agent waits for a prompt. */
  IDLE = 'Idle',
  /** The agent has ended well; the pod is still there. */
  SUCCEEDED = 'Succeeded',
  /** The agent has failed; the pod is still there. */
  FAILED = 'Failed',
  /** The run was stopped; the pod is still there. */
  CANCELLED = 'Cancelled',
}

/** A shell in the pod of a run, over the broker. */
export interface ShellGrant {
  /**
   * Container to open it in.
   * @default ShellTarget.AGENT
   */
  readonly target?: ShellTarget;

  /**
   * Program and arguments; the program is an absolute path.
   * @default - the shell of the image
   */
  readonly command?: string[];

  /**
   * Phases of a run in which a shell may be opened.
   * @default - every phase in which the run has a pod
   */
  readonly allowedPhases?: ShellPhase[];
}

/** A time during which runs may connect to every host, so that you learn what they need. */
export interface EgressDiscovery {
  /** Why it is needed: 20 to 500 characters, kept in the policy and in the audit log. */
  readonly reason: string;

  /**
   * End of the time, as in `2026-03-01T12:00:00Z`. Synthesis does not look at the clock: the broker
   * ignores an end that has passed and one that is more than 7 days ahead.
   */
  readonly expiresAt: string;
}

/** Properties of `BrokerPolicy`. */
export interface BrokerPolicyProps {
  /** Namespace whose runs the policy is about. */
  readonly namespace: IAgentNamespace;

  /**
   * Name of the object: a DNS name of at most 253 characters.
   * @default - the construct id
   */
  readonly name?: string;

  /**
   * Names of the templates whose runs get the grants: at least one, each a name or a glob with `*`, `?`
   * and classes such as `[a-c]`. `*` means every template.
   */
  readonly appliesToTemplates: string[];

  /**
   * Kinds of templates whose runs get the grants: at least one when given.
   * @default - both kinds, but not a namespaced template that has the name of a cluster template
   */
  readonly templateKinds?: TemplateKind[];

  /**
   * Digests, as in `sha256:…`, one of which the template's image must be pinned to: at least one when given.
   * @default - any image
   */
  readonly imageDigests?: string[];

  /**
   * Credentials that runs may use, each name once.
   * @default - none
   */
  readonly credentials?: CredentialGrant[];

  /**
   * Hosts that runs may connect to.
   * @default - none
   */
  readonly egress?: EgressGrant[];

  /**
   * Repositories that tokens of `CredentialGrant.gitHubApp` are limited to, each once.
   * @default - all repositories of the App's installation, for reading only
   */
  readonly repositories?: RepositoryGrant[];

  /**
   * Whether clients may send further prompts to interactive runs.
   * @default false
   */
  readonly interact?: boolean;

  /**
   * Allows shells in the pods of runs.
   * @default - no shells
   */
  readonly shell?: ShellGrant;

  /**
   * Opens every host for a limited time. Credentials still go only to granted hosts.
   * @default - only granted hosts are open
   */
  readonly egressDiscovery?: EgressDiscovery;
}
