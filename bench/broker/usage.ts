import { ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** What a server has used since its start. */
export interface Usage {
  readonly cpuMicros: number;
  readonly rssBytes: number;
  readonly peakBytes: number;
}

const HAS_PROC = existsSync('/proc/self/stat');
const MICROS_PER_TICK = HAS_PROC ? 1_000_000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })) : 0;

/** What a process and its descendants have used; where there is no /proc, the process is asked for itself. */
export async function usageOf(child: ChildProcess): Promise<Usage> {
  if (HAS_PROC) return sum(treeOf(child.pid!).map(usageInProc));
  child.send('usage');
  const [usage] = await once(child, 'message') as [Usage];
  return usage;
}

function sum(usages: readonly Usage[]): Usage {
  const total = (field: keyof Usage): number => usages.reduce((all, usage) => all + usage[field], 0);
  return { cpuMicros: total('cpuMicros'), rssBytes: total('rssBytes'), peakBytes: total('peakBytes') };
}

/** The process and its descendants. */
function treeOf(pid: number): number[] {
  const parents = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((name) => ({ pid: Number(name), parent: Number(statOf(Number(name))[1]) }));
  const tree = [pid];
  for (const one of tree) tree.push(...parents.filter(({ parent }) => parent === one).map((child) => child.pid));
  return tree;
}

function usageInProc(pid: number): Usage {
  // Times of the process and of the children it has waited for: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
  const ticks = statOf(pid).slice(11, 15).reduce((all, value) => all + Number(value), 0);
  return { cpuMicros: ticks * MICROS_PER_TICK, rssBytes: kilobytes(pid, 'VmRSS') * 1024, peakBytes: kilobytes(pid, 'VmHWM') * 1024 };
}

/** The fields behind the name of the program, which may itself hold blanks; empty when the process is gone. */
function statOf(pid: number): string[] {
  const text = read(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function kilobytes(pid: number, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
