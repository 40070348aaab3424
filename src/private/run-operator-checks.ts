import { resourceProblems, sizeProblem } from './quantities';
import { imageProblem, integerProblem, objectNameProblem, problems, secondsProblem } from './validation';
import { OPERATOR_ENV } from '../protocol/env';
import { RunOptions } from '../run-options';

/** What is wrong with the operator of a platform. */
export function runOperatorProblems(options: RunOptions): string[] {
  const { replicas, seedImage, ephemeralWorkspace = {}, allowedRegistries, ttlAfterFinished, concurrency, resources } = options;
  const { size, storageClassName } = ephemeralWorkspace;
  return [
    ...problems(
      integerProblem('replicas', replicas ?? 2, 1, 9),
      concurrency === undefined ? undefined : integerProblem('concurrency', concurrency, ...OPERATOR_ENV.RECONCILES.range),
      secondsProblem('ttlAfterFinished', ttlAfterFinished, ...OPERATOR_ENV.TTL_SECONDS_AFTER_FINISHED.range),
      within('seedImage', seedImage === undefined ? undefined : imageProblem(seedImage)),
      sizeProblem('ephemeralWorkspace.size', size),
      storageClassName === undefined ? undefined : objectNameProblem('ephemeralWorkspace.storageClassName', storageClassName),
      allowedRegistries?.length === 0 ? 'allowedRegistries must name one or more, or be left out, which allows all' : undefined,
      ...(allowedRegistries ?? []).map((prefix, index) => registryProblem(`allowedRegistries[${index}]`, prefix)),
      new Set(allowedRegistries).size === (allowedRegistries?.length ?? 0) ? undefined : `allowedRegistries must differ, got ${allowedRegistries!.join(', ')}`,
    ),
    ...resourceProblems(resources),
  ];
}

/** Without the slash at its end, `registry.example.com/team` would allow `registry.example.com/team-of-others` too. */
const PREFIX = /^([a-z0-9](?:[-.a-z0-9]*[a-z0-9])?(?::[0-9]{1,5})?)\/(?:[a-z0-9]+(?:[._-]+[a-z0-9]+)*\/)*$/;

function registryProblem(name: string, prefix: string): string | undefined {
  const host = prefix.length > 255 ? undefined : PREFIX.exec(prefix)?.[1];
  if (host !== undefined && isRegistry(host)) return undefined;
  return `${name} must be a registry host and path that end with '/', such as 'registry.example.com/team/', got ${JSON.stringify(prefix)}`;
}

/** As container runtimes tell a registry from the first part of a path: https://github.com/distribution/reference */
function isRegistry(host: string): boolean {
  return host === 'localhost' || /[.:]/.test(host);
}

function within(name: string, problem: string | undefined): string | undefined {
  return problem && `${name}: ${problem}`;
}
