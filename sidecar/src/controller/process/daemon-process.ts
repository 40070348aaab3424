import { ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { DaemonCommand } from './daemon-command';
import { after, After } from '../../server/time/timers';

/** Milliseconds that a daemon may take from its start until it listens. */
const READY_WITHIN = 20_000;

/** Milliseconds from SIGTERM to SIGKILL. */
const GRACE = 5_000;

/** Characters of its last words that are told. */
const LONGEST_SHOWN = 300;

/** A session daemon that listens on a port of its own on loopback. */
export class DaemonProcess {
  /** Rejects with the daemon's last words when it ends before it listens, or takes too long. */
  static async start({ file, args, env }: DaemonCommand, timer: After = after): Promise<DaemonProcess> {
    // A group of its own: Ctrl-C at the controller's terminal is for the controller to act on.
    const child = spawn(file, args, { cwd: '/', env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const cancel = timer(READY_WITHIN, () => child.kill('SIGKILL'));
    try {
      const port = await portOf(child);
      // Nobody reads what it logs from now on, and it must not wait for that.
      child.stdout.resume();
      return new DaemonProcess(child, port, ended, timer);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    } finally {
      cancel();
    }
  }

  private constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    readonly port: number,
    /** Resolves when the process has ended. */
    readonly ended: Promise<void>,
    private readonly timer: After,
  ) {}

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Whether its port takes connections; that of a daemon under its helper closes before the process ends. */
  listens(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1');
      const answer = (listens: boolean): void => {
        socket.destroy();
        resolve(listens);
      };
      socket.once('connect', () => answer(true)).once('error', () => answer(false));
    });
  }

  /** Resolves when the process is gone, at its own pace or at last by force. */
  async end(): Promise<void> {
    if (!this.alive) return;
    this.child.kill('SIGTERM');
    const cancel = this.timer(GRACE, () => this.child.kill('SIGKILL'));
    await this.ended;
    cancel();
  }
}

/** The port of the session API, from the line by which every role says that it listens. */
async function portOf(child: ChildProcessWithoutNullStreams): Promise<number> {
  const words: string[] = [];
  const heard = (text: string): void => {
    words.splice(0, words.length, text.slice(-LONGEST_SHOWN));
  };
  // A program that is not there is told by this event alone.
  child.once('error', (error) => heard(error.message));
  child.stdin.on('error', () => undefined);
  child.stderr.setEncoding('utf8').on('data', heard);
  for await (const line of createInterface({ input: child.stdout })) {
    const port = readyPort(line);
    // The reader of lines pauses what it has read from once it is left.
    if (port !== undefined) return port;
    heard(line);
  }
  throw new Error(`the session daemon ended before it listened: ${words[0]?.trim() ?? 'without a word'}`);
}

function readyPort(line: string): number | undefined {
  if (!line.startsWith('{')) return undefined;
  const { msg, listen } = JSON.parse(line) as { readonly msg?: string; readonly listen?: { readonly session?: string } };
  const port = Number(/:(\d+)$/.exec(listen?.session ?? '')?.[1]);
  return msg === 'ready' && port > 0 ? port : undefined;
}
