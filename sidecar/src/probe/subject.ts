import type { Answer } from './listeners';
import type { Time } from './measure';
import { PROBE_MEASURE_SECONDS } from '../../../src/protocol/limits';
import { PORTS } from '../../../src/protocol/ports';
import type { ProbeConfig, ProbeResult } from '../../../src/protocol/probe';

/** What a subject needs of the world. */
export interface SubjectDeps {
  readonly config: ProbeConfig;
  readonly listen: (ports: readonly number[], answer: Answer) => Promise<{ close(): void }>;
  /** Tries all connections, given the address of the control. */
  readonly measure: (control: string) => Promise<ProbeResult>;
  readonly time: Time;
}

/**
 * Stands in for an endpoint: listens, waits until the control has seen everybody, tries its
 * connections, and stays for those who try theirs until the control is done.
 */
export async function runSubject({ config, listen, measure, time }: SubjectDeps): Promise<ProbeResult> {
  const begun = signal<{ readonly run: string; readonly control: string }>();
  const ended = signal<void>();
  let result: ProbeResult | undefined;
  const listeners = await listen(config.listen, ({ say, run, control }, { address, port }) => {
    const known = { as: config.self, seen: address };
    if (port !== PORTS.probe) return known;
    if (say === 'go' && run !== undefined && control !== undefined) begun.give({ run, control });
    if (say === 'stop') ended.give();
    return { ...known, run: begun.value?.run, ...(say === 'result' ? { result } : {}) };
  });
  try {
    // The control may have started last, and then still waits as long as it does for everybody.
    await Promise.race([begun.given, ended.given, time.sleep(2 * config.startSeconds * 1000)]);
    if (begun.value === undefined) return untold(config.self, 'the control did not say that everybody is there');
    result = await measure(begun.value.control);
    await Promise.race([ended.given, time.sleep(PROBE_MEASURE_SECONDS * 1000)]);
    return result;
  } finally {
    listeners.close();
  }
}

/** A result that says only why there is none. */
export function untold(self: string, ...reasons: readonly string[]): ProbeResult {
  return { self, tried: 0, wrong: [], unpromised: [], untold: reasons };
}

/** Something that is said once; who says it again is not heard. */
function signal<T>(): { readonly given: Promise<void>; readonly value: T | undefined; give(value: T): void } {
  let resolve: () => void;
  let first: { readonly value: T } | undefined;
  return {
    given: new Promise<void>((done) => { resolve = done; }),
    give(value) {
      first ??= { value };
      resolve();
    },
    get value() {
      return first?.value;
    },
  };
}
