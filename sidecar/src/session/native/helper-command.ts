import { constants } from 'node:os';
import { errorName, signalName } from './errno';
import type { HelperConnection, HelperGone, ReplyTarget } from './helper-connection';
import { creditFrame, emptyFrame, INPUT_WINDOW, inputFrame, REPLY, Reply, REQUEST, signalFrame, spawnFrame } from './protocol';
import { InputSink, pumpInput } from '../input-pump';
import { OutputDelivery } from '../output-delivery';
import { After, Command, CommandEnd, CommandNotStarted, OUTPUT_WINDOW, PIPE_GRACE_MS, RunningCommand } from '../processes';

/** A command that the helper runs. */
export class HelperCommand implements RunningCommand, ReplyTarget, InputSink {
  readonly ended: Promise<CommandEnd>;
  private id = -1;
  private over = false;
  private awaitsKill = false;
  private error: unknown;
  private resolve!: (end: CommandEnd) => void;
  private reject!: (error: unknown) => void;
  private readonly deliveries: readonly [OutputDelivery, OutputDelivery];
  private readonly untold: [number, number] = [0, 0];
  private inputWindow = INPUT_WINDOW;
  private inputOpen = true;
  private wakeInput: (() => void) | undefined;

  constructor(private readonly connection: HelperConnection, private readonly command: Command, private readonly timer: After) {
    this.ended = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    const deliver = (stream: 0 | 1): OutputDelivery => new OutputDelivery(
      stream === 0 ? 'stdout' : 'stderr', command.onOutput, (bytes) => this.giveCredit(stream, bytes), (error) => this.abort(error),
    );
    this.deliveries = [deliver(0), deliver(1)];
  }

  /** False when the helper has no place for one more. */
  start(): boolean {
    const id = this.connection.commands.take(this);
    if (id === undefined) return false;
    this.id = id;
    const { argv, env, directory, input, maxOutput } = this.command;
    this.connection.send(spawnFrame(id, {
      argv, env, directory: directory.fd, window: OUTPUT_WINDOW, drainMs: PIPE_GRACE_MS, input: input !== undefined, cap: maxOutput,
    }));
    if (input !== undefined) pumpInput(input, this).catch((error: unknown) => this.abort(error));
    return true;
  }

  terminate(graceMs: number): void {
    if (this.over || this.awaitsKill) return;
    this.awaitsKill = true;
    this.send('SIGTERM');
    this.timer(graceMs, () => {
      // Killed before, because of an error, it has given its id away.
      if (this.awaitsKill) this.kill();
    });
  }

  reply({ type, payload }: Reply): void {
    switch (type) {
      case REPLY.STDOUT: return this.deliveries[0].deliver(payload);
      case REPLY.STDERR: return this.deliveries[1].deliver(payload);
      case REPLY.INPUT_CREDIT: return this.moreInput(payload.readUInt32LE(0));
      case REPLY.INPUT_CLOSED: return this.closeInput();
      case REPLY.EXITED: {
        const end = endOf(payload);
        return this.finish(() => this.resolve(end));
      }
      case REPLY.NOT_STARTED: {
        const error = new CommandNotStarted(errorName(payload.readUInt32LE(0)), this.command.argv[0]);
        return this.finish(() => this.reject(error));
      }
      default: throw new Error(`the helper sent a reply of type ${type}`);
    }
  }

  gone(error: HelperGone): void {
    this.over = true;
    this.closeInput();
    this.reject(error);
  }

  async write(bytes: Uint8Array): Promise<boolean> {
    for (let at = 0; at < bytes.length && this.inputOpen;) {
      if (this.inputWindow === 0) {
        await new Promise<void>((resolve) => {
          this.wakeInput = resolve;
        });
        continue;
      }
      const part = bytes.subarray(at, at + this.inputWindow);
      this.inputWindow -= part.length;
      at += part.length;
      this.connection.send(inputFrame(this.id, part));
    }
    return this.inputOpen;
  }

  end(): void {
    if (this.inputOpen) this.connection.send(emptyFrame(REQUEST.INPUT_END, this.id));
  }

  private moreInput(bytes: number): void {
    this.inputWindow += bytes;
    this.wakeInput?.();
  }

  private closeInput(): void {
    this.inputOpen = false;
    this.wakeInput?.();
  }

  /** Told in halves of the window, so that a command that says little costs no message. */
  private giveCredit(stream: 0 | 1, bytes: number): void {
    this.untold[stream] += bytes;
    if (this.over || this.untold[stream] < OUTPUT_WINDOW / 2) return;
    this.connection.send(creditFrame(this.id, stream, this.untold[stream]));
    this.untold[stream] = 0;
  }

  /** Ends the command because of an error on this side; what it says until then is not delivered. */
  private abort(error: unknown): void {
    if (this.over) return;
    this.error ??= { error };
    this.kill();
  }

  private kill(): void {
    this.send('SIGKILL');
    // Only now may another command have the id.
    if (this.over && this.awaitsKill) this.connection.commands.release(this.id);
    this.awaitsKill = false;
  }

  private send(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.connection.send(signalFrame(this.id, constants.signals[signal]));
  }

  private finish(settle: () => void): void {
    this.over = true;
    this.closeInput();
    if (!this.awaitsKill) this.connection.commands.release(this.id);
    Promise.all(this.deliveries.map((delivery) => delivery.idle())).then(() => {
      if (this.error === undefined) settle();
      else this.reject((this.error as { error: unknown }).error);
    }, this.reject);
  }
}

function endOf(payload: Buffer): CommandEnd {
  const number = (at: number): number => Number(payload.readBigUInt64LE(at));
  const value = payload.readUInt32LE(1);
  return {
    ...(payload[0] === 1 ? { signal: signalName(value) } : { code: value }),
    dropped: { stdout: number(5), stderr: number(13) },
    usage: { userMicroseconds: number(21), systemMicroseconds: number(29), maxResidentBytes: number(37) },
  };
}
