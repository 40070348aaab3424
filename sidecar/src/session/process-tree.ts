import { readdirSync, readFileSync } from 'node:fs';

/** A process, as /proc tells it. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  /** Ticks from boot to its start: with the pid, it names one process for ever. */
  readonly started: string;
  /** Whether it has ended and only waits to be reaped. */
  readonly dead: boolean;
}

/** Where a tree begins. */
export interface TreeRoot {
  /** @default - it has been reaped */
  readonly pid?: number;
  readonly session: number;
  /** `NAME=value` in the environment of all that descends from it, unless a process has cleared it. */
  readonly mark: string;
}

/** What a look at /proc gives. */
export interface ProcessTable {
  readonly rows: readonly ProcessRow[];
  hasMark(pid: number, mark: string): boolean;
}

/** Rounds of looking again before processes that keep appearing are left to the next signal. */
const ROUNDS = 64;

/** A process with all that descends from it: of its session, with its mark, seen before, or children of such. */
export class ProcessTree {
  private readonly seen = new Map<string, ProcessRow>();

  constructor(
    private readonly look: () => ProcessTable = readProcesses,
    private readonly kill: (pid: number, signal: NodeJS.Signals) => void = killIfThere,
  ) {}

  signal(root: TreeRoot, signal: NodeJS.Signals): void {
    if (signal === 'SIGKILL') this.killAll(root);
    else this.signalAll(root, signal, false);
  }

  /**
   * What is to be killed is stopped first, until nothing new appears: a stopped process has no more children, and a
   * child whose parent dies before it was seen would be lost.
   */
  private killAll(root: TreeRoot): void {
    let killed = false;
    for (let round = 0; round < ROUNDS; round += 1) {
      const fresh = this.signalAll(root, 'SIGSTOP', round > 0) > 0 || round === 0;
      if (!fresh && killed) return;
      if (!fresh) this.signalAll(root, 'SIGKILL', false);
      killed = !fresh;
    }
    this.signalAll(root, 'SIGKILL', false);
  }

  /** Signals the processes, or those of them that were not seen before, and says how many are new. */
  private signalAll(root: TreeRoot, signal: NodeJS.Signals, onlyNew: boolean): number {
    const targets = membersOf(this.look(), root, this.seen).filter(({ dead }) => !dead);
    const fresh = targets.filter((row) => !this.seen.has(keyOf(row)));
    for (const row of fresh) this.seen.set(keyOf(row), row);
    for (const { pid } of onlyNew ? fresh : targets) this.kill(pid, signal);
    return fresh.length;
  }
}

function keyOf({ pid, started }: ProcessRow): string {
  return `${pid}@${started}`;
}

/** Those of a table that belong to a tree. A session outlives its leader, so it counts by the number of a leader that was seen. */
export function membersOf(table: ProcessTable, root: TreeRoot, seen: ReadonlyMap<string, ProcessRow>): readonly ProcessRow[] {
  const sessions = new Set([root.session, ...[...seen.values()].map(({ pid }) => pid)]);
  const inside = new Set<number>();
  for (const row of table.rows) {
    const belongs = row.pid === root.pid || sessions.has(row.session) || seen.has(keyOf(row)) || table.hasMark(row.pid, root.mark);
    if (belongs) inside.add(row.pid);
  }
  for (let before = -1; before !== inside.size;) {
    before = inside.size;
    for (const { pid, parent } of table.rows) if (inside.has(parent)) inside.add(pid);
  }
  return table.rows.filter(({ pid }) => inside.has(pid));
}

function killIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself in the meantime, or is not ours to signal.
  }
}

/** The processes of this machine or container. */
export function readProcesses(): ProcessTable {
  const rows = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => rowOf(Number(pid), readText(`/proc/${pid}/stat`)) ?? []);
  const hasMark = (pid: number, mark: string): boolean => readText(`/proc/${pid}/environ`).split('\0').includes(mark);
  return { rows, hasMark };
}

/** The name of the program comes second, in brackets, and may hold any character. */
export function rowOf(pid: number, stat: string): ProcessRow | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields.length < 20) return undefined;
  return { pid, parent: Number(fields[1]), session: Number(fields[3]), started: fields[19], dead: fields[0] === 'Z' || fields[0] === 'X' };
}

/** Empty for a process that has gone, or that may not be looked into. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
