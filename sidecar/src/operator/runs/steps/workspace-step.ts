import { missingPrerequisite } from './prerequisite';
import { refused } from './refusal';
import type { RunWorkspace } from '../../../../../src/manifests/agent-volumes';
import { ephemeralWorkspace } from '../../../../../src/manifests/run-objects';
import { Seed, seedProblems } from '../../../../../src/manifests/seed';
import { secretNames } from '../../../../../src/protocol/policy';
import { DEFAULTS } from '../../../../../src/protocol/resources/defaults';
import type { RunTemplate } from '../../../../../src/protocol/run-template';
import { OPERATOR_MANAGER, PREREQUISITE_SECONDS, runObjects } from '../../../../../src/protocol/runs';
import { hasCode } from '../../../kube/kube-error';
import { conditionOf } from '../../conditions';
import { Workspace, workspaceOf, workspacesIn } from '../../objects/workspace';
import type { OperatorDeps } from '../../operator-deps';
import { activeRun, isMadeFor } from '../../workspaces/turns';
import { giveUpTime } from '../give-up';
import { done, fail, Outcome, RunWork, wait } from '../run-work';

type StepDeps = Pick<OperatorDeps, 'world' | 'client' | 'settings' | 'wakeWorkspace'>;

/** The place where a run works, once it is its turn there. */
export async function workspaceStep(deps: StepDeps, work: RunWork, template: RunTemplate): Promise<Outcome<RunWorkspace>> {
  const { workspaceRef } = work.run.spec;
  if (workspaceRef === undefined && !(template.spec.workspace?.required ?? DEFAULTS.workspaceRequired)) {
    work.condition('WorkspaceBound', 'NotRequired', 'the template needs no Workspace and the run names none');
    return done<RunWorkspace>({ kind: 'empty', size: deps.settings.workspaceSize });
  }
  const found = workspaceRef === undefined ? await ownWorkspace(deps, work) : namedWorkspace(deps, work, workspaceRef);
  if (found.kind !== 'done') return found;
  const workspace = found.value;
  work.set({ workspaceRef: workspace.name });
  return inTurn(deps, work, workspace) ?? entered(deps, work, workspace, template);
}

function namedWorkspace({ world }: StepDeps, work: RunWork, name: string): Outcome<Workspace> {
  const workspace = world.workspaces.get(work.run.namespace, name);
  if (workspace === undefined) return notFound(work, name, 'is not there');
  // What one run leaves there, or finds there, is no other run's business.
  if (workspace.spec.ephemeral === true) return rejected(work, 'WorkspaceFailed', `Workspace '${name}' is that of another run alone: name one that is not ephemeral`);
  return staying(work, workspace);
}

/** The Workspace of a run that names none. */
async function ownWorkspace(deps: StepDeps, work: RunWork): Promise<Outcome<Workspace>> {
  const { namespace, name: run } = work.run;
  const name = runObjects(run).workspace;
  const kept = deps.world.workspaces.get(namespace, name);
  const found = kept === undefined ? await made(deps, work, name) : done(kept);
  if (found.kind !== 'done') return found;
  if (isMadeFor(work.run, found.value)) return staying(work, found.value);
  // That of an earlier run of the same name goes by itself.
  const message = `the run needs a Workspace '${name}', and there is one already that was not made for it: delete it, or give the run another name`;
  work.condition('WorkspaceBound', 'WorkspaceNotReady', message);
  return missingPrerequisite(work, 'NameTaken', message);
}

/** No pod can begin with a volume that goes. */
function staying(work: RunWork, workspace: Workspace): Outcome<Workspace> {
  return workspace.deletedAt === undefined ? done(workspace) : notFound(work, workspace.name, 'is being deleted');
}

function notFound(work: RunWork, name: string, what: string): Outcome<never> {
  const message = `Workspace '${name}' ${what} in namespace '${work.run.namespace}'`;
  work.condition('WorkspaceBound', 'WorkspaceNotFound', message);
  return missingPrerequisite(work, 'WorkspaceNotFound', message);
}

/** Not applied: that would take over a Workspace of somebody else, which then would go with the run. */
async function made({ client, settings }: StepDeps, work: RunWork, name: string): Promise<Outcome<Workspace>> {
  const { run } = work;
  const { platform, workspaceSize: size, workspaceStorageClass: storageClass } = settings;
  const manifest = ephemeralWorkspace({ platform, ...run }, { size, ...(storageClass === undefined ? {} : { storageClass }) });
  const workspaces = workspacesIn(run.namespace);
  try {
    return done(workspaceOf(await client.create(workspaces, manifest, { fieldManager: OPERATOR_MANAGER })));
  } catch (error) {
    if (hasCode(error, 'Conflict')) return done(workspaceOf(await client.get(workspaces, name)));
    const what = `Workspace '${name}'`;
    work.condition('WorkspaceBound', 'WorkspaceNotReady', `${what} could not be made`);
    return refused(work, error, { what });
  }
}

/** Why the run cannot begin in the Workspace; undefined when it can. */
function inTurn({ wakeWorkspace }: StepDeps, work: RunWork, workspace: Workspace): Outcome<never> | undefined {
  const { name, namespace, status } = workspace;
  const ready = conditionOf(status.conditions, 'Ready');
  if (status.phase === 'Failed') {
    const reason = ready?.reason === 'SeedRejected' ? 'SeedRejected' : 'WorkspaceFailed';
    return rejected(work, reason, `Workspace '${name}': ${ready?.message ?? 'it has failed'}`);
  }
  if (isActive(workspace, work) && (status.phase === 'Active' || status.phase === 'Seeding')) return undefined;
  wakeWorkspace(namespace, name);
  if (ready?.status === 'False') {
    const message = `Workspace '${name}' cannot be worked in yet: ${ready.message}`;
    work.condition('WorkspaceBound', 'WorkspaceNotReady', message);
    return work.run.spec.workspaceRef === undefined ? ownNotReady(work, ready.reason, message) : wait('WorkspaceNotReady', message);
  }
  const { activeRunRef } = status;
  if (activeRunRef === undefined || isActive(workspace, work)) {
    const message = `Workspace '${name}' is being made ready`;
    work.condition('WorkspaceBound', 'WorkspaceNotReady', message);
    return wait('InProgress', message);
  }
  // Without the name of that run: with each turn, the status of every run that goes on waiting would be written.
  const message = `another run works in Workspace '${name}', in which one works at a time, the one that waits longest next: see kubectl get ws ${name}`;
  work.condition('WorkspaceBound', 'WorkspaceBusy', message);
  return wait('WorkspaceBusy', message);
}

/** The Workspace of a run that names none is nobody's to mend. A quota has room again when something else goes, as for pods. */
function ownNotReady(work: RunWork, reason: string, message: string): Outcome<never> {
  if (reason === 'NameTaken') return missingPrerequisite(work, reason, message);
  if (reason !== 'Refused') return wait('WorkspaceNotReady', message);
  const giveUpAt = giveUpTime(work, 'WorkspaceNotReady', PREREQUISITE_SECONDS * 1000);
  if (giveUpAt <= work.now) return rejected(work, 'WorkspaceFailed', message);
  return { kind: 'wait', reason: 'WorkspaceNotReady', message, againAfter: giveUpAt - work.now, giveUpAt };
}

function isActive({ status }: Workspace, { run }: RunWork): boolean {
  return activeRun(status)?.uid === run.uid;
}

function entered({ world }: StepDeps, work: RunWork, workspace: Workspace, template: RunTemplate): Outcome<RunWorkspace> {
  const { name, status, spec: { seed } } = workspace;
  const isSeeded = conditionOf(status.conditions, 'Seeded')?.status === 'True';
  if (seed === undefined || isSeeded) {
    work.condition('WorkspaceBound', 'Bound', `the run works in Workspace '${name}'`);
    return done<RunWorkspace>({ kind: 'claim', name });
  }
  const granted = world.policies(workspace.namespace).flatMap((policy) => secretNames(policy.spec));
  const [problem] = [...seedProblems(seed, (template.spec.requires?.credentials ?? []).map((one) => one.name)), ...grantedProblems(seed, granted)];
  if (problem !== undefined) return rejected(work, 'SeedRejected', `Workspace '${name}' cannot be cloned to by this run: ${problem}`);
  work.condition('WorkspaceBound', 'Bound', `the run works in Workspace '${name}' and clones its repositories`);
  return done<RunWorkspace>({ kind: 'claim', name, seed });
}

function rejected(work: RunWork, reason: 'WorkspaceFailed' | 'SeedRejected', message: string): Outcome<never> {
  work.condition('WorkspaceBound', reason, message);
  return fail(reason, message);
}

/** What a policy grants comes from the broker, and from nowhere else. */
function grantedProblems({ repos }: Seed, granted: readonly string[]): string[] {
  const named = repos.flatMap(({ credentialsSecretRef }) => (credentialsSecretRef === undefined ? [] : [credentialsSecretRef.name]));
  return named.filter((name) => granted.includes(name)).map((name) => `credentialsSecretRef must not name Secret '${name}', which a BrokerPolicy grants: use brokerCredentialRef`);
}
