import { randomUUID } from 'node:crypto';
import { daemonCommand, DaemonProgram } from './daemon-command';
import { DaemonProcess } from './daemon-process';
import { endProcessesAt } from './process-table';
import type { Workspaces } from './workspaces';

export interface WorkerSettings {
  readonly daemon: DaemonProgram;
  readonly trustDir: string;
  readonly workspaces: Workspaces;
}

/** A session daemon with a workspace of its own: what a pod is in a cluster. */
export class ProcessWorker {
  /** Rejects when the daemon does not start; then nothing of the worker is left. */
  static async start(settings: WorkerSettings): Promise<ProcessWorker> {
    const podUid = randomUUID();
    const workspace = await settings.workspaces.create(podUid);
    try {
      const command = daemonCommand(settings.daemon, { workspace, podUid, trustDir: settings.trustDir });
      const start = () => DaemonProcess.start(command);
      return new ProcessWorker(podUid, workspace, await start(), start, settings.workspaces);
    } catch (error) {
      await settings.workspaces.remove(podUid);
      throw error;
    }
  }

  /** Whether its end was begun; it never comes back. */
  isEnding = false;
  private restarting: Promise<void> | undefined;
  private ending: Promise<void> | undefined;

  private constructor(
    readonly podUid: string,
    private readonly workspace: string,
    private daemon: DaemonProcess,
    private readonly start: () => Promise<DaemonProcess>,
    private readonly workspaces: Workspaces,
  ) {}

  /** Of the present daemon. */
  get port(): number {
    return this.daemon.port;
  }

  /** Resolves when the present daemon has ended. */
  get ended(): Promise<void> {
    return this.daemon.ended;
  }

  /** Starts the daemon again if it has ended, in the same workspace and under the same UID. */
  revive(): Promise<void> {
    this.restarting ??= this.restartIfNeeded().finally(() => {
      this.restarting = undefined;
    });
    return this.restarting;
  }

  /** Ends the worker and everything in it. Can be repeated when it rejects. */
  end(): Promise<void> {
    this.isEnding = true;
    this.ending ??= this.endNow().catch((error: unknown) => {
      this.ending = undefined;
      throw error;
    });
    return this.ending;
  }

  private async restartIfNeeded(): Promise<void> {
    if (this.isEnding || await this.daemon.listens()) return;
    await this.daemon.end();
    // As with the container of a pod, nothing goes on that the old one has started.
    await endProcessesAt(this.workspace);
    this.daemon = await this.start();
  }

  private async endNow(): Promise<void> {
    await this.restarting?.catch(() => undefined);
    await this.daemon.end();
    await this.workspaces.remove(this.podUid);
  }
}
