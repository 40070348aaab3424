import { Duration, Size } from 'cdk8s';
import { ContainerResources } from 'cdk8s-plus-28';
import { ImagePullPolicy } from './image-pull-policy';

/** The volume of a run that names no Workspace. It goes with the run. */
export interface EphemeralWorkspaceOptions {
  /**
   * Size of the volume, more than zero.
   *
   * @default Size.gibibytes(1)
   */
  readonly size?: Size;

  /**
   * StorageClass of the volume.
   *
   * @default - the cluster's default class
   */
  readonly storageClassName?: string;
}

/** Runs: HarnessRuns that become pods. */
export interface RunOptions {
  /**
   * Whether there are runs. Without them there is no operator, and a HarnessRun waits for one from elsewhere. They need the
   * egress proxy, which is their only way out.
   *
   * @default - true where the platform has an egress proxy
   */
  readonly enabled?: boolean;

  /**
   * Number of replicas of the operator, 1 to 9. One at a time acts, another takes over when it is gone.
   *
   * @default 2
   */
  readonly replicas?: number;

  /**
   * Image with `git` and `sh`, which clones the repositories of a Workspace. The default is a tag, which its owner can
   * change: name one with a digest.
   *
   * @default 'docker.io/alpine/git:v2.49.1'
   */
  readonly seedImage?: string;

  /**
   * When a node pulls `seedImage`.
   *
   * @default - before every start, or with a digest when the node does not have it
   */
  readonly seedImagePullPolicy?: ImagePullPolicy;

  /**
   * The volume of runs that name no Workspace.
   *
   * @default - 1 GiB of the cluster's default StorageClass
   */
  readonly ephemeralWorkspace?: EphemeralWorkspaceOptions;

  /**
   * Where the images of runs may come from: prefixes of a registry host and path that end with `/`, such as
   * `registry.example.com/team/`; one or more. The API server refuses the operator every pod with another image, also with one
   * whose name leaves the host out. Synth refuses templates and runs of the app whose images are from elsewhere, too. The image of
   * the platform and `seedImage` are always allowed.
   *
   * @default - from anywhere
   */
  readonly allowedRegistries?: string[];

  /**
   * Time after which a run that is over is deleted, with its pods and the volume that goes with it, unless the run says itself:
   * whole seconds, zero or more. It also holds for runs that are over when it is set.
   *
   * A run that is applied again and again, such as one that is kept in Git, is made anew after it was deleted, and works again: it
   * must name a long time of its own.
   *
   * @default - runs stay until they are deleted, and so do their volumes
   */
  readonly ttlAfterFinished?: Duration;

  /**
   * Whether the cluster's own ClusterRoles `view`, `edit` and `admin` gather the rights on runs, templates, workspaces and policies.
   * Who is bound to one of them in a namespace then has these too, in every namespace of the cluster. The rights are in ClusterRoles
   * `<platform>-view`, `<platform>-edit` and `<platform>-admin`, which are there in either case, to be bound by name.
   * See https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles
   *
   * @default true
   */
  readonly aggregateRoles?: boolean;

  /**
   * How many objects the operator works on at the same time, 1 to 64.
   *
   * @default 8
   */
  readonly concurrency?: number;

  /**
   * CPU and memory of each replica.
   *
   * @default - requests of 100m CPU and 128 MiB, a memory limit of 512 MiB, no CPU limit
   */
  readonly resources?: ContainerResources;
}
