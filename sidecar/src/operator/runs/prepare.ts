import { followAttempt } from './attempt';
import { deadlineOf } from './deadline';
import { endRun } from './end';
import { soonest } from '../again';
import { issueCredentials } from './leases/credentials';
import { issueEgressToken } from './leases/egress-token';
import { isPacing } from './news';
import { restOf } from './next-attempt';
import { untoldPod } from './present-pod';
import { progress } from './progress';
import { done, Outcome, RunWork } from './run-work';
import type { RunTemplate } from '../../../../src/protocol/run-template';
import { timeText } from '../conditions';
import { longPartsStep } from './steps/long-parts-step';
import { networkStep } from './steps/network-step';
import { podStep } from './steps/pod-step';
import { policyStep } from './steps/policy-step';
import { secretsStep } from './steps/secrets-step';
import { templateStep } from './steps/template-step';
import { wayOutStep } from './steps/way-out-step';
import { workspaceStep } from './steps/workspace-step';
import type { Pod } from '../objects/pod';
import type { Again, OperatorDeps } from '../operator-deps';

/** Makes the pod of the present attempt, and everything that it needs. */
export async function prepare(deps: OperatorDeps, work: RunWork): Promise<Again> {
  const rest = restOf(work);
  if (rest > 0) return soonest(rest, untilDeadline(deps, work));
  const outcome = await makePod(deps, work);
  if (outcome.kind === 'done') return followAttempt(deps, work, { pod: outcome.value, wasThere: true, isWatched: true, deadline: deadlineOf(deps, work) });
  if (outcome.kind === 'fail') return endRun(deps, work, { ...outcome, agent: 'error' });
  if (progress(work, outcome) && !isPacing(outcome.reason)) work.event(outcome.reason === 'WorkspaceBusy' ? 'Normal' : 'Warning', outcome.reason, outcome.message);
  return soonest(outcome.againAfter, untilDeadline(deps, work));
}

function untilDeadline(deps: OperatorDeps, work: RunWork): Again {
  const deadline = deadlineOf(deps, work);
  return deadline === undefined ? undefined : deadline - work.now;
}

/** In the order in which people can do something about it; credentials come last, as they have to be taken back. */
async function makePod(deps: OperatorDeps, work: RunWork): Promise<Outcome<Pod>> {
  const template = templateStep(deps, work);
  if (template.kind !== 'done') return template;
  const policy = policyStep(deps, work, template.value);
  if (policy.kind !== 'done') return policy;
  const workspace = await workspaceStep(deps, work, template.value);
  if (workspace.kind !== 'done') return workspace;
  const there = await untoldPod(deps, work);
  if (there !== undefined) return done(there);
  await begin(work, template.value);
  const network = await networkStep(deps, work);
  if (network.kind !== 'done') return network;
  const parts = await longPartsStep(deps, work, template.value);
  if (parts.kind !== 'done') return parts;
  const { prompt, extraEnv } = parts.value;
  const names = (template.value.spec.requires?.credentials ?? []).map(({ name }) => name);
  const credentials = await issueCredentials(deps, work, names, template.value.identity);
  if (credentials.kind !== 'done') return credentials;
  const token = await issueEgressToken(deps, work);
  if (token.kind !== 'done') return token;
  const wayOut = await wayOutStep(deps, work, token.value);
  if (wayOut.kind !== 'done') return wayOut;
  const secrets = await secretsStep(deps, work, { credentials: credentials.value, wayOut: wayOut.value, prompt });
  if (secrets.kind !== 'done') return secrets;
  const { attempt = 0 } = work.status;
  return podStep(deps, work, { template: template.value, workspace: workspace.value, attempt, extraEnv, deadline: deadlineOf(deps, work)! });
}

/**
 * The time of a run counts from here. It is written before credentials are asked for, which are good until its end; and what its pod
 * will be made of before there is one, as a bearer is judged by that from its first moment on.
 */
async function begin(work: RunWork, { identity }: RunTemplate): Promise<void> {
  work.set({ startTime: work.status.startTime ?? timeText(work.now), attempt: work.status.attempt ?? 0, agentPhase: 'provisioning', template: identity });
  await work.commit();
}
