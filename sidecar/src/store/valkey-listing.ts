import { cursorText, firstOf, readCursor } from './cursor';
import { dueAt } from './due';
import { DUE_SHARDS, dueKey, ownerKey, sessionKey } from './keys';
import { isSessionId } from './record-text';
import { PAGE } from './scripts';
import { checkedLimit, Kept, Listing, Page, PageOptions, Poisoned } from './store';
import { StoreError, isStoreError } from './store-error';
import { Answer, enlistDue, Entry, FoundPoison, putAside, readSession, reschedule, RunScript, strike } from './valkey-entries';

const LONGEST_MEMBER = 128;
const ANY_TIME = Number.MAX_SAFE_INTEGER;

/** One page; what is wrong in the index is put right on the way. */
export async function listPage(run: RunScript, listing: Listing, { cursor, limit }: PageOptions): Promise<Page> {
  const keys = listing.owner === undefined ? DUE_KEYS : [ownerKey(listing.owner)];
  const { shard, score, member } = readCursor(cursor, keys.length);
  const args = [score, member, listing.dueBy ?? ANY_TIME, checkedLimit(limit), LONGEST_MEMBER];
  const next = shard + 1 < keys.length ? cursorText(firstOf(shard + 1)) : undefined;
  try {
    const answer = await run(PAGE, [keys[shard]], args) as Answer;
    if (answer[0] === 'poison') return { sessions: [], poisoned: [await putAside(run, keys[shard], 'zset', { problem: answer[1], version: '' })], cursor: next };
    const entries = entriesOf(answer);
    const looked = await Promise.all(entries.map((entry) => look(run, listing, keys[shard], entry)));
    const last = entries.length === limit ? entries[limit - 1] : undefined;
    return {
      sessions: looked.flatMap((one) => one !== undefined && 'record' in one ? [one] : []),
      poisoned: looked.flatMap((one) => one !== undefined && 'problem' in one ? [one] : []),
      cursor: last === undefined ? next : cursorText({ shard, score: last.score, member: last.id }),
    };
  } catch (error) {
    if (!isStoreError(error) || next === undefined) throw error;
    throw new StoreError(error.code, error.message, { cause: error, next });
  }
}

const DUE_KEYS = Array.from({ length: DUE_SHARDS }, (_, shard) => dueKey(shard));

function entriesOf([, ...rest]: Answer): readonly Entry[] {
  return rest.flatMap((id, at) => at % 2 === 0 ? [{ id, score: Number(rest[at + 1]) }] : []);
}

/** What an entry leads to, if it belongs to the listing. */
async function look(run: RunScript, listing: Listing, key: string, entry: Entry): Promise<Kept | Poisoned | undefined> {
  const { kept, poison } = isSessionId(entry.id) ? await readSession(run, entry.id) : {};
  if (kept !== undefined) return belonging(run, listing, key, entry, kept);
  if (poison !== undefined) return poisoned(run, key, entry, poison);
  // Who creates a session enlists it as due before it is there; that time has not come then.
  if (listing.dueBy !== undefined || listing.owner !== undefined) await strike(run, key, entry);
  return undefined;
}

async function belonging(run: RunScript, { dueBy, owner }: Listing, key: string, entry: Entry, kept: Kept): Promise<Kept | undefined> {
  if (owner !== undefined && kept.record.owner !== owner) {
    await strike(run, key, entry);
    return undefined;
  }
  if (dueBy === undefined || dueAt(kept) <= dueBy) return kept;
  await reschedule(run, key, entry, dueAt(kept));
  // Somebody may have made it due earlier since it was read, and have enlisted it before it was moved.
  const { kept: now } = await readSession(run, entry.id);
  if (now !== undefined && dueAt(now) < dueAt(kept)) await enlistDue(run, entry.id, dueAt(now));
  return undefined;
}

async function poisoned(run: RunScript, key: string, entry: Entry, poison: FoundPoison): Promise<Poisoned> {
  const { id } = entry;
  if (poison.newer) return { id, problem: poison.problem, quarantined: false };
  const aside = await putAside(run, sessionKey(id), 'hash', poison);
  if (aside.quarantined) await strike(run, key, entry);
  return { ...aside, id };
}
