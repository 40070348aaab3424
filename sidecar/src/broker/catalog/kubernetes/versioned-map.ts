/** Parts of a map; with 10,000 entries a change copies about 40 of them. */
const SHARDS = 256;

/** A map that never changes: a change makes another one, which shares with it all but one of its parts. */
export class VersionedMap<T> {
  static of<T>(entries: Iterable<readonly [string, T]>): VersionedMap<T> {
    const shards = Array.from({ length: SHARDS }, () => new Map<string, T>());
    for (const [key, value] of entries) shards[shardOf(key)].set(key, value);
    return new VersionedMap(shards);
  }

  private constructor(private readonly shards: readonly ReadonlyMap<string, T>[]) {}

  get(key: string): T | undefined {
    return this.shards[shardOf(key)].get(key);
  }

  /** With another value for the key; undefined for none. */
  with(key: string, value: T | undefined): VersionedMap<T> {
    const at = shardOf(key);
    const shard = new Map(this.shards[at]);
    if (value === undefined) shard.delete(key);
    else shard.set(key, value);
    return new VersionedMap(this.shards.with(at, shard));
  }
}

/** http://www.isthe.com/chongo/tech/comp/fnv/ (FNV-1a) */
function shardOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % SHARDS;
}
