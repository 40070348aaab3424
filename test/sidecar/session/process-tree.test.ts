import * as fc from 'fast-check';
import { membersOf, ProcessRow, ProcessTree, rowOf } from '../../../sidecar/src/session/process-tree';

const MARK = 'M=1';

/** Processes by `pid: [parent, session]`, with the marked ones. */
function world(rows: Readonly<Record<number, readonly [number, number]>>, marked: readonly number[] = []) {
  const list = Object.entries(rows).map(([pid, [parent, session]]): ProcessRow => ({ pid: Number(pid), parent, session, started: '5', dead: false }));
  return { rows: list, hasMark: (pid: number) => marked.includes(pid) };
}

const ROOT = { pid: 10, session: 10, mark: MARK };

function members(table: ReturnType<typeof world>, root: Parameters<typeof membersOf>[1] = ROOT, seen: readonly ProcessRow[] = []): number[] {
  return membersOf(table, root, new Map(seen.map((row) => [`${row.pid}@${row.started}`, row]))).map(({ pid }) => pid);
}

test.each([
  ['the process itself', { 10: [1, 10] }, [], [10]],
  ['children and theirs, in any order of numbers', { 10: [1, 10], 5: [20, 20], 20: [10, 20] }, [], [5, 10, 20]],
  ['orphans of its session', { 10: [1, 10], 20: [1, 10] }, [], [10, 20]],
  ['orphans of another session that bear the mark, with their children', { 10: [1, 10], 20: [1, 20], 21: [20, 20] }, [20], [10, 20, 21]],
] as const)('to a tree belong %s', (_, rows, marked, expected) => {
  expect(members(world(rows, marked))).toEqual(expected);
});

test.each([
  ['a sibling', { 10: [1, 10], 20: [1, 20] }],
  ['the parent', { 1: [0, 1], 10: [1, 10] }],
] as const)('to a tree does not belong %s', (_, rows) => {
  expect(members(world(rows))).toEqual([10]);
});

test('the number of a process that has been reaped is not taken for it', () => {
  expect(members(world({ 10: [1, 99], 20: [1, 10] }), { session: 10, mark: MARK })).toEqual([20]);
});

test('what was seen stays inside when its parents are gone, and with it its session', () => {
  const seen = [{ pid: 20, parent: 10, session: 20, started: '5', dead: false }];
  expect(members(world({ 20: [1, 20], 30: [1, 20] }), { session: 10, mark: MARK }, seen)).toEqual([20, 30]);
});

test('a process that has the number of one that was seen, but started later, is another', () => {
  const seen = [{ pid: 20, parent: 10, session: 20, started: '4', dead: false }];
  expect(members(world({ 20: [1, 7] }), { session: 10, mark: MARK }, seen)).toEqual([]);
});

test.each([
  ['a plain name', '10 (sh) S 1 10 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 9', false],
  ['a name with brackets and spaces', '10 (a) S 1 (b) c) Z 1 10 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 9', true],
])('reads the line of a process with %s', (_, stat, dead) => {
  expect(rowOf(10, stat)).toEqual({ pid: 10, parent: 1, session: 7, started: '4242', dead });
});

test.each(['', '10 (sh) S 1 10'])('a line that is cut is no process: %j', (stat) => {
  expect(rowOf(10, stat)).toBeUndefined();
});

test('SIGTERM goes once to each', () => {
  const sent: string[] = [];
  new ProcessTree(() => world({ 10: [1, 10], 20: [10, 20] }), (pid, signal) => sent.push(`${signal} ${pid}`)).signal(ROOT, 'SIGTERM');
  expect(sent).toEqual(['SIGTERM 10', 'SIGTERM 20']);
});

test('what has ended already is left alone', () => {
  const table = world({ 10: [1, 10] });
  const sent: string[] = [];
  new ProcessTree(() => ({ ...table, rows: table.rows.map((row) => ({ ...row, dead: true })) }), (_, signal) => sent.push(signal)).signal(ROOT, 'SIGKILL');
  expect(sent).toEqual([]);
});

test('however processes fork until they are stopped, all are stopped before the first is killed, and none is left', () => {
  fc.assert(fc.property(fc.array(fc.nat(5), { maxLength: 30 }), (forks) => {
    const living = new Map<number, { parent: number; stopped: boolean }>([[10, { parent: 1, stopped: false }]]);
    const left = [...forks];
    let next = 100;
    let killed = false;
    const look = () => {
      const rows = [...living].map(([pid, { parent }]): ProcessRow => ({ pid, parent, session: pid, started: '1', dead: false }));
      // After it was looked at, and before it is stopped.
      for (const [pid, { stopped }] of [...living]) {
        for (let i = stopped ? 0 : left.shift() ?? 0; i > 0; i -= 1) living.set(next++, { parent: pid, stopped: false });
      }
      return { rows, hasMark: () => false };
    };
    const kill = (pid: number, signal: NodeJS.Signals): void => {
      const one = living.get(pid)!;
      if (signal === 'SIGSTOP') {one.stopped = true;} else {
        if (!killed) expect([...living.values()].every(({ stopped }) => stopped)).toBe(true);
        killed = true;
        living.delete(pid);
        for (const child of living.values()) if (child.parent === pid) child.parent = 1;
      }
    };
    new ProcessTree(look, kill).signal(ROOT, 'SIGKILL');
    expect(living.size).toBe(0);
  }));
});
