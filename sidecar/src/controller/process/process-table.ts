import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Rounds of looking before processes that keep appearing are left alone, and milliseconds between two. */
const ROUNDS = 64;
const PAUSE = 5;

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html, after pid and name */
const STARTED_FIELD = 19;

/**
 * Which processes have their home in a folder or beneath it. Sessions cannot change HOME, so their commands have it
 * from their daemon; only a command that clears its own environment is not found.
 */
export async function processesAt(folder: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map(async (pid) => hasHomeIn(folder, await textOf(`/proc/${pid}/environ`)) ? [Number(pid)] : []));
  return found.flat();
}

function hasHomeIn(folder: string, environ: string): boolean {
  return environ.split('\0').some((entry) => entry === `HOME=${folder}` || entry.startsWith(`HOME=${folder}/`));
}

/** Kills all processes that have their home in the folder or beneath it, and waits until they are gone. */
export async function endProcessesAt(folder: string): Promise<void> {
  const stopped = new Set<number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const found = await processesAt(folder);
    if (found.length === 0) return;
    const fresh = found.filter((pid) => !stopped.has(pid));
    for (const pid of fresh) {
      stopped.add(pid);
      signal(pid, 'SIGSTOP');
    }
    // A stopped process has no more children, so none is lost when its parent dies.
    if (fresh.length === 0) found.forEach((pid) => signal(pid, 'SIGKILL'));
    await sleep(PAUSE);
  }
  throw new Error(`processes with their home in ${folder} do not end`);
}

/** Names a process for ever, also across restarts of the machine; undefined when there is no such process. */
export async function identityOf(pid: number): Promise<string | undefined> {
  const stat = await textOf(`/proc/${pid}/stat`);
  // The name of the program comes second, in brackets, and may hold any character.
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[STARTED_FIELD];
  return started === undefined ? undefined : `${pid} ${started} ${(await textOf('/proc/sys/kernel/random/boot_id')).trim()}`;
}

/** Empty for a process that has gone, or that may not be looked into. */
function textOf(path: string): Promise<string> {
  return readFile(path, 'latin1').catch(() => '');
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself in the meantime.
  }
}
