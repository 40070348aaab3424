import { backOff, type Wait } from './back-off';
import type { CallOptions, KubeClient, KubeList, KubeObject, Resource } from './client';
import { hasCode, KubeError } from './kube-error';
import { staleSince, WatchHealth } from './staleness';
import { hasName, keyOf, watchEvent, WatchEvent } from './watch-event';
import type { Clock } from '../server/time/clock';

/** Where objects come from. */
export interface WatchSource {
  list(page: { readonly limit: number; readonly continue?: string }, options: CallOptions): Promise<KubeList>;
  watch(version: string, signal: AbortSignal): Promise<AsyncIterable<string>>;
}

/** Who keeps what is watched. Keys are `namespace/name`, or the name of an object that has no namespace. */
export interface WatchSink<T> {
  /** Everything there is; what is not in it is gone. */
  replaced(items: ReadonlyMap<string, T>): void;
  /** One object has changed; undefined when it is gone. */
  changed(key: string, value: T | undefined): void;
}

export interface WatchOptions<T> {
  readonly source: WatchSource;
  /** What is kept of an object; undefined for one that is left out. Objects themselves are not kept. */
  readonly keep: (object: KubeObject) => T | undefined;
  readonly sink: WatchSink<T>;
  /** Milliseconds from any beginning: only how old something is matters. */
  readonly clock: Clock;
  readonly random: () => number;
  readonly wait: Wait;
  /** Told each time that the watch has to begin anew for a reason other than that its time was over. */
  readonly interrupted?: (reason: unknown) => void;
}

/** Objects of a page; fewer when they are so large that the page would be too long. */
const PAGE = 250;

/** Milliseconds of a connection after which its end is no failure. */
const LASTING = 20_000;

/** Milliseconds without a sign after which everything is listed before the next watch. */
const QUIET = 60_000;

export function sourceOf(client: KubeClient, resource: Resource): WatchSource {
  return {
    list: (page, options) => client.list(resource, page, options),
    watch: (version, signal) => client.watch(resource, version, signal),
  };
}

/**
 * Follows a resource: lists it, watches it from there, and begins anew whenever that is cut. After each complete list and
 * each event the sink has what the API server had at that version.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export class Watch<T> {
  private readonly closing = new AbortController();
  private health: WatchHealth;
  /** Version up to which the sink is current; undefined when everything has to be listed. */
  private version: string | undefined;
  /** Of the last connection: since when it was there, undefined when it never was, and whether anything was heard on it. */
  private connectedAt: number | undefined;
  private isHeard = false;
  private readonly ended: Promise<void>;

  constructor(private readonly options: WatchOptions<T>) {
    this.health = { lostAt: options.clock() };
    this.ended = this.run();
  }

  /** Since when the sink cannot be relied on; undefined when it can. */
  staleSince(): number | undefined {
    return staleSince(this.health, this.options.clock());
  }

  /** When it was heard last; undefined before the first list. */
  heardAt(): number | undefined {
    return this.health.heardAt;
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.ended;
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    for (let failures = 0; !signal.aborted;) {
      const reason: unknown = await this.follow().then(() => undefined, (error: unknown) => error ?? 'unknown');
      this.health = { ...this.health, lostAt: this.health.lostAt ?? this.options.clock() };
      if (signal.aborted) return;
      if (reason !== undefined) this.options.interrupted?.(reason);
      const hasLasted = this.connectedAt !== undefined && this.options.clock() - this.connectedAt >= LASTING;
      failures = this.isHeard || hasLasted ? 0 : failures + 1;
      const atLeast = reason instanceof KubeError ? (reason.retryAfterSeconds ?? 0) * 1000 : 0;
      await this.options.wait(backOff(failures, this.options.random, atLeast), signal).catch(() => undefined);
    }
  }

  /** One connection, from its beginning to its end. */
  private async follow(): Promise<void> {
    const { source, clock } = this.options;
    const { signal } = this.closing;
    this.connectedAt = undefined;
    this.isHeard = false;
    try {
      // Where all is quiet there are no bookmarks. That a watch is accepted says nothing: what serves it may have lost its own.
      if (this.version === undefined || this.isQuiet()) this.version = await this.listed();
      const lines = await source.watch(this.version, signal);
      this.connectedAt = clock();
      this.health = { heardAt: this.health.heardAt };
      for await (const line of lines) this.take(watchEvent(line));
    } catch (error) {
      // The version is no longer kept, or an event was lost: only a list tells what is there.
      if (hasCode(error, 'Gone', 'TooLarge', 'Invalid')) this.version = undefined;
      throw error;
    }
  }

  private take(event: WatchEvent | undefined): void {
    // Whatever the line meant to say is lost.
    if (event === undefined) throw new KubeError('Invalid', 'a line of the watch is not an event');
    if (event.type === 'error') {
      // From the same version it may end the same way for ever.
      this.version = undefined;
      throw new KubeError(event.code, 'the watch was ended by the API server');
    }
    if (event.type !== 'bookmark') this.options.sink.changed(keyOf(event.object), event.type === 'put' ? this.options.keep(event.object) : undefined);
    this.version = event.version;
    this.heard();
  }

  private heard(): void {
    this.isHeard = true;
    this.health = { ...this.health, heardAt: this.options.clock() };
  }

  private isQuiet(): boolean {
    return this.options.clock() - (this.health.heardAt ?? -Infinity) >= QUIET;
  }

  /** Reads everything, page by page, and hands it over at once. Answers the version to watch from. */
  private async listed(): Promise<string> {
    const { source, keep, sink } = this.options;
    const { signal } = this.closing;
    const items = new Map<string, T>();
    let limit = PAGE;
    let next: string | undefined;
    for (;;) {
      let page: KubeList;
      try {
        page = await source.list({ limit, continue: next }, { signal });
      } catch (error) {
        if (!hasCode(error, 'TooLarge') || limit === 1) throw error;
        limit = Math.ceil(limit / 4);
        continue;
      }
      for (const object of page.items) {
        const kept = hasName(object) ? keep(object) : undefined;
        if (kept !== undefined) items.set(keyOf(object), kept);
      }
      next = page.continue;
      if (next === undefined) {
        sink.replaced(items);
        this.health = { ...this.health, heardAt: this.options.clock() };
        return page.resourceVersion;
      }
    }
  }
}
