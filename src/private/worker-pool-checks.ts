import { SESSION_ENV } from '../protocol/env';
import { MAX_POOL_NAME } from '../protocol/limits';
import { ENV_NAME_PATTERN, isReservedEnv } from '../protocol/reserved-env';
import { WorkerPoolProps } from '../worker-pool-props';
import { WorkerWorkload } from '../worker-workload';
import { dnsLabelProblem, integerProblem, problems } from './validation';

/** Everything wrong with a pool's properties, one text each. */
export function workerPoolProblems(name: string, props: WorkerPoolProps): string[] {
  return [
    ...problems(
      dnsLabelProblem('name', name, MAX_POOL_NAME),
      imageProblem(props.image),
      integerProblem('userId', props.userId ?? 1000, 1, 4294967294),
    ),
    ...Object.keys(props.env ?? {}).flatMap((variable) => problems(envProblem(variable))),
    ...Object.entries(props.extendedResources ?? {}).flatMap(([resource, count]) => problems(
      resource.includes('/') ? undefined : `extendedResources names must be like 'vendor.example/device', got '${resource}'`,
      integerProblem(`extendedResources['${resource}']`, count, 0, 64),
    )),
    ...workloadProblems(props.workload ?? WorkerWorkload.warmPool(), props),
  ];
}

function workloadProblems({ _warm, _sticky, _batch }: WorkerWorkload, props: WorkerPoolProps): string[] {
  if (_sticky) {
    return problems(
      integerProblem('replicas', _sticky.replicas ?? 1, 0, 500),
      props.workspaceSize === undefined ? undefined : 'workspaceSize has no effect on sticky workers: their workspace is the volume, set volumeSize',
    );
  }
  if (_batch) {
    return problems(
      _batch.command.length > 0 ? undefined : 'command must name a program, got an empty list',
      integerProblem('completions', _batch.completions ?? 1, 1, 10_000),
      integerProblem('parallelism', _batch.parallelism ?? 1, 0, 500),
      integerProblem('backoffLimit', _batch.backoffLimit ?? 3, 0, 100),
      _batch.activeDeadline === undefined ? undefined : integerProblem('activeDeadline in seconds', _batch.activeDeadline.toSeconds(), 1, 31_536_000),
    );
  }
  return problems(integerProblem('replicas', _warm?.replicas ?? 2, 0, 500));
}

function imageProblem(image: string): string | undefined {
  if (image.length > 0 && image.length <= 512 && !/\s/.test(image)) return undefined;
  return `image must be an image reference without white space, 1 to 512 characters, got ${JSON.stringify(image)}`;
}

function envProblem(name: string): string | undefined {
  if (!new RegExp(ENV_NAME_PATTERN).test(name)) return `env names must be letters, digits and '_', not starting with a digit, got ${JSON.stringify(name)}`;
  if (isReservedEnv(name) || name in SESSION_ENV) return `env '${name}' is set by the platform and may not be set here`;
  return undefined;
}
