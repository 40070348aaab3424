import type { WatchSink } from '../../../kube/watch';

/**
 * A sink into which single reads are put too. A read may be answered before an event and be handed over after it, so
 * whatever the watch says while a read is under way wins: else a run that was deleted in between would come back for good.
 */
export class LateReads<T> implements WatchSink<T> {
  private readonly open = new Map<symbol, string | undefined>();

  constructor(private readonly sink: WatchSink<T>) {}

  replaced(items: ReadonlyMap<string, T>): void {
    this.open.clear();
    this.sink.replaced(items);
  }

  changed(key: string, value: T | undefined): void {
    for (const [reading, wanted] of this.open) if (wanted === undefined || wanted === key) this.open.delete(reading);
    this.sink.changed(key, value);
  }

  /** Reads one object; undefined when it is not there. */
  async readOne(key: string, read: () => Promise<T | undefined>): Promise<void> {
    await this.unlessOvertaken(key, read, (value) => this.sink.changed(key, value));
  }

  async readAll(read: () => Promise<ReadonlyMap<string, T>>): Promise<void> {
    await this.unlessOvertaken(undefined, read, (items) => this.sink.replaced(items));
  }

  private async unlessOvertaken<R>(key: string | undefined, read: () => Promise<R>, use: (result: R) => void): Promise<void> {
    const reading = Symbol();
    this.open.set(reading, key);
    try {
      const result = await read();
      if (this.open.has(reading)) use(result);
    } finally {
      this.open.delete(reading);
    }
  }
}
