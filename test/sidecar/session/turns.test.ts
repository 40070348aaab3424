import fc from 'fast-check';
import { Release, TurnGivenUp, Turns } from '../../../sidecar/src/session/turns';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('places are taken at once while there are some, then in turn', async () => {
  const turns = new Turns(2, 10);
  const entered: number[] = [];
  const releases: Release[] = [];
  for (const who of [1, 2, 3, 4]) {
    void turns.take(1)!.then((release) => {
      entered.push(who);
      releases.push(release);
    });
  }
  await settled();
  expect(entered).toEqual([1, 2]);
  releases[1]();
  await settled();
  expect(entered).toEqual([1, 2, 3]);
});

test('who needs many places is not overtaken by those that need few', async () => {
  const turns = new Turns(3, 10);
  const one = await turns.take(1)!;
  const entered: string[] = [];
  void turns.take(3)!.then(() => entered.push('many'));
  void turns.take(1)!.then(() => entered.push('few'));
  await settled();
  expect(entered).toEqual([]);
  one();
  await settled();
  expect(entered).toEqual(['many']);
});

test('a place is given back once', async () => {
  const turns = new Turns(1, 10);
  const release = await turns.take(1)!;
  release();
  release();
  await turns.take(1);
  const entered = jest.fn();
  void turns.take(1)!.then(entered);
  await settled();
  expect(entered).not.toHaveBeenCalled();
});

test('more than may wait are sent away', async () => {
  const turns = new Turns(1, 1);
  await turns.take(1);
  expect(turns.take(1)).toBeDefined();
  expect(turns.take(1)).toBeUndefined();
});

test('who goes away makes room for those behind', async () => {
  const turns = new Turns(2, 10);
  await turns.take(1);
  const gone = new AbortController();
  const waiting = turns.take(2, gone.signal)!;
  const behind = turns.take(1)!;
  gone.abort();
  await expect(waiting).rejects.toThrow(TurnGivenUp);
  await expect(behind).resolves.toBeDefined();
});

test('who has gone already does not wait', async () => {
  const turns = new Turns(0, 10);
  await expect(turns.take(1, AbortSignal.abort())).rejects.toThrow(TurnGivenUp);
});

test('no more places are taken than there are, and all come back, in any order of things', async () => {
  const step = fc.oneof(fc.record({ take: fc.integer({ min: 1, max: 4 }) }), fc.record({ release: fc.nat() }), fc.record({ abort: fc.nat() }));
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
    const turns = new Turns(4, 5);
    const inside = new Map<number, { places: number; release: Release }>();
    const asked: AbortController[] = [];
    for (const [at, one] of steps.entries()) {
      if ('take' in one) {
        const gone = new AbortController();
        asked.push(gone);
        turns.take(one.take, gone.signal)?.then((release) => inside.set(at, { places: one.take, release }), () => undefined);
      } else if ('release' in one) {
        const [key] = [...inside.keys()].slice(one.release % Math.max(1, inside.size));
        inside.get(key)?.release();
        inside.delete(key);
      } else {
        asked[one.abort % Math.max(1, asked.length)]?.abort();
      }
      await settled();
      expect([...inside.values()].reduce((sum, { places }) => sum + places, 0)).toBeLessThanOrEqual(4);
    }
    asked.forEach((gone) => gone.abort());
    // Who goes away lets others in.
    await settled();
    inside.forEach(({ release }) => release());
    await settled();
    await expect(turns.take(4)).resolves.toBeDefined();
  }), { numRuns: 300 });
});
