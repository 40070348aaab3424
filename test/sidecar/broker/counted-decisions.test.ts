import * as fc from 'fast-check';
import type { AuditRecord } from '../../../sidecar/src/broker/audit-event';
import { countedDecisions } from '../../../sidecar/src/broker/counted-decisions';
import { Limiter } from '../../../sidecar/src/server/limiter';

const MINUTE = 60_000;
const START = Date.UTC(2026, 4, 4, 9);

function block(host: string, more: Partial<AuditRecord> = {}): AuditRecord {
  return { decision: 'denied', kind: 'egress-block', namespace: 'team-a', run: 'r1', destination: { host, port: 443 }, reason: 'no grant', ...more };
}

function world(burst = 2) {
  const state = { now: START, fails: false, written: [] as AuditRecord[] };
  const audit = {
    write: async (record: AuditRecord) => {
      if (state.fails) throw new Error('the disk is full');
      state.written.push(record);
      return `audit-${state.written.length}`;
    },
    unready: () => (state.fails ? 'the disk is full' : undefined),
    close: async () => {},
  };
  const clock = () => state.now;
  const counted = countedDecisions(audit, new Limiter({ perSecond: 0.001, burst, maxKeys: 100, clock }), clock);
  const ask = async (count: number, more: Partial<AuditRecord> = {}, host?: string) => {
    for (let i = 0; i < count; i += 1) await counted.write(block(host ?? `h${i}.example`, more));
  };
  return { state, counted, ask };
}

test('each decision is recorded while the bucket lasts', async () => {
  const { state, ask } = world(5);
  await ask(5);
  expect(state.written.map(({ destination }) => destination?.host)).toEqual(['h0.example', 'h1.example', 'h2.example', 'h3.example', 'h4.example']);
});

test('beyond it one more is recorded, the rest of what it asks for is counted, and one summary says how many they were', async () => {
  const { state, ask } = world();
  await ask(2);
  await ask(998, {}, 'same.example');
  expect(state.written).toHaveLength(3);
  state.now += MINUTE;
  await ask(1);
  expect(state.written).toHaveLength(5);
  expect(state.written[3]).toEqual({
    decision: 'denied',
    kind: 'egress-block-summary',
    namespace: 'team-a',
    run: 'r1',
    reason: 'too many decisions of this kind to record each',
    count: 997,
    windowStart: '2026-05-04T09:00:00.000Z',
    windowEnd: '2026-05-04T09:01:00.000Z',
    sampleDestinations: [{ host: 'same.example', port: 443 }],
  });
});

test('what is counted is told by the record of its destination in the same window', async () => {
  const { state, counted, ask } = world();
  await ask(2);
  const ids = [await counted.write(block('a.example')), await counted.write(block('b.example')), await counted.write(block('a.example'))];
  expect(ids).toEqual(['audit-3', 'audit-4', 'audit-3']);
  state.now += MINUTE;
  expect(await counted.write(block('a.example'))).not.toBe('audit-3');
});

describe('a destination that the window has no record of', () => {
  test('is recorded like any other, so that no number of decoys hides it', async () => {
    const { state, ask } = world();
    await ask(600);
    await ask(3, { kind: 'egress-discovery-allow', decision: 'granted' }, 'exfil.example');
    await ask(1, {}, 'exfil.example');
    await ask(1, { destination: { host: 'exfil.example', port: 8443 } });
    expect(state.written).toHaveLength(605);
    expect(state.written.at(-1)).toMatchObject({ destination: { host: 'exfil.example', port: 8443 } });
  });

  test('is refused when there is no room for it, until the window is over', async () => {
    const { state, ask } = world();
    await ask(1002);
    await expect(ask(1, {}, 'exfil.example')).rejects.toMatchObject({ code: 'RateLimited', headers: { 'retry-after': '60' } });
    await ask(1, {}, 'h500.example');
    expect(state.written).toHaveLength(1002);
    state.now += MINUTE;
    await ask(1, {}, 'exfil.example');
    expect(state.written.at(-1)?.destination?.host).toBe('exfil.example');
  });

  test('is not counted as long as it could not be recorded', async () => {
    const { state, ask } = world();
    await ask(3);
    state.fails = true;
    await expect(ask(1, {}, 'late.example')).rejects.toThrow('full');
    state.fails = false;
    await ask(1, {}, 'late.example');
    expect(state.written.at(-1)?.destination?.host).toBe('late.example');
  });
});

test('the decisions of another run, and those of another kind, are not counted with them', async () => {
  const { state, ask } = world();
  await ask(50, {}, 'a.example');
  await ask(1, { run: 'r2' });
  await ask(1, { namespace: 'team-b' });
  await ask(1, { kind: 'egress-allow', decision: 'granted' });
  expect(state.written).toHaveLength(6);
});

test('a summary of what was allowed keeps its kind, and shows some of the destinations', async () => {
  const { state, counted, ask } = world();
  await ask(9, { kind: 'egress-allow', decision: 'granted', caller: 'team-a/r1-collector' }, 'a.example');
  await counted.flush();
  expect(state.written.at(-1)).toMatchObject({ decision: 'granted', kind: 'egress-allow', count: 6, caller: 'team-a/r1-collector' });
  expect(state.written.at(-1)?.sampleDestinations).toEqual([{ host: 'a.example', port: 443 }]);
});

test('any request closes the windows of all runs that are over', async () => {
  const { state, ask } = world();
  await ask(9, {}, 'a.example');
  state.now += MINUTE;
  await ask(1, { run: 'r2' });
  expect(state.written.filter(({ kind }) => kind === 'egress-block-summary')).toHaveLength(1);
});

test('a summary that cannot be written refuses the request, and is written later', async () => {
  const { state, counted, ask } = world();
  await ask(9, {}, 'a.example');
  state.now += MINUTE;
  state.fails = true;
  await expect(ask(1)).rejects.toThrow('full');
  expect(counted.unready()).toBe('the disk is full');
  state.fails = false;
  await ask(1);
  expect(state.written.filter(({ kind }) => kind === 'egress-block-summary')).toEqual([expect.objectContaining({ count: 6 })]);
});

test('a clock that was set back ends the windows', async () => {
  const { state, ask } = world();
  await ask(9, {}, 'a.example');
  state.now -= 60 * MINUTE;
  await ask(1);
  expect(state.written.at(-2)).toMatchObject({ kind: 'egress-block-summary', windowStart: '2026-05-04T09:00:00.000Z', windowEnd: '2026-05-04T09:00:00.000Z' });
});

test('nothing was suppressed: nothing is summarized', async () => {
  const { state, counted, ask } = world();
  await ask(3);
  await counted.flush();
  expect(state.written).toHaveLength(3);
});

test('whatever is asked, every decision is in a record or in a count', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.record({ run: fc.constantFrom('r1', 'r2', 'r3'), wait: fc.nat({ max: 30_000 }) }), { maxLength: 200 }), async (asked) => {
    const { state, counted } = world(1);
    for (const { run, wait } of asked) {
      state.now += wait;
      await counted.write(block('a.example', { run }));
    }
    await counted.flush();
    const total = state.written.reduce((sum, { count = 1 }) => sum + count, 0);
    return total === asked.length;
  }), { numRuns: 50 });
});
