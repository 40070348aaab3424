/** Runs something later, once; the answer cancels it. Injected, so that tests say when time passes. */
export type After = (ms: number, run: () => void) => () => void;

/** The timers of the machine. They keep no process alive. */
export const after: After = (ms, run) => {
  const timer = setTimeout(run, ms);
  timer.unref();
  return () => clearTimeout(timer);
};

/**
 * Runs something when nothing has cancelled it for so many milliseconds; the answer does. What the kernel has by then is
 * heard before: after a pause of the process its timers are run first.
 * https://nodejs.org/en/learn/asynchronous-work/event-loop-timers-and-nexttick
 */
export function whenSilent(ms: number, run: () => void): () => void {
  let heard: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => { heard = setImmediate(run); }, ms);
  return () => {
    clearTimeout(timer);
    clearImmediate(heard);
  };
}
