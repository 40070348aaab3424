import { API_GROUP, API_VERSION } from '../../../../../src/protocol/names';
import { HarnessRunSpec, KINDS } from '../../../../../src/protocol/resources';
import type { RunTemplate } from '../../../../../src/protocol/run-template';
import { KubeError } from '../../../kube/kube-error';
import type { LongParts, Run } from '../../objects/run';
import type { OperatorDeps } from '../../operator-deps';
import { done, fail, Outcome, RunWork } from '../run-work';

type Client = Pick<OperatorDeps['client'], 'get'>;

/** Reads what is not kept of a run. */
export async function longPartsStep({ client }: { readonly client: Client }, { run }: Pick<RunWork, 'run'>, template: RunTemplate): Promise<Outcome<LongParts>> {
  const parts = run.hasInlinePrompt || run.hasExtraEnv ? await longPartsOf(client, run) : {};
  const taken = takenNames(template, parts);
  if (taken.length === 0) return done(parts);
  const { kind, name } = template.identity;
  return fail('CredentialNameTaken', `extraEnv must not have ${taken.map((one) => `'${one}'`).join(', ')}: ${kind} '${name}' requires a credential of that name`);
}

async function longPartsOf(client: Client, { namespace, name, uid }: Run): Promise<LongParts> {
  const { metadata, spec } = await client.get({ group: API_GROUP, version: API_VERSION, plural: KINDS.HarnessRun.plural, namespace }, name);
  if (metadata.uid !== uid) throw new KubeError('Conflict', `HarnessRun ${namespace}/${name} is no longer the one that is worked on`);
  const { prompt, extraEnv } = spec as HarnessRunSpec;
  return { ...(prompt === undefined ? {} : { prompt }), ...(extraEnv === undefined ? {} : { extraEnv }) };
}

/** Which of the two the agent would see depends on the order in which Kubernetes reads them; neither is what both authors meant. */
function takenNames({ spec }: RunTemplate, { extraEnv = [] }: LongParts): string[] {
  const set = extraEnv.map(({ name }) => name);
  return (spec.requires?.credentials ?? []).map(({ name }) => name).filter((name) => set.includes(name));
}
