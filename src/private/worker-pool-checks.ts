import { TemplateKind } from '../harness-template-ref';
import { SESSION_ENV } from '../protocol/env';
import { MAX_POOL_NAME, MAX_UID } from '../protocol/limits';
import { ENV_NAME_PATTERN, isReservedEnv } from '../protocol/reserved-env';
import { POOL_DEFAULTS } from '../protocol/session-pools';
import { LONGEST_SESSION, SHORTEST_IDLE } from '../protocol/session-record';
import { WorkerPoolProps } from '../worker-pool-props';
import { WorkerWorkload } from '../worker-workload';
import { extendedResourceProblems } from './extended-resources';
import { placementProblems } from './placement-checks';
import { resourceProblems, sizeProblem } from './quantities';
import { sessionCredentialProblems } from './session-credentials';
import { dnsLabelProblem, imageProblem, integerProblem, objectNameProblem, problems, secondsProblem, serviceNameProblem } from './validation';

/** Everything wrong with a pool's properties, one text each. */
export function workerPoolProblems(name: string, props: WorkerPoolProps): string[] {
  return [
    ...problems(
      serviceNameProblem('name', name, MAX_POOL_NAME),
      imageProblem(props.image),
      integerProblem('userId', props.userId ?? 1000, 1, MAX_UID),
      sizeProblem('workspaceSize', props.workspaceSize),
    ),
    ...Object.entries(props.env ?? {}).flatMap(([variable, value]) => problems(envProblem(variable), envValueProblem(variable, value))),
    ...resourceProblems(props.resources),
    ...placementProblems(props.placement),
    ...extendedResourceProblems(props.extendedResources),
    ...workloadProblems(props.workload ?? WorkerWorkload.warmPool(), props),
    ...sessionProblems(props.workload ?? WorkerWorkload.warmPool(), props),
  ];
}

const SHORTEST_SESSION_SECONDS = 60;

function sessionProblems({ _sticky, _batch }: WorkerWorkload, props: WorkerPoolProps): string[] {
  const { namespace, maxSession, idleTimeout, template, credentials } = props;
  const given = Object.entries({ maxSession, idleTimeout, template, credentials }).filter(([, value]) => value !== undefined).map(([name]) => name);
  if (_sticky || _batch) return given.map((name) => `${name} has no effect on sticky workers and batches: only those of a warm pool get sessions`);
  if (!namespace._hasSessions) return given.map((name) => `${name} has no effect on a platform without sessions`);
  const longest = maxSession?.toSeconds({ integral: false }) ?? POOL_DEFAULTS.maxSessionSeconds;
  const ofTimesAndTemplate = problems(
    secondsProblem('maxSession', maxSession, SHORTEST_SESSION_SECONDS, LONGEST_SESSION / 1000),
    secondsProblem('idleTimeout', idleTimeout, SHORTEST_IDLE / 1000, longest),
    template === undefined || template.templateKind === TemplateKind.NAMESPACED
      ? undefined : `template must be a HarnessTemplate, got the ${template.templateKind} '${template.templateName}'; one with it as base will do`,
    template === undefined ? undefined : dnsLabelProblem('template', template.templateName),
    template?._namespaceName === undefined || template._namespaceName === namespace.namespaceName
      ? undefined : `template '${template.templateName}' must be in the namespace of the pool, '${namespace.namespaceName}', got namespace '${template._namespaceName}'`,
  );
  return [...ofTimesAndTemplate, ...sessionCredentialProblems(props)];
}

function workloadProblems({ _warm, _sticky, _batch }: WorkerWorkload, props: WorkerPoolProps): string[] {
  if (_sticky) {
    return problems(
      integerProblem('replicas', _sticky.replicas ?? 1, 0, 500),
      sizeProblem('volumeSize', _sticky.volumeSize),
      _sticky.storageClassName === undefined ? undefined : objectNameProblem('storageClassName', _sticky.storageClassName),
      props.workspaceSize === undefined ? undefined : 'workspaceSize has no effect on sticky workers: their workspace is the volume, set volumeSize',
    );
  }
  if (_batch) {
    return problems(
      _batch.command.length > 0 ? undefined : 'command must name a program, got an empty list',
      integerProblem('completions', _batch.completions ?? 1, 1, 10_000),
      integerProblem('parallelism', _batch.parallelism ?? 1, 0, 500),
      integerProblem('backoffLimit', _batch.backoffLimit ?? 3, 0, 100),
      secondsProblem('ttlAfterFinished', _batch.ttlAfterFinished, 0, YEAR_SECONDS),
      secondsProblem('activeDeadline', _batch.activeDeadline, 1, YEAR_SECONDS),
    );
  }
  return problems(integerProblem('replicas', _warm?.replicas ?? 2, 0, 500));
}

const YEAR_SECONDS = 31_536_000;

/** Asked at run time too: `process.env.X` is easily undefined. */
function envValueProblem(name: string, value: unknown): string | undefined {
  if (typeof value === 'string' && !value.includes('\0')) return undefined;
  return `env '${name}' must be text without NUL characters, got ${JSON.stringify(value)}`;
}

function envProblem(name: string): string | undefined {
  if (!new RegExp(ENV_NAME_PATTERN).test(name)) return `env names must be letters, digits and '_', not starting with a digit, got ${JSON.stringify(name)}`;
  if (isReservedEnv(name) || name in SESSION_ENV) return `env '${name}' is set by the platform and may not be set here`;
  return undefined;
}
