import type { Dial, Dialed } from '../../../sidecar/src/probe/dial';
import type { Time } from '../../../sidecar/src/probe/measure';
import type { Target } from '../../../sidecar/src/probe/target';
import type { ProbeResult } from '../../../src/protocol/probe';

/** Time that passes only while somebody sleeps. */
export function steppingTime(): Time & { readonly slept: number } {
  let now = 0;
  return {
    now: () => now,
    sleep: async (milliseconds) => { now += milliseconds; },
    get slept() { return now; },
  };
}

/** Time in which sleepers sleep for ever, until told that it is over. */
export function patientTime(): Time & { wake(): void } {
  let wake = (): void => {};
  const woken = new Promise<void>((resolve) => { wake = resolve; });
  return { now: () => 0, sleep: () => woken, wake };
}

export const OPEN: Dialed = { open: true, because: 'it accepts connections' };
export const SHUT: Dialed = { open: false, because: 'no answer within 2 s' };
export const answers = (as: string, seen = '10.0.0.1'): Dialed => ({ open: true, because: `${as} answers`, reply: { as, seen } });

/** Dials that end as listed, the last one for ever; and how many there were. */
export function scripted(...script: readonly Dialed[]): Dial & { readonly count: () => number } {
  let count = 0;
  const dial: Dial = async () => script[Math.min(count++, script.length - 1)];
  return Object.assign(dial, { count: () => count });
}

export const target = (changed: Partial<Target> = {}): Target => (
  { to: 'broker in system', at: '10.96.0.200', port: 8443, protocol: 'TCP', expect: 'deny', rows: [], listener: false, ...changed }
);

export const result = (changed: Partial<ProbeResult> = {}): ProbeResult => (
  { self: 'session python in team-a', tried: 5, wrong: [], unpromised: [], untold: [], ...changed }
);
