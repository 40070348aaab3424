import { seedProblems } from '../../../../src/manifests/seed';
import type { WorkspaceSpec } from '../../../../src/protocol/resources';
import { RUN_CONTAINERS } from '../../../../src/protocol/runs';
import { Condition, conditionOf } from '../conditions';
import type { Pod } from '../objects/pod';
import type { Claim, Workspace } from '../objects/workspace';
import { logGoes } from '../phase/gone-log';

export interface SeenSeeding {
  readonly workspace: Workspace;
  /** What is cloned onto; undefined when there is no claim. */
  readonly claim?: Claim;
  /** Pods of the run that works in the Workspace, or did so last. */
  readonly pods: readonly Pod[];
  /** Name of the run that works in it now. */
  readonly active?: string;
}

type Seeded = Pick<Condition, 'status' | 'reason' | 'message'>;

/** Why no run can clone what the seed names; undefined when one can that has the credentials. */
export function seedProblem({ seed }: WorkspaceSpec): string | undefined {
  if (seed === undefined) return undefined;
  const keys = seed.repos.flatMap(({ brokerCredentialRef }) => (brokerCredentialRef === undefined ? [] : [brokerCredentialRef.key]));
  return seedProblems(seed, keys)[0];
}

/** The condition `Seeded`. Once true it stays so: the volume keeps what was cloned. */
export function seededCondition({ workspace, claim, pods, active }: SeenSeeding): Seeded {
  const { spec: { seed }, status } = workspace;
  if (seed === undefined) return { status: 'True', reason: 'NoSeedRequired', message: 'there is nothing to clone' };
  const problem = seedProblem(workspace.spec);
  if (problem !== undefined) return { status: 'False', reason: 'SeedRejected', message: problem };
  const before = conditionOf(status.conditions, 'Seeded');
  if (claim === undefined) return waiting(undefined);
  if (before?.status === 'True') return before;
  // A pod that is older than the claim has cloned onto an earlier volume.
  const seeds = pods.filter((pod) => pod.createdAt >= claim.createdAt).sort((a, b) => b.attempt - a.attempt).flatMap(seedOf);
  const cloned = seeds.find(({ exitCode }) => exitCode === 0);
  if (cloned !== undefined) return { status: 'True', reason: 'SeedSucceeded', message: `pod '${cloned.pod.name}' has cloned what the seed names` };
  if (seeds[0]?.exitCode !== undefined) return notCloned(seeds[0].pod, seeds[0].exitCode);
  return before?.reason === 'SeedFailed' && seeds.length === 0 ? before : waiting(active);
}

function seedOf(pod: Pod): { readonly pod: Pod; readonly exitCode: number | undefined }[] {
  return pod.inits.filter((one) => one.name === RUN_CONTAINERS.seed).map(({ exitCode }) => ({ pod, exitCode }));
}

/** Exit codes of what was told to end, by SIGTERM or SIGKILL. */
const STOPPED: readonly number[] = [143, 137];

/** Whoever cancels a run while it clones has its pod deleted: that is no failure, and nothing to see to. */
function notCloned(pod: Pod, exitCode: number): Seeded {
  const goes = pod.deletedAt !== undefined;
  if (goes && STOPPED.includes(exitCode)) {
    return { status: 'False', reason: 'Seeding', message: `cloning was stopped with pod '${pod.name}', which is deleted; the next run clones its repositories` };
  }
  const hint = goes ? logGoes(pod) : `see kubectl logs ${pod.name} -c ${RUN_CONTAINERS.seed}`;
  return { status: 'False', reason: 'SeedFailed', message: `cloning in pod '${pod.name}' ended with exit code ${exitCode}, ${hint}; the next run tries again` };
}

function waiting(active: string | undefined): Seeded {
  const message = active === undefined ? 'the first run that works in it clones its repositories' : `run '${active}' clones its repositories`;
  return { status: 'False', reason: 'Seeding', message };
}
