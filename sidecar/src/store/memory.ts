import { cursorText, readCursor } from './cursor';
import { dueAt } from './due';
import { isSessionId, recordText } from './record-text';
import { checkedLimit, checkedTouch, Kept, Listing, Page, PageOptions, SessionStore, USED_FOR } from './store';
import { StoreError } from './store-error';
import type { SessionRecord } from '../../../src/protocol/session-record';
import { ExpiringMap } from '../server/bounds/lru';
import type { Clock } from '../server/time/clock';

interface Held {
  /** As text, so that what callers do with a record changes nothing here. */
  readonly text: string;
  readonly version: number;
  readonly lastActivity: number;
}

/** Ids of ended sessions that are remembered at most. */
const MOST_USED = 100_000;

/** Sessions that end with the process: for one process that is controller and gateway at once. */
export class MemorySessionStore implements SessionStore {
  private readonly held = new Map<string, Held>();
  private readonly used: ExpiringMap<string, true>;

  constructor(private readonly clock: Clock) {
    this.used = new ExpiringMap({ max: MOST_USED, clock });
  }

  async get(id: string): Promise<Kept | undefined> {
    const held = this.held.get(id);
    return held === undefined ? undefined : keptOf(held);
  }

  async put(record: SessionRecord, version: number, activeAt = record.createdAt): Promise<Kept> {
    const text = recordText(record);
    const held = this.held.get(record.id);
    if (held === undefined && version !== 0) throw new StoreError('Missing', `there is no session ${record.id}`);
    if (version !== (held?.version ?? 0) || this.used.get(record.id) === true) {
      throw new StoreError('Conflict', `session ${record.id} has been written since, or was there before`);
    }
    const next = { text, version: version + 1, lastActivity: Math.max(held?.lastActivity ?? 0, activeAt) };
    this.held.set(record.id, next);
    return keptOf(next);
  }

  async remove(id: string, version?: number, usedFor = USED_FOR): Promise<boolean> {
    const held = this.held.get(id);
    if (held === undefined) return false;
    if (version !== undefined && version !== held.version) throw new StoreError('Conflict', `session ${id} has been written since`);
    this.held.delete(id);
    this.used.set(id, true, this.clock() + usedFor);
    return true;
  }

  async touch(activity: ReadonlyMap<string, number>): Promise<readonly string[]> {
    checkedTouch(activity);
    return [...activity].flatMap(([id, time]) => {
      const held = isSessionId(id) ? this.held.get(id) : undefined;
      if (held === undefined) return [id];
      if (held.lastActivity < time) this.held.set(id, { ...held, lastActivity: time });
      return [];
    });
  }

  async list(listing: Listing, { cursor, limit }: PageOptions): Promise<Page> {
    const { score, member } = readCursor(cursor, 1);
    checkedLimit(limit);
    const behind = [...this.held.values()].map(keptOf)
      .filter(({ record: { createdAt, id } }) => createdAt > score || (createdAt === score && id > member))
      .filter((kept) => belongs(listing, kept))
      .sort(byCreation);
    const sessions = behind.slice(0, limit);
    const last = behind.length > limit ? sessions.at(-1)?.record : undefined;
    return {
      sessions,
      poisoned: [],
      cursor: last === undefined ? undefined : cursorText({ shard: 0, score: last.createdAt, member: last.id }),
    };
  }
}

function keptOf({ text, version, lastActivity }: Held): Kept {
  return { record: JSON.parse(text), version, lastActivity };
}

function belongs({ dueBy, owner }: Listing, kept: Kept): boolean {
  return owner === undefined ? dueBy === undefined || dueAt(kept) <= dueBy : kept.record.owner === owner;
}

function byCreation(one: Kept, other: Kept): number {
  return one.record.createdAt - other.record.createdAt || (one.record.id < other.record.id ? -1 : 1);
}
