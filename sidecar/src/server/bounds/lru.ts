import type { Clock } from '../time/clock';

export interface ExpiringMapOptions<Value = unknown> {
  readonly max: number;
  readonly clock: Clock;
  /** Bounds the sum of what its values weigh, too. A value that is above it alone is not remembered. */
  readonly weight?: { readonly max: number; readonly of: (value: Value) => number };
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
  private weight = 0;

  constructor(private readonly options: ExpiringMapOptions<Value>) {
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
    const now = this.options.clock();
    this.delete(key);
    if (now < entry.since || entry.expiresAt <= now) return undefined;
    // A Map keeps the order of insertion: what is put back last is forgotten last.
    this.put(key, entry);
    return entry.value;
  }

  /** Remembers the value until the time in milliseconds since 1970. */
  set(key: Key, value: Value, expiresAt: number): void {
    this.delete(key);
    const since = this.options.clock();
    // Asked this way round, a time that is not a number is over too.
    if (!(expiresAt > since)) return;
    const room = (this.options.weight?.max ?? Infinity) - this.weightOf(value);
    if (room < 0) return;
    while (this.entries.size >= this.options.max || this.weight > room) this.delete(this.entries.keys().next().value!);
    this.put(key, { value, since, expiresAt });
  }

  delete(key: Key): boolean {
    const entry = this.entries.get(key);
    if (entry !== undefined) this.weight -= this.weightOf(entry.value);
    return this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
    this.weight = 0;
  }

  private put(key: Key, entry: Entry<Value>): void {
    this.weight += this.weightOf(entry.value);
    this.entries.set(key, entry);
  }

  private weightOf(value: Value): number {
    return this.options.weight?.of(value) ?? 0;
  }
}
