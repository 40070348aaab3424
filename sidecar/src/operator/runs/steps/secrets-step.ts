import { ownerOf, putOwned } from './owned-object';
import { nameTaken, refused } from './refusal';
import { credentialsSecret, egressSecret, OwnedManifest, promptSecret } from '../../../../../src/manifests/run-objects';
import type { OperatorDeps } from '../../operator-deps';
import { Outcome, RunWork, done } from '../run-work';

type SecretDeps = Pick<OperatorDeps, 'client' | 'settings'>;

type Values = Readonly<Record<string, string>>;

/** What the Secrets of a run hold, by variable. */
export interface SecretContents {
  /** Surrogates or, with delivery `InContainer`, credentials. */
  readonly credentials: Values;
  readonly wayOut: Values;
  /** Undefined when it is somewhere else already, and is mounted from there. */
  readonly prompt?: string;
}

/** Writes the Secrets that the pod of a run mounts and reads. */
export async function secretsStep({ client, settings }: SecretDeps, work: RunWork, contents: SecretContents): Promise<Outcome> {
  const { credentials, wayOut, prompt } = contents;
  const owner = ownerOf(settings, work.run);
  const wanted = [
    ...(Object.keys(credentials).length === 0 ? [] : [credentialsSecret(owner, credentials)]),
    egressSecret(owner, wayOut),
    ...(prompt === undefined ? [] : [promptSecret(owner, prompt)]),
  ];
  for (const secret of wanted) {
    const outcome = await written(client, work, secret);
    if (outcome.kind !== 'done') return outcome;
  }
  if (prompt !== undefined) work.condition('PromptResolved', 'Resolved');
  return done();
}

async function written(client: OperatorDeps['client'], work: RunWork, secret: OwnedManifest): Promise<Outcome> {
  const what = `Secret '${secret.metadata.name}'`;
  try {
    const isOurs = await putOwned(client, { group: '', version: 'v1', plural: 'secrets', namespace: work.run.namespace }, secret);
    return isOurs ? done() : nameTaken(work, what);
  } catch (error) {
    return refused(work, error, { what, isSecret: true });
  }
}
