import { median, Sample } from './load';
import type { Usage } from './usage';
import type { Work } from './works';

/** The samples of one work and its echo, round by round. */
export interface Measured {
  /** Where the broker takes what it knows from. */
  readonly where: string;
  readonly work: Work;
  readonly connections: number;
  readonly broker: readonly Sample[];
  readonly echo: readonly Sample[];
}

const TARGET_MIB = { rest: 75, peak: 130 };
const TARGET_START_MS = 200;

/** Ratios first: they travel between machines. */
export function describe({ where, work, connections, broker, echo }: Measured): string[] {
  const mid = (samples: readonly Sample[], field: keyof Sample): number => median(samples.map((sample) => sample[field]));
  const costs = broker.map(({ cpuMicrosPerRequest }, round) => cpuMicrosPerRequest / echo[round].cpuMicrosPerRequest);
  const cost = median(costs);
  const { target } = work;
  const p50 = mid(broker, 'p50');
  const failed = broker.reduce((sum, sample) => sum + sample.failed, 0);
  return [
    `${work.name}, ${connections} connections, ${where}`,
    line('cost', `${cost.toFixed(2)} x echo`, `${mid(broker, 'cpuMicrosPerRequest').toFixed(0)} us against ${mid(echo, 'cpuMicrosPerRequest').toFixed(0)} us`, verdict(cost, target.cost)),
    line('rate', `${(mid(broker, 'perSecond') / mid(echo, 'perSecond')).toFixed(2)} x echo`, `${mid(broker, 'perSecond').toFixed(0)}/s against ${mid(echo, 'perSecond').toFixed(0)}/s`),
    line('p50', `${p50.toFixed(2)} ms`, `echo ${mid(echo, 'p50').toFixed(2)} ms`, target.p50 === undefined || connections > 10 ? '' : verdict(p50, target.p50)),
    line('p99', `${mid(broker, 'p99').toFixed(2)} ms`, `echo ${mid(echo, 'p99').toFixed(2)} ms`),
    ...(failed > 0 ? [`  ${failed} requests failed: the figures above are not to be relied on`] : []),
  ];
}

export function describeProcess(where: string, rest: Usage, end: Usage, readyMs: number): string[] {
  const mib = (bytes: number): number => bytes / 1024 / 1024;
  return [
    `broker process, ${where}`,
    line('memory', `${mib(rest.rssBytes).toFixed(0)} MiB`, 'at rest', verdict(mib(rest.rssBytes), TARGET_MIB.rest)),
    line('', `${mib(end.peakBytes).toFixed(0)} MiB`, 'peak', verdict(mib(end.peakBytes), TARGET_MIB.peak)),
    line('start', `${readyMs.toFixed(0)} ms`, 'to ready, with 2,000 runs to read', verdict(readyMs, TARGET_START_MS)),
  ];
}

function line(title: string, value: string, beside: string, judged = ''): string {
  return `  ${title.padEnd(12)} ${value.padEnd(16)} ${beside.padEnd(36)} ${judged}`.trimEnd();
}

function verdict(value: number, target: number): string {
  return `target ${target}: ${value <= target ? 'reached' : 'missed'}`;
}
