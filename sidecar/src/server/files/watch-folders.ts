import { FSWatcher, watch } from 'node:fs';

/** Several events belong to one change: editors and the kubelet rename, link and remove. */
const QUIET_MILLISECONDS = 50;

/** Tells of changes in folders, once for each burst of events. A help, not a promise: events get lost, so whoever uses it also polls. */
export class FolderWatch {
  private readonly watchers = new Map<string, FSWatcher>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly changed: () => void) {}

  /** Watches exactly these folders from now on. */
  public follow(folders: readonly string[]): void {
    for (const folder of this.watchers.keys()) if (!folders.includes(folder)) this.forget(folder);
    for (const folder of folders) if (!this.watchers.has(folder)) this.attach(folder);
  }

  public close(): void {
    clearTimeout(this.timer);
    this.follow([]);
  }

  private attach(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.soon());
      watcher.on('error', () => this.forget(folder));
      this.watchers.set(folder, watcher);
    } catch {
      // The kernel has no watch left, or the folder is gone: polling finds the change.
    }
  }

  private forget(folder: string): void {
    this.watchers.get(folder)?.close();
    this.watchers.delete(folder);
  }

  private soon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.changed, QUIET_MILLISECONDS).unref();
  }
}
