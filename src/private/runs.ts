import { Construct } from 'constructs';
import { EgressWanted, hasEgress } from './egress';
import { OperatorContext } from './part-context';
import { refuse } from './validation';
import { NetworkBoundary } from '../network-boundary';
import { RunOperator } from '../run-operator';
import { RunOptions } from '../run-options';

/** What a platform was told about its runs, and about what they need. */
export interface RunsWanted extends EgressWanted {
  readonly runs?: RunOptions;
}

export interface RunsContext extends OperatorContext {
  readonly boundary: NetworkBoundary;
}

/** Whether a platform has runs: their pods start once they see the egress proxy, and have no other way out. */
export function hasRuns({ runs, ...others }: RunsWanted): boolean {
  return runs?.enabled ?? hasEgress(others);
}

/** Makes the operator and opens its connections. Undefined where no runs are wanted. */
export function addRuns(scope: Construct, context: RunsContext, wanted: RunsWanted): RunOperator | undefined {
  refuse(scope, wantedProblems(wanted));
  if (!hasRuns(wanted)) return undefined;
  const operator = RunOperator._in(scope, 'operator', context, wanted.runs ?? {});
  context.boundary._addEndpoint(operator._endpoint);
  return operator;
}

function wantedProblems(wanted: RunsWanted): string[] {
  const { enabled, ...others } = wanted.runs ?? {};
  const given = Object.entries(others).filter(([, value]) => value !== undefined).map(([name]) => `runs.${name}`);
  if (enabled === false) return given.map((name) => `${name} has no effect without runs; leave it out, or leave out 'enabled: false'`);
  if (hasEgress(wanted) || (enabled === undefined && given.length === 0)) return [];
  return ['runs must be left out without the egress proxy, which is their only way out'];
}
