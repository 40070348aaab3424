import { ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { pumpInput } from './input-pump';
import { NodeCommandOutput } from './node-output';
import { ProcessTree } from './process-tree';
import { After, after, Command, CommandEnd, CommandNotStarted, PIPE_GRACE_MS, Processes, RunningCommand, whyImpossible } from './processes';

/** By this variable a command's descendants are known that have left its session and lost their parents. */
const MARK = 'AGENT_PLATFORM_COMMAND';

/**
 * Starts commands by `node:child_process`, which copies the memory map of the daemon for each of them. In place of
 * being told by the kernel, descendants that leave session and parents are known by a variable in their environment.
 * Commands outlive a daemon that is killed, unless it is process 1 of its container.
 */
export class NodeProcesses implements Processes {
  readonly means = 'node';

  constructor(private readonly timer: After = after) {}

  spawn(command: Command): RunningCommand {
    const { argv, env, directory, input } = command;
    const reason = whyImpossible(command);
    if (reason !== undefined) return refused(reason, argv[0]);
    const mark = randomUUID();
    try {
      const child = spawn(argv[0], argv.slice(1), {
        cwd: directory.path,
        env: { ...env, [MARK]: mark },
        detached: true,
        stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      });
      return new NodeCommand(child, command, `${MARK}=${mark}`, this.timer);
    } catch (error) {
      // Some reasons of the system are thrown, others are told by an event.
      return refused((error as NodeJS.ErrnoException).code ?? 'EIO', argv[0]);
    }
  }
}

function refused(code: string, program: string): RunningCommand {
  return { ended: Promise.reject(new CommandNotStarted(code, program)), terminate: () => undefined };
}

class NodeCommand implements RunningCommand {
  readonly ended: Promise<CommandEnd>;
  private readonly tree = new ProcessTree();
  private readonly failure: { error?: unknown; failed: boolean } = { failed: false };
  private over = false;
  private terminated = false;

  constructor(private readonly child: ChildProcess, command: Command, private readonly mark: string, private readonly timer: After) {
    const outputs = (['stdout', 'stderr'] as const).map((source) => (
      new NodeCommandOutput(child[source]!, source, command.maxOutput, command.onOutput, (error) => this.abort(error))
    ));
    this.ended = this.run(outputs, command.argv[0]).finally(() => {
      this.over = true;
    });
    if (command.input !== undefined) this.feed(command.input);
  }

  terminate(graceMs: number): void {
    if (this.over || this.terminated) return;
    this.terminated = true;
    this.signal('SIGTERM');
    this.timer(graceMs, () => this.signal('SIGKILL'));
  }

  private signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    const { pid, exitCode, signalCode } = this.child;
    if (pid === undefined) return;
    const reaped = exitCode !== null || signalCode !== null;
    this.tree.signal({ pid: reaped ? undefined : pid, session: pid, mark: this.mark }, signal);
  }

  private async run([stdout, stderr]: readonly NodeCommandOutput[], program: string): Promise<CommandEnd> {
    const exit = await new Promise<Pick<CommandEnd, 'code' | 'signal'>>((resolve, reject) => {
      this.child.once('error', (error: NodeJS.ErrnoException) => reject(new CommandNotStarted(error.code ?? 'EIO', program)));
      this.child.once('exit', (code, signal) => resolve(signal === null ? { code: code! } : { signal }));
    });
    this.child.stdin?.destroy();
    const grace = new Promise<void>((resolve) => setTimeout(resolve, PIPE_GRACE_MS).unref());
    await Promise.all([stdout.finish(grace), stderr.finish(grace)]);
    if (this.failure.failed) throw this.failure.error;
    return { ...exit, dropped: { stdout: stdout.dropped, stderr: stderr.dropped } };
  }

  private feed(input: NonNullable<Command['input']>): void {
    const stdin = this.child.stdin!;
    let open = true;
    const closed = new Promise<void>((resolve) => stdin.once('close', () => {
      open = false;
      resolve();
    }));
    // A command need not read all of its input.
    stdin.on('error', () => undefined);
    const write = async (bytes: Uint8Array): Promise<boolean> => {
      if (open && !stdin.write(bytes)) await Promise.race([new Promise((resolve) => stdin.once('drain', resolve)), closed]);
      return open;
    };
    pumpInput(input, { write, end: () => stdin.end() }).catch((error: unknown) => this.abort(error));
  }

  private abort(error: unknown): void {
    if (this.over || this.failure.failed) return;
    Object.assign(this.failure, { error, failed: true });
    this.signal('SIGKILL');
  }
}
