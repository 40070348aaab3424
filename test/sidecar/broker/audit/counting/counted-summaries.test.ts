import * as fc from 'fast-check';
import { block, countedWorld, isSummary, MINUTE, START } from './counted-world';
import type { AuditRecord } from '../../../../../sidecar/src/broker/audit/audit-event';
import { gate } from '../support';

const RETRY = 5_000;

test('a summary is written when the window is over, though nobody asks any more', async () => {
  const { time, state, ask } = countedWorld();
  await ask(3, {}, 'same.example');
  await time.pass(20_000);
  await ask(497, {}, 'same.example');
  await time.pass(MINUTE - 20_001);
  expect(state.written).toHaveLength(3);
  await time.pass(1);
  expect(state.written[3]).toEqual({
    decision: 'denied',
    kind: 'egress-block-summary',
    namespace: 'team-a',
    run: 'r1',
    reason: 'too many decisions of this kind to record each',
    count: 497,
    windowStart: '2026-05-04T09:00:00.000Z',
    windowEnd: '2026-05-04T09:00:20.000Z',
    sampleDestinations: [{ host: 'same.example', port: 443 }],
  });
});

test('each run has its own window', async () => {
  const { time, ask, summaries } = countedWorld();
  await ask(9, {}, 'a.example');
  await time.pass(1000);
  await ask(8, { run: 'r2' }, 'a.example');
  await time.pass(MINUTE - 1000);
  expect(summaries().map(({ run, count }) => [run, count])).toEqual([['r1', 6]]);
  await time.pass(1000);
  expect(summaries().map(({ run, count }) => [run, count])).toEqual([['r1', 6], ['r2', 5]]);
});

test('a summary of what was allowed keeps its kind, and shows some of the destinations', async () => {
  const { state, counted, ask } = countedWorld();
  await ask(9, { kind: 'egress-allow', decision: 'granted', caller: 'team-a/r1-collector' }, 'a.example');
  await counted.close();
  expect(state.written.at(-1)).toMatchObject({ decision: 'granted', kind: 'egress-allow', count: 6, caller: 'team-a/r1-collector' });
  expect(state.written.at(-1)?.sampleDestinations).toEqual([{ host: 'a.example', port: 443 }]);
});

test('after a clock was set back, a window does not end before it began', async () => {
  const { time, counted, ask, summaries } = countedWorld();
  await ask(3, {}, 'a.example');
  time.now -= 60 * MINUTE;
  await ask(1, {}, 'a.example');
  await counted.close();
  expect(summaries()).toEqual([expect.objectContaining({ windowStart: '2026-05-04T09:00:00.000Z', windowEnd: '2026-05-04T09:00:00.000Z' })]);
});

test.each([['the window is over', MINUTE], ['the broker stops', 0]])('nothing was counted: nothing is summarized when %s', async (_when, wait) => {
  const { time, counted, state, ask } = countedWorld();
  await ask(3);
  await time.pass(wait);
  await counted.close();
  expect([state.written.length, time.waiting]).toEqual([3, 0]);
});

describe('a summary that cannot be written', () => {
  test('is told of and tried again until it is, with its own window', async () => {
    const { time, state, ask, summaries } = countedWorld();
    await ask(9, {}, 'a.example');
    state.fails = true;
    await time.pass(MINUTE + 2 * RETRY);
    expect([summaries(), state.errors]).toEqual([[], Array(3).fill('the disk is full')]);
    state.fails = false;
    await time.pass(RETRY);
    expect(summaries()).toEqual([expect.objectContaining({ count: 6, windowStart: '2026-05-04T09:00:00.000Z', windowEnd: '2026-05-04T09:00:00.000Z' })]);
    expect(time.waiting).toBe(0);
  });

  test('keeps its count when the run has a new window meanwhile', async () => {
    const { time, log, counted, ask, summaries } = countedWorld();
    await ask(9, {}, 'a.example');
    const { opened, fail } = gate();
    const { write } = log;
    log.write = (record) => isSummary(record) ? opened.then(() => '') : write(record);
    await time.pass(MINUTE);
    await ask(5, {}, 'a.example');
    fail(new Error('slow'));
    await time.pass(0);
    log.write = write;
    await counted.close();
    expect(summaries().map(({ count }) => count).sort()).toEqual([4, 6]);
  });

  test('keeps no other run from being answered, nor its summary from being written', async () => {
    const { time, log, state, ask, summaries } = countedWorld();
    const { write } = log;
    log.write = (record) => isSummary(record) && record.run === 'r1' ? Promise.reject(new Error('too long')) : write(record);
    await ask(9, {}, 'a.example');
    await ask(9, { run: 'r2' }, 'a.example');
    await time.pass(MINUTE);
    await ask(1, { run: 'r3' }, 'a.example');
    expect(summaries().map(({ run }) => run)).toEqual(['r2']);
    expect(state.written.at(-1)).toMatchObject({ run: 'r3' });
  });

  test('is tried once more at the end, which says when it is lost, and comes to an end', async () => {
    const { time, state, counted, ask } = countedWorld();
    await ask(9, {}, 'a.example');
    await ask(9, { run: 'r2' }, 'a.example');
    state.fails = true;
    await time.pass(MINUTE);
    await expect(counted.close()).rejects.toThrow('2 records could not be written');
    expect([state.errors.length, time.waiting]).toEqual([4, 0]);
  });
});

type Step =
  | { readonly what: 'ask'; readonly run: string; readonly host: string }
  | { readonly what: 'pass'; readonly ms: number }
  | { readonly what: 'set the clock'; readonly by: number }
  | { readonly what: 'the disk answers'; readonly which: number; readonly well: boolean };

const STEP: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ what: fc.constant('ask' as const), run: fc.constantFrom('r1', 'r2'), host: fc.constantFrom('a.example', 'b.example') }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('pass' as const), ms: fc.constantFrom(1000, RETRY, MINUTE) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('set the clock' as const), by: fc.integer({ min: -MINUTE, max: MINUTE }) }) },
  { weight: 5, arbitrary: fc.record({ what: fc.constant('the disk answers' as const), which: fc.nat({ max: 2 }), well: fc.boolean() }) },
);

test('whatever fails and in whatever order, every decision that was answered is in one record or one count', async () => {
  await fc.assert(fc.asyncProperty(fc.array(STEP, { maxLength: 120, size: 'max' }), async (steps) => {
    const { time, log, counted } = countedWorld(1);
    const written: AuditRecord[] = [];
    const disk: ((well: boolean) => void)[] = [];
    log.write = (record) => new Promise((resolve, reject) => disk.push((well) => {
      if (!well) return reject(new Error('injected'));
      resolve(`audit-${written.push(record)}`);
    }));
    const answers: Promise<boolean>[] = [];
    for (const step of steps) {
      if (step.what === 'ask') answers.push(counted.write(block(step.host, { run: step.run })).then(() => true, () => false));
      if (step.what === 'pass') await time.pass(step.ms);
      if (step.what === 'set the clock') time.now += step.by;
      if (step.what === 'the disk answers') disk.splice(step.which, 1)[0]?.(step.well);
      await time.pass(0);
    }
    const answerAll = async (): Promise<void> => {
      for (let answer = disk.shift(); answer !== undefined; answer = disk.shift()) answer(true);
      await time.pass(0);
    };
    await answerAll();
    const closed = counted.close();
    await answerAll();
    await closed;
    const answered = (await Promise.all(answers)).filter((well) => well).length;
    expect(written.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(answered);
    expect(written.filter(isSummary).every(({ windowStart, windowEnd }) => windowStart! <= windowEnd!)).toBe(true);
  }), { numRuns: 200 });
});

test('a window is a minute, so a summary never speaks of more', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.nat({ max: 30_000 }), { maxLength: 60, size: 'max' }), async (waits) => {
    const { time, counted, ask, summaries } = countedWorld(1);
    for (const wait of waits) {
      await ask(1, {}, 'a.example');
      await time.pass(wait);
    }
    await time.pass(MINUTE);
    await counted.close();
    const spans = summaries().map(({ windowStart, windowEnd }) => Date.parse(windowEnd!) - Date.parse(windowStart!));
    expect(spans.every((span) => span >= 0 && span <= MINUTE)).toBe(true);
    expect(summaries().every(({ windowStart }) => Date.parse(windowStart!) >= START)).toBe(true);
  }), { numRuns: 50 });
});
