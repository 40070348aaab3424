import fc from 'fast-check';
import { AuditUnavailableError, GroupCommit } from '../../../../../sidecar/src/broker/audit/log/group-commit';
import { gate, HandTimers, until } from '../support';

const LIMITS = { batchBytes: 10, maxWaiting: 5, maxWaitMs: 100 };

/** A committer over a disk that the test answers for. */
function disk(limits: Partial<typeof LIMITS> = {}) {
  const timers = new HandTimers();
  const batches: { items: readonly string[]; answer: ReturnType<typeof gate> }[] = [];
  let now = 0;
  const commits = new GroupCommit<string, string>({
    commit: (items) => {
      const answer = gate();
      batches.push({ items, answer });
      return answer.opened.then(() => items.map((item) => `done ${item}`));
    },
    sizeOf: (item) => item.length,
    limits: { ...LIMITS, ...limits },
    monotonic: () => now,
    after: timers.after,
  });
  return { commits, batches, timers, pass: (ms: number) => now += ms };
}

test('the first writer of an idle disk goes at once, without a timer', async () => {
  const { commits, batches } = disk();
  const write = commits.add('a');
  await until(() => batches.length === 1);
  batches[0].answer.open();
  await write;
});

test('writers that come while a batch is under way share the next', async () => {
  const { commits, batches } = disk();
  const writes = [commits.add('a')];
  await until(() => batches.length === 1);
  writes.push(commits.add('b'), commits.add('c'));
  batches[0].answer.open();
  await until(() => batches.length === 2);
  batches[1].answer.open();
  await Promise.all(writes);
  expect(batches.map(({ items }) => items)).toEqual([['a'], ['b', 'c']]);
});

test('each writer is told what became of its own item', async () => {
  const { commits, batches } = disk();
  const writes = ['a', 'b'].map((item) => commits.add(item));
  await until(() => batches.length === 1);
  batches[0].answer.open();
  expect(await Promise.all(writes)).toEqual(['done a', 'done b']);
});

test('a batch ends where its bytes would be too many; an item beyond that goes alone', async () => {
  const { commits, batches } = disk();
  const writes = ['x'.repeat(30), 'a'.repeat(6), 'b'.repeat(4), 'c'].map((item) => commits.add(item));
  for (let index = 0; index < 3; index++) {
    await until(() => batches.length > index);
    batches[index].answer.open();
  }
  await Promise.all(writes);
  expect(batches.map(({ items }) => items.map((item) => item[0]).join(''))).toEqual(['x', 'ab', 'c']);
});

test('drained waits for all that came before, and not when there is nothing', async () => {
  const { commits, batches } = disk();
  await commits.drained();
  const write = commits.add('a');
  const drained = commits.drained();
  await until(() => batches.length === 1);
  batches[0].answer.open();
  await drained;
  await write;
});

test('whoever has given up changes nothing of what the others of the batch are told', async () => {
  const { commits, batches, timers, pass } = disk({ maxWaitMs: 200 });
  void commits.add('0');
  await until(() => batches.length === 1);
  const late = expect(commits.add('a')).rejects.toThrow();
  pass(150);
  const write = commits.add('b');
  batches[0].answer.open();
  await until(() => batches.length === 2);
  pass(50);
  timers.fire(200);
  await late;
  batches[1].answer.open();
  await expect(write).resolves.toBe('done b');
});

test('a poke on an idle disk commits nothing, which is a look at it', async () => {
  const { commits, batches } = disk();
  commits.poke();
  await until(() => batches.length === 1);
  expect(batches[0].items).toEqual([]);
  batches[0].answer.open();
});

test('a disk that answers late is used again', async () => {
  const { commits, batches, timers, pass } = disk();
  const late = expect(commits.add('a')).rejects.toThrow();
  await until(() => batches.length === 1);
  pass(100);
  timers.fire(100);
  await late;
  batches[0].answer.open();
  await until(() => !commits.isStalled());
  const write = commits.add('b');
  await until(() => batches.length === 2);
  batches[1].answer.open();
  await expect(write).resolves.toBe('done b');
});

describe('a writer is rejected', () => {
  test('when its batch fails; the next batch is tried on its own', async () => {
    const { commits, batches } = disk();
    const failed = expect(commits.add('a')).rejects.toThrow('EIO');
    await until(() => batches.length === 1);
    const next = commits.add('b');
    batches[0].answer.fail(new Error('EIO'));
    await failed;
    await until(() => batches.length === 2);
    batches[1].answer.open();
    await expect(next).resolves.toBe('done b');
  });

  test('when too many wait already', async () => {
    const { commits } = disk();
    for (let index = 0; index < LIMITS.maxWaiting; index++) void commits.add('a');
    const refused = commits.add('one too many');
    await expect(refused).rejects.toBeInstanceOf(AuditUnavailableError);
    await expect(refused).rejects.toThrow('5 audit records are waiting for the disk');
  });

  test('when it has waited too long, in the batch as in the queue, and from the queue it is not written later', async () => {
    const { commits, batches, timers, pass } = disk();
    const inBatch = expect(commits.add('a')).rejects.toThrow('did not answer within 100 ms');
    await until(() => batches.length === 1);
    const queued = expect(commits.add('b')).rejects.toThrow('did not answer within 100 ms');
    pass(100);
    timers.fire(100);
    await Promise.all([inBatch, queued]);
    batches[0].answer.open();
    await commits.drained();
    expect(batches).toHaveLength(1);
  });

  test('at once when the disk does not answer', async () => {
    const { commits, batches, pass } = disk();
    void commits.add('a').catch(() => undefined);
    await until(() => batches.length === 1);
    pass(100);
    expect(commits.isStalled()).toBe(true);
    await expect(commits.add('b')).rejects.toThrow('did not answer within 100 ms');
  });

  test('not before its own time: one that came later still waits', async () => {
    const { commits, batches, timers, pass } = disk();
    const first = expect(commits.add('a')).rejects.toThrow();
    await until(() => batches.length === 1);
    pass(60);
    const second = commits.add('b');
    pass(40);
    timers.fire(100);
    await first;
    expect(timers.delays).toEqual([60]);
    batches[0].answer.open();
    await until(() => batches.length === 2);
    batches[1].answer.open();
    await expect(second).resolves.toBe('done b');
  });
});

type Step = { readonly do: 'add' } | { readonly do: 'sync' } | { readonly do: 'fail' } | { readonly do: 'wait'; readonly ms: number };

test('model: whatever the disk does, each writer is answered once, in order, and resolved only by its own sync', async () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.constant<Step>({ do: 'add' }) },
    { weight: 3, arbitrary: fc.constant<Step>({ do: 'sync' }) },
    fc.constant<Step>({ do: 'fail' }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(10, 60, 100) }),
  );
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
    const { commits, batches, timers, pass } = disk();
    const answers: { item: string; ok: boolean }[] = [];
    const added: string[] = [];
    const synced = new Set<string>();
    let answered = 0;
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    const settle = (ok: boolean): void => {
      if (answered === batches.length) return;
      const { items, answer } = batches[answered++];
      if (ok) items.forEach((item) => synced.add(item));
      if (ok) answer.open();
      else answer.fail(new Error('EIO'));
    };
    for (const one of steps) {
      if (one.do === 'add') {
        const item = `i${added.length}`;
        added.push(item);
        void commits.add(item).then(() => answers.push({ item, ok: true }), () => answers.push({ item, ok: false }));
      } else if (one.do === 'wait') {
        pass(one.ms);
        for (const delay of new Set(timers.delays)) timers.fire(delay);
      } else {
        settle(one.do === 'sync');
      }
      await turn();
      expect(batches.length - answered).toBeLessThanOrEqual(1);
    }
    for (; answered < batches.length; await turn()) settle(true);
    expect(answers.map(({ item }) => item).sort()).toEqual([...added].sort());
    expect(answers.filter(({ ok }) => ok).every(({ item }) => synced.has(item))).toBe(true);
    const resolved = answers.filter(({ ok }) => ok).map(({ item }) => Number(item.slice(1)));
    expect(resolved).toEqual([...resolved].sort((a, b) => a - b));
    expect(new Set(batches.flatMap(({ items }) => items)).size).toBe(batches.flatMap(({ items }) => items).length);
    expect(commits.isStalled()).toBe(false);
  }), { numRuns: 200 });
});
