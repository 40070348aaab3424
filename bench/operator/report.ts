import type { Restart } from './at-rest';
import type { BareBurst, Burst, OperatorBurst } from './bursts';
import { LEAST } from './least';
import { median } from '../broker/load';

/** Calls of the operator for one run. */
export function perRun({ counted: { calls }, runs }: OperatorBurst): Map<string, number> {
  return new Map([...calls].map(([call, count]) => [call, count / runs]));
}

export function describeCalls(burst: OperatorBurst, brokerCalls: number, events: number): string[] {
  const calls = perRun(burst);
  const least = new Map(LEAST.map((one) => [one.call, one]));
  const sum = (counts: Iterable<number>): number => [...counts].reduce((all, count) => all + count, 0);
  const [all, needed] = [sum(calls.values()), sum(LEAST.map(({ times }) => times))];
  const rows = [...new Set([...least.keys(), ...calls.keys()])].map((call) => {
    const { times = 0, why = '' } = least.get(call) ?? {};
    return line(call, `${(calls.get(call) ?? 0).toFixed(2)}, least ${times}`, why);
  });
  return [
    `calls of the API server for one run, over ${burst.runs} runs one after the other`,
    line('in all', `${(all / needed).toFixed(2)} x least`, `${all.toFixed(2)} against ${needed}`),
    ...rows,
    line('besides', `${events.toFixed(2)} Events, ${brokerCalls.toFixed(2)} calls of the broker`, ''),
  ];
}

/** Ratios first: they travel between machines. */
export function describeBurst(operator: OperatorBurst, bare: BareBurst, parallel: number): string[] {
  const perSecond = ({ runs, took }: Burst): number => runs / (took / 1000);
  const calls = [...operator.counted.calls.values()].reduce((all, count) => all + count, 0);
  const perSecondOf = (count: number): string => `${(count / (operator.took / 1000)).toFixed(0)}/s`;
  const each = (count: number): string => (count / operator.runs).toFixed(1);
  const refused = [...operator.counted.calls].filter(([call]) => call.split(' ').length > 2).map(([call, count]) => `${count} ${call}`);
  const cpu = operator.cpuMicros / 1000 / operator.runs;
  return [
    `${operator.runs} runs submitted at once, ${parallel} workers`,
    line('runs', `${(perSecond(operator) / perSecond(bare)).toFixed(2)} x bare`, `${perSecond(operator).toFixed(1)}/s against ${perSecond(bare).toFixed(1)}/s`),
    line('reconciles', perSecondOf(operator.counted.reconciles), `${each(operator.counted.reconciles)} for a run, Workspaces among them`),
    line('calls', `${each(calls)} for a run`, `${perSecondOf(calls)}${refused.length > 0 ? `; of them ${refused.join(', ')}` : ''}`),
    line('CPU', `${cpu.toFixed(1)} ms for a run`, `${(operator.cpuMicros / 1000 / operator.took * 100).toFixed(0)} % of a core; peak ${mib(operator.peakBytes)}`),
    ...describeLatency(operator, bare),
  ];
}

export function describeLatency(operator: OperatorBurst, bare: BareBurst): string[] {
  const against = (others: readonly number[]): string => [0.5, 0.99].map((part) => (quantile(operator.toPod, part) / quantile(others, part)).toFixed(2)).join(', ');
  return [
    line('submit to pod', `${against(bare.toPod)} x bare`, `p50, p99: ${both(operator.toPod)} against ${both(bare.toPod)}`),
    line('', `${against(bare.podCall)} x call`, `the call alone that makes a pod: ${both(bare.podCall)}`),
  ];
}

export function describeRestart(what: string, restart: Restart, rest: Restart, runs: number): string[] {
  const { counted: { runReconciles: reconciles }, readyMs, settledMs, rssBytes, heapBytes, listMs, cpuMicros } = restart;
  const calls = [...restart.counted.calls.values()].reduce((all, count) => all + count, 0);
  const each = (micros: number): string => (micros / runs).toFixed(0);
  const kept = runs === 0 ? '' : `, ${((heapBytes - rest.heapBytes) / 1024 / runs).toFixed(2)} KiB a run`;
  return [
    `started with ${what}`,
    line('memory', `${(rssBytes / rest.rssBytes).toFixed(2)} x empty`, `${mib(rssBytes)}; heap alive ${mib(heapBytes)}${kept}`),
    line('ready', `${(readyMs / rest.readyMs).toFixed(2)} x empty`, `${readyMs.toFixed(0)} ms; a bare client lists the runs in ${listMs.toFixed(0)} ms`),
    ...(reconciles === 0 ? [] : [
      line('nothing to do', `${each(cpuMicros.toSettled - rest.cpuMicros.toSettled)} us CPU a run`, `${reconciles} reconciles, ${calls} calls; rested ${settledMs.toFixed(0)} ms after ready`),
      line('', `${each(cpuMicros.toReady - rest.cpuMicros.toReady)} us CPU a run`, 'before, for reading, checking and keeping it'),
    ]),
  ];
}

/** What runs that are over cost those that are not. */
export function describeCrowd({ among, alone }: { readonly among: OperatorBurst; readonly alone: OperatorBurst }, over: number): string[] {
  const cpu = ({ cpuMicros, runs }: OperatorBurst): number => cpuMicros / 1000 / runs;
  return [
    `${among.runs} runs at once beside ${over} that are over`,
    line('CPU', `${(cpu(among) / cpu(alone)).toFixed(2)} x alone`, `${cpu(among).toFixed(1)} ms for a run against ${cpu(alone).toFixed(1)} ms`),
    line('time', `${(among.took / alone.took).toFixed(2)} x alone`, `${among.took.toFixed(0)} ms against ${alone.took.toFixed(0)} ms`),
  ];
}

function both(times: readonly number[]): string {
  return `${quantile(times, 0.5).toFixed(0)}, ${quantile(times, 0.99).toFixed(0)} ms`;
}

function quantile(times: readonly number[], part: number): number {
  if (part === 0.5) return median(times);
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
}

function line(title: string, value: string, beside: string): string {
  return `  ${title.padEnd(30)} ${value.padEnd(24)} ${beside}`.trimEnd();
}
