import { objectNameProblem, problems } from './validation';

/** What is wrong with the Secrets of a namespace for its images. */
export function pullSecretProblems(names: readonly string[]): string[] {
  return problems(
    ...names.map((name) => objectNameProblem('imagePullSecrets', name)),
    new Set(names).size === names.length ? undefined : `imagePullSecrets must differ, got ${names.join(', ')}`,
  );
}

/** The API server refuses the operator every pod with a Secret from which the broker takes credentials. */
export function grantedPullSecretProblems(names: readonly string[], granted: readonly string[]): string[] {
  return names
    .filter((name) => granted.includes(name))
    .map((name) => `imagePullSecrets must not name the Secret '${name}', which a BrokerPolicy or additionalSecrets names: the operator gives those to no pod`);
}
