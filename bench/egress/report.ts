import type { IdleMemory } from './idle';
import { EgressSample, part } from './load';
import type { Work } from './works';
import { median, Sample } from '../broker/load';
import type { Usage } from '../broker/usage';

/** The samples of one work, round by round. */
export interface Measured {
  readonly work: Work;
  /** With the real broker, whose time is told apart. */
  readonly egress: readonly EgressSample[];
  /** With a broker that takes no time; only where the broker is asked for each request. */
  readonly alone: readonly EgressSample[];
  readonly bare: readonly EgressSample[];
  /** None for works that move bytes. */
  readonly echo: readonly Sample[];
}

/** Milliseconds of requests with pauses between them, by the way they took. */
export interface CalmTimes {
  readonly straight: readonly number[];
  readonly bare: readonly number[];
  readonly egress: readonly number[];
}

/** Ratios first: they travel between machines. */
export function describe({ work: { name, connections, mib, target }, egress, alone, bare, echo }: Measured): string[] {
  const unit = mib === undefined ? '' : ' MiB';
  const perSecond = (samples: readonly Sample[]): string => `${(mid(samples, 'perSecond') * (mib ?? 1)).toFixed(0)}${unit}/s`;
  const micros = (samples: readonly Sample[]): string => `${(mid(samples, 'cpuMicrosPerRequest') / (mib ?? 1)).toFixed(0)} us${mib === undefined ? '' : ' for each MiB'}`;
  const failed = [...egress, ...alone, ...bare].reduce((sum, sample) => sum + sample.failed, 0);
  const withBroker = egress.map((sample) => ({ ...sample, cpuMicrosPerRequest: sample.cpuMicrosPerRequest + sample.besideMicrosPerRequest }));
  const isEchoed = echo.length > 0;
  const cost = isEchoed ? against(egress, echo) : 0;
  return [
    `${name}, ${connections} ${connections === 1 ? 'connection' : 'connections'}`,
    ...(isEchoed ? [line('cost', `${cost.toFixed(2)} x echo`, `${micros(egress)} against ${micros(echo)}`, verdict(cost, target))] : []),
    ...(alone.length > 0 ? [
      line('', `${against(withBroker, echo).toFixed(2)} x echo`, `with the time of its broker, ${micros(withBroker)}`),
      line('', `${against(alone, echo).toFixed(2)} x echo`, `with a broker that takes no time, ${micros(alone)}`),
    ] : []),
    line(isEchoed ? '' : 'cost', `${against(egress, bare).toFixed(2)} x bare`, `the bare proxy ${micros(bare)}${isEchoed ? `, ${against(bare, echo).toFixed(2)} x echo` : `, egress ${micros(egress)}`}`),
    line('rate', `${(mid(egress, 'perSecond') / mid(bare, 'perSecond')).toFixed(2)} x bare`, `${perSecond(egress)} against ${perSecond(bare)}${alone.length > 0 ? `; ${perSecond(alone)} with a broker that takes no time` : ''}`),
    ...(mib === undefined ? [line('p50, p99', `${mid(egress, 'p50').toFixed(2)}, ${mid(egress, 'p99').toFixed(1)} ms`, `bare ${mid(bare, 'p50').toFixed(2)}, ${mid(bare, 'p99').toFixed(1)} ms`)] : []),
    ...(failed > 0 ? [`  ${failed} connections failed: the figures above are not to be relied on`] : []),
  ];
}

export function describeCalm({ straight, bare, egress }: CalmTimes): string[] {
  const sorted = [straight, bare, egress].map((times) => [...times].sort((a, b) => a - b));
  const told = (share: number): string[] => {
    const [none, some, all] = sorted.map((times) => part(times, share));
    return [`${((all - none) / (some - none)).toFixed(2)} x bare`, `adds ${(all - none).toFixed(2)} ms to ${none.toFixed(2)} ms, the bare proxy ${(some - none).toFixed(2)} ms`];
  };
  const [p50, p99] = [told(0.5), told(0.99)];
  return ['added latency of a GET in a tunnel, one at a time with pauses', line('p50', p50[0], p50[1]), line('p99', p99[0], p99[1])];
}

export function describeIdle(egress: IdleMemory, bare: IdleMemory): string[] {
  const told = (name: string, field: keyof IdleMemory): string => (
    line(name, `${(egress[field] / bare[field]).toFixed(2)} x bare`, `${mebibytes(egress[field])} against ${mebibytes(bare[field])}`));
  return ['memory of 1,000 idle connections', told('not read', 'tunnels'), told('read', 'tls')];
}

export function describeProcess(name: string, rest: Usage, end: Usage, readyMs: number): string[] {
  return [name, line('memory', mebibytes(rest.rssBytes), `at rest, ${mebibytes(end.peakBytes)} peak`), line('start', `${readyMs.toFixed(0)} ms`, 'to ready')];
}

function against(some: readonly Sample[], others: readonly Sample[]): number {
  return median(some.map(({ cpuMicrosPerRequest }, round) => cpuMicrosPerRequest / others[round].cpuMicrosPerRequest));
}

function mid(samples: readonly Sample[], field: keyof Sample): number {
  return median(samples.map((sample) => sample[field]));
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
}

function verdict(cost: number, target: number | undefined): string {
  return target === undefined ? '' : `target ${target}: ${cost <= target ? 'reached' : 'missed'}`;
}

function line(title: string, value: string, beside: string, judged = ''): string {
  return `  ${title.padEnd(12)} ${value.padEnd(18)} ${beside.padEnd(60)} ${judged}`.trimEnd();
}
