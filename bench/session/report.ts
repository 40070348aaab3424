import { LARGE_MIB, Transfer } from './large-files';
import type { Work } from './works';
import { median, Sample } from '../broker/load';
import type { Usage } from '../broker/usage';

/** The samples of one work and its echo, round by round. */
export interface Measured {
  readonly work: Work;
  readonly daemon: readonly Sample[];
  readonly echo: readonly Sample[];
}

const TARGETS = { restMib: 55, peakMib: 90, startMs: 90, healthMs: 3 };

/** Ratios first: they travel between machines. */
export function describe({ work, daemon, echo }: Measured): string[] {
  const mid = (samples: readonly Sample[], field: keyof Sample): number => median(samples.map((sample) => sample[field]));
  const cost = median(daemon.map(({ cpuMicrosPerRequest }, round) => cpuMicrosPerRequest / echo[round].cpuMicrosPerRequest));
  const failed = daemon.reduce((sum, sample) => sum + sample.failed, 0);
  return [
    `${work.name}, ${work.connections} ${work.connections === 1 ? 'connection' : 'connections'}`,
    line('cost', `${cost.toFixed(1)} x echo`, `${mid(daemon, 'cpuMicrosPerRequest').toFixed(0)} us against ${mid(echo, 'cpuMicrosPerRequest').toFixed(0)} us`, judged(cost, work.target)),
    line('rate', `${(mid(daemon, 'perSecond') / mid(echo, 'perSecond')).toFixed(3)} x echo`, `${mid(daemon, 'perSecond').toFixed(0)}/s against ${mid(echo, 'perSecond').toFixed(0)}/s`),
    line('p50, p99', `${mid(daemon, 'p50').toFixed(2)}, ${mid(daemon, 'p99').toFixed(1)} ms`, `echo ${mid(echo, 'p50').toFixed(2)}, ${mid(echo, 'p99').toFixed(1)} ms`),
    ...(failed > 0 ? [`  ${failed} requests failed: the figures above are not to be relied on`] : []),
  ];
}

export function describeTransfers(name: string, transfers: readonly Transfer[], echoMicros: number): string {
  const cpu = median(transfers.map(({ cpuMicrosPerMib }) => cpuMicrosPerMib));
  const rate = median(transfers.map(({ mibPerSecond }) => mibPerSecond));
  return line(name, `${(cpu / echoMicros).toFixed(1)} x echo`, `per MiB of ${LARGE_MIB}: ${cpu.toFixed(0)} us, ${rate.toFixed(0)} MiB/s`);
}

export function describeProcess(rest: Usage, end: Usage, startsMs: readonly number[], health: readonly number[]): string[] {
  const mib = (bytes: number): number => bytes / 1024 / 1024;
  const p99 = health[Math.floor(health.length * 0.99)];
  return [
    'daemon and helper',
    line('memory', `${mib(rest.rssBytes).toFixed(0)} MiB`, 'at rest', judged(mib(rest.rssBytes), TARGETS.restMib)),
    line('', `${mib(end.peakBytes).toFixed(0)} MiB`, 'peak', judged(mib(end.peakBytes), TARGETS.peakMib)),
    line('start', `${median(startsMs).toFixed(0)} ms`, `to the first answer, median of ${startsMs.length}`, judged(median(startsMs), TARGETS.startMs)),
    line('health', `${p99.toFixed(2)} ms`, `p99 of ${health.length} while ten commands start`, judged(p99, TARGETS.healthMs)),
  ];
}

function line(title: string, value: string, beside: string, verdict = ''): string {
  return `  ${title.padEnd(16)} ${value.padEnd(18)} ${beside.padEnd(44)} ${verdict}`.trimEnd();
}

function judged(value: number, target: number | undefined): string {
  return target === undefined ? '' : `target ${target}: ${value <= target ? 'reached' : 'missed'}`;
}
