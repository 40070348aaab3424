import type { SecretKey } from './credential-grant';
import type { WorkspaceSpec } from './protocol/resources';

type RepositorySpec = NonNullable<WorkspaceSpec['seed']>['repos'][number];

/** Where git finds the credential for a repository. */
export class SeedCredential {
  /**
   * A Secret in the namespace of the workspace with the keys `username` and `password`.
   * Only the container that clones has it, not the agent.
   */
  public static secret(secretName: string): SeedCredential {
    return new SeedCredential({ credentialsSecretRef: { name: secretName } });
  }

  /**
   * A credential of the run that clones, which is the first one in the workspace: `key` is its name, which the template of that run
   * must require. When no run of the app in that workspace requires it, synth refuses them all. Where the repositories are cloned
   * already, runs name the workspace by `Workspace.fromName`, and are not held to it.
   * The clone uses the run's own surrogate, so `name`, the Secret of paddock with surrogates, does not count.
   */
  public static broker(surrogate: SecretKey): SeedCredential {
    return new SeedCredential({ brokerCredentialRef: { name: surrogate.name, key: surrogate.key } });
  }

  /** @internal */
  private constructor(
    /** @internal */
    public readonly _spec: Pick<RepositorySpec, 'credentialsSecretRef' | 'brokerCredentialRef'>,
  ) {}
}

/** A git repository that is cloned into a new workspace, through the egress proxy. */
export interface SeedRepository {
  /** `https://…` without user information. A policy must grant its host; `ssh` does not pass the egress proxy and is refused. */
  readonly url: string;

  /**
   * Folder for the clone, relative to the workspace, without `..`. Needed as soon as there is more than one repository, and different for each.
   * @default - the name of the repository
   */
  readonly path?: string;

  /**
   * Branch or tag to check out.
   * @default - the repository's default branch
   */
  readonly branch?: string;

  /**
   * Number of commits to fetch, at least 1.
   * @default - the whole history
   */
  readonly depth?: number;

  /**
   * Credential for the clone.
   * @default - none: the repository is public
   */
  readonly credential?: SeedCredential;
}
