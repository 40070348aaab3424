import type { KubeObject } from '../../../kube/client';
import type { WatchSink } from '../../../kube/watch';
import { keyOf } from '../../../kube/watch-event';

/**
 * Stands before a sink and knows which objects are left out now: to the sink they are as if they were gone. A watch asks
 * what is kept of an object right before it tells the sink of it.
 */
export class LeftOutObjects<T> implements WatchSink<T> {
  private leftOut = new Set<string>();
  /** Those of which the sink is still to be told. */
  private asked = new Set<string>();

  constructor(private readonly sink: WatchSink<T>, private readonly project: (object: KubeObject) => T | undefined) {}

  get size(): number {
    return this.leftOut.size;
  }

  /** What is kept of an object; undefined for one that is left out. */
  keep(object: KubeObject): T | undefined {
    const kept = this.project(object);
    if (kept === undefined) this.asked.add(keyOf(object));
    return kept;
  }

  replaced(items: ReadonlyMap<string, T>): void {
    this.leftOut = this.asked;
    this.asked = new Set();
    this.sink.replaced(items);
  }

  changed(key: string, value: T | undefined): void {
    if (this.asked.delete(key)) this.leftOut.add(key);
    else this.leftOut.delete(key);
    this.sink.changed(key, value);
  }

  /** A list was not read to its end: the sink is told nothing of it. */
  interrupted(): void {
    this.asked.clear();
  }
}
