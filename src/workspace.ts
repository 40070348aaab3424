import { Size } from 'cdk8s';
import { Construct } from 'constructs';
import type { IAgentNamespace } from './agent-namespace-ref';
import { seedProblems } from './manifests/seed';
import { addCustomResource } from './private/custom-resource';
import { quantity } from './private/quantities';
import { optional, plain } from './private/render';
import type { WorkspaceSpec } from './protocol/resources';
import type { SeedRepository } from './seed-repository';

/** A file system that runs work in, one run at a time. */
export interface IWorkspace {
  /** Name of the object. */
  readonly workspaceName: string;

  /**
   * Namespace of the object, unknown for workspaces made elsewhere.
   * @internal
   */
  readonly _namespaceName?: string;

  /**
   * What the object says, unknown for workspaces made elsewhere.
   * @internal
   */
  readonly _spec?: WorkspaceSpec;
}

/** Who may mount the volume of a workspace. */
export enum WorkspaceAccessMode {
  /** The pods of one node. */
  READ_WRITE_ONCE = 'ReadWriteOnce',
  /** The pods of all nodes, where the storage class can do it. */
  READ_WRITE_MANY = 'ReadWriteMany',
}

/** Properties of `Workspace`. */
export interface WorkspaceProps {
  /** Namespace of the runs that use the workspace. */
  readonly namespace: IAgentNamespace;

  /**
   * Name of the object: a DNS name of at most 58 characters, so that names made from it fit.
   * @default - the construct id
   */
  readonly name?: string;

  /** Size of the volume, more than zero. It cannot change later. */
  readonly size: Size;

  /**
   * StorageClass of the volume.
   * @default - the cluster's default class
   */
  readonly storageClassName?: string;

  /**
   * Who may mount the volume.
   * @default WorkspaceAccessMode.READ_WRITE_ONCE
   */
  readonly accessMode?: WorkspaceAccessMode;

  /**
   * Repositories that are cloned by the first run, before its agent starts.
   * @default - none: the workspace starts empty
   */
  readonly seed?: SeedRepository[];
}

/** A volume that keeps files between runs, and what it starts with. */
export class Workspace extends Construct implements IWorkspace {
  /** A workspace that another tool or application makes, in the namespace of the runs that use it. */
  public static fromName(workspaceName: string): IWorkspace {
    return { workspaceName };
  }

  /** Name of the object. */
  public readonly workspaceName: string;

  /** @internal */
  public readonly _namespaceName: string;

  /** @internal */
  public readonly _spec: WorkspaceSpec;

  constructor(scope: Construct, id: string, props: WorkspaceProps) {
    super(scope, id);
    const { namespace } = props;
    this.workspaceName = props.name ?? id;
    this._namespaceName = namespace.namespaceName;
    this._spec = render(props);
    const objectId = { platform: namespace.platformName, part: 'runs', name: this.workspaceName, namespace: namespace.namespaceName } as const;
    addCustomResource(this, 'Workspace', objectId, this._spec, seedProblemsOf(this._spec));
  }
}

function render({ size, storageClassName, accessMode, seed }: WorkspaceProps): WorkspaceSpec {
  return plain({
    storage: { size: quantity(size), storageClass: storageClassName, accessMode },
    seed: optional(seed, (repos) => ({
      repos: repos.map(({ url, path, branch, depth, credential }) => ({ url, path, branch, depth, ...credential?._spec })),
    })),
  });
}

/** What the schema allows, as manifests of paddock have it, and no run could clone. Which credentials its runs have is looked at where they are known. */
function seedProblemsOf({ seed }: WorkspaceSpec): string[] {
  if (seed === undefined) return [];
  return seedProblems(seed, seed.repos.flatMap(({ brokerCredentialRef }) => brokerCredentialRef?.key ?? []));
}
