/** Runs something later, once; the answer cancels it. Injected, so that tests say when time passes. */
export type After = (ms: number, run: () => void) => () => void;

/** The timers of the machine. They keep no process alive. */
export const after: After = (ms, run) => {
  const timer = setTimeout(run, ms);
  timer.unref();
  return () => clearTimeout(timer);
};
