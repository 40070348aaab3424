import type { WatchSink } from '../../kube/watch';
import type { Meta } from '../objects/meta';
import type { Kept } from '../operator-deps';

/** Told of each change of what is there for those who ask. Also of what the operator has written itself, and of that once. */
export type OnChange<T> = (before: T | undefined, after: T | undefined) => void;

/** A write that is under way. */
export interface Writing<T> {
  /** To be called in any case, with what the API server has answered; undefined for a write that failed. */
  ended(answer: T | undefined): void;
}

/** An object whose written state is ahead of the watch. */
interface Ahead<T> {
  /** What the watch has told last. */
  watched: T | undefined;
  /** Versions that were written and that the watch has not told yet, with the UIDs of their objects. */
  readonly awaited: Map<string, string>;
}

/** What the watch has told while a write was under way. */
interface Told {
  readonly versions: Set<string>;
  /** UIDs of objects that are gone. */
  readonly gone: Set<string>;
  everything: boolean;
}

/**
 * Objects that one watch follows. What was written is there at once, until the watch has told it; older events of the same
 * object do not bring back what was there before. Versions can only be compared for equality, so a write says when it begins:
 * an answer is put in place only if the watch cannot have gone past it in the meantime. A list may be older than a write that
 * was answered while it was read. It counts nevertheless, and the event of the write follows it.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
 */
export class Cache<T extends Meta> implements WatchSink<T>, Kept<T> {
  private shown = new Map<string, T>();
  private readonly ahead = new Map<string, Ahead<T>>();
  private readonly open = new Map<string, Set<Told>>();

  constructor(private readonly onChange: OnChange<T> = () => undefined) {}

  get(namespace: string, name: string): T | undefined {
    return this.shown.get(keyOf({ namespace, name }));
  }

  /** All of them: a watch follows one namespace, or objects that have none. */
  of(_namespace: string): Iterable<T> {
    return this.shown.values();
  }

  /** Before the request is sent. */
  begin(namespace: string, name: string): Writing<T> {
    const key = keyOf({ namespace, name });
    const watched = this.watchedOf(key);
    const told: Told = { versions: new Set(watched === undefined ? [] : [watched.resourceVersion]), gone: new Set(), everything: false };
    const writes = this.open.get(key) ?? new Set();
    this.open.set(key, writes.add(told));
    return {
      ended: (answer) => {
        writes.delete(told);
        if (writes.size === 0) this.open.delete(key);
        if (answer !== undefined && !isPast(told, answer)) this.put(key, answer);
      },
    };
  }

  replaced(items: ReadonlyMap<string, T>): void {
    for (const writes of this.open.values()) for (const told of writes) told.everything = true;
    const before = this.shown;
    this.shown = new Map(items);
    this.ahead.clear();
    for (const [key, object] of before) if (!items.has(key)) this.tell(object, undefined);
    for (const [key, object] of items) this.tell(before.get(key), object);
  }

  changed(key: string, value: T | undefined): void {
    const watched = this.watchedOf(key);
    for (const told of this.open.get(key) ?? []) {
      if (value !== undefined) told.versions.add(value.resourceVersion);
      else if (watched !== undefined) told.gone.add(watched.uid);
    }
    const ahead = this.ahead.get(key);
    if (ahead !== undefined && this.isBehind(key, ahead, value)) {ahead.watched = value;} else {
      this.ahead.delete(key);
      this.show(key, value);
    }
  }

  /** Whether what was written is still ahead after the event. */
  private isBehind(key: string, { watched, awaited }: Ahead<T>, value: T | undefined): boolean {
    if (value === undefined) {
      // The version by which an object loses its last finalizer is never told, only that it is gone.
      for (const [version, uid] of awaited) if (uid === watched?.uid) awaited.delete(version);
      // The end of an object whose successor was written already is not the end of that.
      return watched !== undefined && watched.uid !== this.shown.get(key)?.uid;
    }
    awaited.delete(value.resourceVersion);
    return awaited.size > 0;
  }

  private put(key: string, answer: T): void {
    const ahead = this.ahead.get(key) ?? { watched: this.shown.get(key), awaited: new Map<string, string>() };
    ahead.awaited.set(answer.resourceVersion, answer.uid);
    this.ahead.set(key, ahead);
    this.show(key, answer);
  }

  private watchedOf(key: string): T | undefined {
    const ahead = this.ahead.get(key);
    return ahead === undefined ? this.shown.get(key) : ahead.watched;
  }

  private show(key: string, value: T | undefined): void {
    const before = this.shown.get(key);
    if (value === undefined) this.shown.delete(key);
    else this.shown.set(key, value);
    this.tell(before, value);
  }

  private tell(before: T | undefined, after: T | undefined): void {
    if (before?.uid !== after?.uid || before?.resourceVersion !== after?.resourceVersion) this.onChange(before, after);
  }
}

/** Whether the watch has told the answer, or something after it, since the write began. */
function isPast({ versions, gone, everything }: Told, { uid, resourceVersion }: Meta): boolean {
  return everything || versions.has(resourceVersion) || gone.has(uid);
}

/** As watches name objects. */
function keyOf({ namespace, name }: Pick<Meta, 'namespace' | 'name'>): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}
