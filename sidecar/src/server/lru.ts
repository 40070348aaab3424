import type { Clock } from './clock';

export interface ExpiringMapOptions {
  readonly max: number;
  readonly clock: Clock;
}

interface Entry<Value> {
  readonly value: Value;
  readonly since: number;
  readonly expiresAt: number;
}

/**
 * A bounded memory of what has been verified. Each entry ends at its own time, or when the clock is set back
 * behind its beginning, as nobody knows then how old it is. When the map is full, what was not asked for longest
 * goes first.
 */
export class ExpiringMap<Key, Value> {
  private readonly entries = new Map<Key, Entry<Value>>();

  constructor(private readonly options: ExpiringMapOptions) {
    if (!Number.isInteger(options.max) || options.max < 1) throw new RangeError(`max must be a whole number of at least 1, got ${options.max}`);
  }

  /** Entries held, ended ones that nobody asked for included. */
  get size(): number {
    return this.entries.size;
  }

  /** The value; undefined when there is none or its time is over. */
  get(key: Key): Value | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    this.entries.delete(key);
    const now = this.options.clock();
    if (now < entry.since || entry.expiresAt <= now) return undefined;
    // A Map keeps the order of insertion: what is put back last is forgotten last.
    this.entries.set(key, entry);
    return entry.value;
  }

  /** Remembers the value until the time in milliseconds since 1970. */
  set(key: Key, value: Value, expiresAt: number): void {
    this.entries.delete(key);
    const since = this.options.clock();
    // Asked this way round, a time that is not a number is over too.
    if (!(expiresAt > since)) return;
    if (this.entries.size >= this.options.max) this.entries.delete(this.entries.keys().next().value!);
    this.entries.set(key, { value, since, expiresAt });
  }

  delete(key: Key): boolean {
    return this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }
}
