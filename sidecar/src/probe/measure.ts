import type { Dial, Dialed } from './dial';
import type { Target } from './target';
import { PROBE_SETTLE_SECONDS } from '../../../src/protocol/limits';
import type { ProbeOutcome, ProbeResult } from '../../../src/protocol/probe';

/** Time as a pod of the probe knows it, in milliseconds. */
export interface Time {
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

/** Milliseconds between two attempts. */
const PAUSE = 2000;

/** A denial has to be seen this often in a row: while a network still sets up a pod, nothing gets through. */
const DENIALS = 3;

/** Attempts at the same time. */
const PARALLEL = 128;

/**
 * Tries every target until it is as expected, or until policies have had the time to settle.
 * What is then seen last is what counts.
 */
export async function measure(self: string, targets: readonly Target[], ownIps: readonly string[], dial: Dial, time: Time): Promise<ProbeResult> {
  const found: Found[] = [];
  const waiting = [...targets.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, target] = next;
      found[index] = judged(target, await settled(target, dial, time), ownIps);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  const outcomes = found.flatMap(({ outcome }) => outcome ?? []);
  const told = outcomes.flatMap(({ keepsAddress }) => keepsAddress ?? []);
  return {
    self,
    tried: targets.length,
    wrong: outcomes.filter(({ expect, open }) => expect !== 'unpromised' && open !== (expect === 'allow')),
    unpromised: outcomes.filter(({ expect, open }) => expect === 'unpromised' && open),
    ...(told.length === 0 ? {} : { keepsAddresses: told.every(Boolean) }),
    untold: found.flatMap(({ untold }) => untold ?? []),
  };
}

interface Found {
  readonly outcome?: ProbeOutcome;
  readonly untold?: string;
}

async function settled(target: Target, dial: Dial, time: Time): Promise<Dialed> {
  const wanted = target.expect === 'allow';
  const end = time.now() + PROBE_SETTLE_SECONDS * 1000;
  for (let asWanted = 0; ;) {
    const dialed = await dial(target, target.listener ? { say: 'hello' } : undefined);
    asWanted = dialed.open === wanted ? asWanted + 1 : 0;
    // What has begun to be denied when the time is over has to stay denied as often as before.
    if (asWanted >= (wanted ? 1 : DENIALS) || (asWanted === 0 && time.now() + PAUSE > end)) return dialed;
    await time.sleep(PAUSE);
  }
}

function judged({ to, at, port, protocol, expect, rows, listener }: Target, { open, because, reply }: Dialed, ownIps: readonly string[]): Found {
  const name = `${to}, ${at} ${protocol} ${port}`;
  if (open === undefined) return { untold: `${name}: ${because}` };
  if (expect === 'allow' && open && listener && reply?.as !== to) return { untold: `${name}: ${because}` };
  const keepsAddress = reply === undefined ? undefined : ownIps.includes(reply.seen);
  return { outcome: { to, at, port, protocol, expect, rows, open, because, ...(keepsAddress === undefined ? {} : { keepsAddress }) } };
}
