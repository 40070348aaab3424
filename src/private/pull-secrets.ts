import { objectNameProblem, problems } from './validation';
import { MAX_PULL_SECRETS } from '../protocol/limits';
import { runObjects } from '../protocol/runs';

/** How the names of the Secrets end in which the operator puts the credentials of runs. */
const OF_RUNS = runObjects('').credentials;

/** What is wrong with the Secrets of a namespace for its images. */
export function pullSecretProblems(names: readonly string[]): string[] {
  return [
    ...problems(
      ...names.map((name) => objectNameProblem('imagePullSecrets', name)),
      new Set(names).size === names.length ? undefined : `imagePullSecrets must differ, got ${names.join(', ')}`,
      names.length <= MAX_PULL_SECRETS ? undefined : `imagePullSecrets must be at most ${MAX_PULL_SECRETS}, got ${names.length}`,
    ),
    ...runSecretProblems('imagePullSecrets', names),
  ];
}

/** The API server refuses the operator every pod with the credentials of another run, and knows them by the end of their name. */
export function runSecretProblems(field: string, names: readonly string[]): string[] {
  return names
    .filter((name) => name.endsWith(OF_RUNS))
    .map((name) => `${field} must not end with '${OF_RUNS}', as the Secrets with the credentials of runs do, got '${name}'`);
}

/** The API server refuses the operator every pod with a Secret from which the broker takes credentials. */
export function grantedPullSecretProblems(names: readonly string[], granted: readonly string[]): string[] {
  return names
    .filter((name) => granted.includes(name))
    .map((name) => `imagePullSecrets must not name the Secret '${name}', which a BrokerPolicy or additionalSecrets names: the operator gives those to no pod`);
}
