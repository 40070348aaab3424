/** What a command makes of its time, as a multiple of the usual. On a busy machine it may not even have begun in that: then it gets more. */
export async function inTime<T>(run: (factor: number) => Promise<T>, hasBegun: (result: T) => boolean): Promise<T> {
  const result = await run(1);
  if (hasBegun(result)) return result;
  const again = await run(4);
  return hasBegun(again) ? again : run(16);
}
