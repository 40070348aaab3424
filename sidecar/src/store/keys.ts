import { createHash } from 'node:crypto';

/**
 * Names of the keys. What is in braces decides the slot of a cluster, so everything of one session is in one place and
 * the indexes are spread: https://valkey.io/topics/cluster-spec/#hash-tags. Each operation touches one slot.
 *
 * | key | type | content |
 * |---|---|---|
 * | `session:{<id>}` | hash | record, version and last activity; or the mark that the id was used |
 * | `session-due:{<shard>}` | sorted set | ids, by a time not after `dueAt` |
 * | `session-owner:{<hash>}` | sorted set | ids of one owner, by time of creation |
 * | `quarantine:<key>` | as it was | what could not be understood, for a while |
 */

/** Changing it leaves sessions in sets that nobody looks into. */
export const DUE_SHARDS = 16;

export function sessionKey(id: string): string {
  return `session:{${id}}`;
}

export function dueKey(shard: number): string {
  return `session-due:{${shard}}`;
}

export function dueShardOf(id: string): number {
  return createHash('sha256').update(id).digest()[0] % DUE_SHARDS;
}

/** Hashed, as an owner may be of any letters and length. */
export function ownerKey(owner: string): string {
  return `session-owner:{${createHash('sha256').update(owner).digest('base64url')}}`;
}

/** In the slot of the key, so that it is renamed at once. */
export function quarantineKey(key: string): string {
  return `quarantine:${key}`;
}
