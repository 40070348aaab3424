import { isTaken, ownerOf } from './owned-object';
import { isOfAttempt, podNamed } from '../present-pod';
import { nameGoing, nameTaken, noPod, refused } from './refusal';
import { agentPod, AgentPodOptions, agentPodProblems, RunWorkspace } from '../../../../../src/manifests/agent-pod';
import { POD_SECURITY_RULES } from '../../../../../src/manifests/pod-security';
import { sharedVolumeClaim } from '../../../../../src/manifests/run-objects';
import type { HarnessRunSpec } from '../../../../../src/protocol/resources';
import type { RunTemplate } from '../../../../../src/protocol/run-template';
import { OPERATOR_MANAGER } from '../../../../../src/protocol/runs';
import { Pod, podOf } from '../../objects/pod';
import type { OperatorDeps } from '../../operator-deps';
import { Outcome, RunWork, done, fail } from '../run-work';

type PodDeps = Pick<OperatorDeps, 'client' | 'settings' | 'world'>;

/** What the pod of an attempt is made of. */
export interface PodWanted {
  /** With its base merged in. */
  readonly template: RunTemplate;
  readonly workspace: RunWorkspace;
  readonly attempt: number;
  readonly extraEnv?: HarnessRunSpec['extraEnv'];
  /** When the operator ends the run, in milliseconds since 1970. */
  readonly deadline: number;
}

/** Makes the pod of an attempt. Its name is that of the attempt, so there is never a second one. */
export async function podStep(deps: PodDeps, work: RunWork, wanted: PodWanted): Promise<Outcome<Pod>> {
  const options = optionsOf(deps, work, wanted);
  const problems = agentPodProblems(options, deps.settings.podSecurityVersion);
  if (problems.length > 0) {
    const reason = problems.some(isPodSecurity) ? 'PodSecurity' : 'PodRefused';
    const message = `the pod is not made: ${problems.join('; ')}`;
    noPod(work, reason, message);
    return fail(reason, message);
  }
  const shared = await sharedClaims(deps, work, wanted.template);
  return shared.kind === 'done' ? created(deps, work, options) : shared;
}

function isPodSecurity(problem: string): boolean {
  return POD_SECURITY_RULES.some(({ id }) => problem.startsWith(`${id}: `));
}

function optionsOf({ settings }: PodDeps, { run, now }: RunWork, { extraEnv = [], deadline, ...wanted }: PodWanted): AgentPodOptions {
  const { sidecar, pullSecrets = [], seedImage, seedImagePullPolicy } = settings;
  const { spec, hasInlinePrompt } = run;
  // The node ends the pod at the deadline, which keeps its log; by its own count, so not before.
  const activeDeadlineSeconds = Math.max(1, Math.ceil((deadline - now) / 1000));
  const made = { owner: ownerOf(settings, run), run: { spec: { ...spec, extraEnv }, hasInlinePrompt } };
  const imagePullSecrets = pullSecrets.filter(({ namespace }) => namespace === run.namespace).map(({ name }) => name);
  return { ...made, ...wanted, sidecar, imagePullSecrets, seedImage, seedImagePullPolicy, activeDeadlineSeconds };
}

/** Shared by runs, so of none of them: one that is there stays as it is. */
async function sharedClaims({ client, settings, world }: PodDeps, work: RunWork, { spec }: RunTemplate): Promise<Outcome> {
  const { namespace } = work.run;
  for (const directory of spec.pod?.sharedDirectories ?? []) {
    const claim = sharedVolumeClaim({ platform: settings.platform, namespace }, directory);
    const { name } = claim.metadata;
    if (world.claims.get(namespace, name) !== undefined) continue;
    try {
      await client.create({ ...CORE, plural: 'persistentvolumeclaims', namespace }, claim, BY_OPERATOR);
    } catch (error) {
      if (!isTaken(error)) return refused(work, error, { what: `claim '${name}'` });
    }
  }
  return done();
}

async function created({ client }: PodDeps, work: RunWork, options: AgentPodOptions): Promise<Outcome<Pod>> {
  const { namespace } = work.run;
  const manifest = agentPod(options);
  const { name } = manifest.metadata;
  try {
    const pod = podOf(await client.create({ ...CORE, plural: 'pods', namespace }, manifest, BY_OPERATOR));
    work.event('Normal', 'PodCreated', `created pod ${name}`);
    return done(pod);
  } catch (error) {
    if (!isTaken(error)) return refused(work, error, { what: `pod '${name}'` });
  }
  return there(client, work, options.attempt, name);
}

/** A pod of the name is there: made by the operator before it was stopped, or by somebody else. */
async function there(client: OperatorDeps['client'], work: RunWork, attempt: number, name: string): Promise<Outcome<Pod>> {
  const { run } = work;
  const object = await podNamed(client, run.namespace, name);
  // It has gone in this moment.
  if (object === undefined) return nameGoing(work, `pod '${name}'`);
  const pod = podOf(object);
  if (isOfAttempt(pod, run, attempt)) return done(pod);
  if (pod.ownerUid !== undefined && pod.ownerUid !== run.uid && pod.run === run.name) return nameGoing(work, `pod '${name}'`);
  return nameTaken(work, `pod '${name}'`);
}

const CORE = { group: '', version: 'v1' } as const;

/** A repeated creation finds the name taken, and what is there is looked at. */
const BY_OPERATOR = { fieldManager: OPERATOR_MANAGER, repeatable: true } as const;
