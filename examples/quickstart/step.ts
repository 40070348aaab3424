/** Runs a step and prints what came of it and how long it took. */
export async function step<T>(what: string, run: () => Promise<T>, shown: (result: T) => string): Promise<T> {
  const start = performance.now();
  const result = await run();
  console.log(`  ${`${(performance.now() - start).toFixed(0)} ms`.padStart(7)}  ${what.padEnd(40)} ${shown(result)}`.trimEnd());
  return result;
}
