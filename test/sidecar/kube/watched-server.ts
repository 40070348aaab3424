import type { KubeList, KubeObject } from '../../../sidecar/src/kube/client';
import { KubeError } from '../../../sidecar/src/kube/kube-error';
import type { WatchSink, WatchSource } from '../../../sidecar/src/kube/watch';

interface Logged {
  readonly version: number;
  readonly line: string;
}

/** A watched resource with a history, in memory: what an API server does, and every way in which it may fail. */
export class WatchedServer implements WatchSource {
  /** Pages of more objects are refused as too large. */
  public largestPage = Infinity;
  public lists = 0;
  /** Whether no watch is told of what changes. */
  public losesEvents = false;
  public refuseNextList: KubeError | undefined;
  private readonly items = new Map<string, { value: number; version: number }>();
  private log: Logged[] = [];
  private version = 1;
  private compactedTo = 0;
  private readonly watchers = new Set<Watcher>();

  put(name: string, value: number): void {
    const type = this.items.has(name) ? 'MODIFIED' : 'ADDED';
    this.items.set(name, { value, version: this.version += 1 });
    this.tell(type, name, value);
  }

  remove(name: string): void {
    const item = this.items.get(name);
    if (item === undefined) return;
    this.items.delete(name);
    this.version += 1;
    this.tell('DELETED', name, item.value);
  }

  bookmark(): void {
    this.send(JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: String(this.version) } } }));
  }

  send(line: string): void {
    this.watchers.forEach((watcher) => watcher.push(line));
  }

  /** Ends all watches, as when their time is over. */
  end(): void {
    this.watchers.forEach((watcher) => watcher.finish());
  }

  cut(): void {
    this.watchers.forEach((watcher) => watcher.finish(new KubeError('Unavailable', 'cut')));
  }

  /** Forgets the history. */
  compact(): void {
    this.compactedTo = this.version;
    this.log = [];
  }

  get watching(): number {
    return this.watchers.size;
  }

  state(): Record<string, number> {
    return Object.fromEntries([...this.items].map(([name, { value }]) => [name, value]).sort());
  }

  async list({ limit, continue: next = '' }: { limit: number; continue?: string }): Promise<KubeList> {
    this.lists += 1;
    const refusal = this.refuseNextList;
    this.refuseNextList = undefined;
    if (refusal !== undefined) throw refusal;
    if (Math.min(limit, this.items.size) > this.largestPage) throw new KubeError('TooLarge', 'page');
    const names = [...this.items.keys()].sort().filter((name) => name > next);
    const page = names.slice(0, limit);
    return {
      items: page.map((name) => objectOf(name, this.items.get(name)!.value, this.items.get(name)!.version)),
      resourceVersion: String(this.version),
      ...(names.length > page.length ? { continue: page.at(-1) } : {}),
    };
  }

  async watch(version: string, signal: AbortSignal): Promise<AsyncIterable<string>> {
    if (Number(version) < this.compactedTo) throw new KubeError('Gone', 'too old');
    const watcher = new Watcher(this.log.filter((entry) => entry.version > Number(version)).map(({ line }) => line));
    this.watchers.add(watcher);
    const abort = () => watcher.finish(signal.reason);
    signal.addEventListener('abort', abort);
    return watcher.lines(() => {
      signal.removeEventListener('abort', abort);
      this.watchers.delete(watcher);
    });
  }

  private tell(type: string, name: string, value: number): void {
    if (this.losesEvents) return;
    const line = JSON.stringify({ type, object: objectOf(name, value, this.version) });
    this.log.push({ version: this.version, line });
    this.send(line);
  }
}

class Watcher {
  private wake?: () => void;
  private over = false;
  private failure: unknown;

  constructor(private readonly queue: string[]) {}

  push(line: string): void {
    this.queue.push(line);
    this.wake?.();
  }

  finish(failure?: unknown): void {
    this.over = true;
    this.failure = failure;
    this.wake?.();
  }

  async* lines(left: () => void): AsyncGenerator<string> {
    try {
      for (;;) {
        if (this.failure !== undefined) throw this.failure;
        if (this.queue.length > 0) {
          yield this.queue.shift()!;
          continue;
        }
        if (this.over) return;
        await new Promise<void>((resolve) => { this.wake = resolve; });
      }
    } finally {
      left();
    }
  }
}

function objectOf(name: string, value: number, version: number): KubeObject {
  return { metadata: { name, resourceVersion: String(version) }, spec: { value } };
}

/** Keeps numbers. */
export class NumberSink implements WatchSink<number> {
  public items = new Map<string, number>();

  replaced(items: ReadonlyMap<string, number>): void {
    this.items = new Map(items);
  }

  changed(key: string, value: number | undefined): void {
    if (value === undefined) this.items.delete(key);
    else this.items.set(key, value);
  }

  state(): Record<string, number> {
    return Object.fromEntries([...this.items].sort());
  }
}

/** The number of an object; odd ones above 90 are left out. */
export function numberOf(object: KubeObject): number | undefined {
  const { value } = object.spec as { value: number };
  return value > 90 && value % 2 === 1 ? undefined : value;
}

/** Lets everything that is ready to run do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
