/** Does the work for each item, a few at the same time, until one answers that no other is to begin. What has begun is waited for. */
export async function fewAtOnce<Item>(items: readonly Item[], atOnce: number, work: (item: Item) => Promise<'go on' | 'stop'>): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (await work(next) === 'stop') waiting.length = 0;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
