import type { ClaimTimes } from './claims';
import type { StoreRate } from './store-works';
import type { Work } from './works';
import { median, Sample } from '../broker/load';
import type { Usage } from '../broker/usage';

/** The samples of one work, round by round, and of the two it is measured beside. */
export interface Measured {
  readonly work: Work;
  readonly gateway: readonly Sample[];
  /** What only passes through. */
  readonly bare: readonly Sample[];
  readonly echo: readonly Sample[];
}

/** Ratios first: they travel between machines. */
export function describe({ work, gateway, bare, echo }: Measured): string[] {
  const mid = (samples: readonly Sample[], field: keyof Sample): number => median(samples.map((sample) => sample[field]));
  const against = (some: readonly Sample[], others: readonly Sample[]): number => (
    median(some.map(({ cpuMicrosPerRequest }, round) => cpuMicrosPerRequest / others[round].cpuMicrosPerRequest)));
  const cost = against(gateway, echo);
  const micros = (samples: readonly Sample[]): string => `${mid(samples, 'cpuMicrosPerRequest').toFixed(0)} us`;
  const perSecond = (samples: readonly Sample[]): string => `${mid(samples, 'perSecond').toFixed(0)}/s`;
  const failed = gateway.reduce((sum, sample) => sum + sample.failed, 0);
  return [
    `${work.name}, ${work.connections} connections`,
    line('cost', `${cost.toFixed(2)} x echo`, `${micros(gateway)} against ${micros(echo)}`, `target ${work.target}: ${cost <= work.target ? 'reached' : 'missed'}`),
    line('', `${against(gateway, bare).toFixed(2)} x bare`, `the bare pass-through is ${against(bare, echo).toFixed(2)} x echo`),
    line('rate', `${(mid(gateway, 'perSecond') / mid(bare, 'perSecond')).toFixed(2)} x bare`, `${perSecond(gateway)} against ${perSecond(bare)}, echo ${perSecond(echo)}`),
    line('p50, p99', `${mid(gateway, 'p50').toFixed(2)}, ${mid(gateway, 'p99').toFixed(1)} ms`, `bare ${mid(bare, 'p50').toFixed(2)}, ${mid(bare, 'p99').toFixed(1)} ms`),
    ...(failed > 0 ? [`  ${failed} requests failed: the figures above are not to be relied on`] : []),
  ];
}

export function describeClaims(times: readonly ClaimTimes[]): string[] {
  const mid = (field: keyof ClaimTimes): number => median(times.map((one) => one[field]));
  const worst = Math.max(...times.map(({ firstByte }) => firstByte));
  return [
    `claim of a warm process, ${times.length} sessions one after the other`,
    line('first byte', `${(mid('firstByte') / mid('next')).toFixed(1)} x a command`, `${mid('firstByte').toFixed(1)} ms at the median, ${worst.toFixed(1)} ms at worst`),
    line('create', `${mid('create').toFixed(1)} ms`, `a command in a session ${mid('next').toFixed(1)} ms`),
  ];
}

/** In units of a round trip that does nothing. */
export function describeStore([ping, ...rates]: readonly StoreRate[]): string[] {
  const shown = ({ name, perSecond }: StoreRate): string => (
    line(name, `${(ping.perSecond / perSecond).toFixed(1)} x ping`, `${perSecond.toFixed(0)}/s against ${ping.perSecond.toFixed(0)}/s`));
  return ['store, 50 operations at a time; touch and list one, told by session', ...rates.map(shown)];
}

export function describeProcess(name: string, rest: Usage, end: Usage, readyMs: number): string[] {
  const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
  return [name, line('memory', mib(rest.rssBytes), `at rest, ${mib(end.peakBytes)} peak`), line('start', `${readyMs.toFixed(0)} ms`, 'to ready')];
}

function line(title: string, value: string, beside: string, verdict = ''): string {
  return `  ${title.padEnd(20)} ${value.padEnd(18)} ${beside.padEnd(50)} ${verdict}`.trimEnd();
}
