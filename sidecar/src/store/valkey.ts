import { dueAt } from './due';
import { sessionKey } from './keys';
import { isSessionId, readRecord, recordText } from './record-text';
import { PUT, REMOVE, TOUCH } from './scripts';
import { checkedTouch, Kept, Listing, Page, PageOptions, SessionStore, USED_FOR } from './store';
import { StoreError } from './store-error';
import { Answer, delist, enlistDue, enlistOwned, readSession, RunScript } from './valkey-entries';
import { listPage } from './valkey-listing';
import { RECORD_LIMITS, SessionRecord } from '../../../src/protocol/session-record';

/** A record that no index leads to goes by itself, so many milliseconds after its session. */
const KEPT_AFTER_END = 24 * 60 * 60 * 1000;

/**
 * Sessions in Valkey or Redis, one server or a cluster.
 *
 * A write takes several steps, and its writer may end between any two. The rule that makes this harmless: in the set of
 * what is due, no session stands later than it is due. So a session is enlisted before it is written and again after,
 * neither ever raises its place, and activity does not touch the set. Whoever lists finds some too early, and moves them.
 */
export class ValkeySessionStore implements SessionStore {
  constructor(private readonly run: RunScript) {}

  async get(id: string): Promise<Kept | undefined> {
    if (!isSessionId(id)) return undefined;
    const { kept, poison } = await readSession(this.run, id);
    if (poison !== undefined) throw poisonError(id, poison.problem);
    return kept;
  }

  async put(record: SessionRecord, version: number, activeAt = record.createdAt): Promise<Kept> {
    const text = recordText(record);
    const { id, owner, createdAt, expiresAt } = record;
    await enlistDue(this.run, id, dueAt({ record, lastActivity: createdAt }));
    const args = [version, text, activeAt, expiresAt - createdAt + KEPT_AFTER_END];
    const [, next, activity] = found(id, await this.run(PUT, [sessionKey(id)], args) as Answer);
    const kept = { record, version: Number(next), lastActivity: Number(activity) };
    await Promise.all([
      enlistDue(this.run, id, dueAt(kept)),
      ...(owner === undefined ? [] : [enlistOwned(this.run, owner, id, createdAt)]),
    ]);
    return kept;
  }

  async remove(id: string, version?: number, usedFor = USED_FOR): Promise<boolean> {
    if (!isSessionId(id)) return false;
    const answer = await this.run(REMOVE, [sessionKey(id)], [version ?? '', usedFor, RECORD_LIMITS.bytes]) as Answer;
    if (answer[0] === 'missing') return false;
    const read = readRecord(id, found(id, answer)[1]);
    // Entries that are left when this process ends here are struck off by whoever meets them.
    await delist(this.run, id, 'record' in read ? read.record.owner : undefined);
    return true;
  }

  async touch(activity: ReadonlyMap<string, number>): Promise<readonly string[]> {
    checkedTouch(activity);
    const touched = await Promise.allSettled([...activity].map(([id, time]) => this.touchOne(id, time)));
    // All have been tried by now, so that one server of a cluster keeps no others from being noted.
    const failed = touched.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return [...activity.keys()].filter((_, at) => !(touched[at] as PromiseFulfilledResult<boolean>).value);
  }

  list(listing: Listing, page: PageOptions): Promise<Page> {
    return listPage(this.run, listing, page);
  }

  /** Whether there is such a session. */
  private async touchOne(id: string, time: number): Promise<boolean> {
    if (!isSessionId(id)) return false;
    const [word] = await this.run(TOUCH, [sessionKey(id)], [time]) as Answer;
    return word === 'found';
  }
}

/** The answer of a script that did what it was asked. */
function found(id: string, answer: Answer): Answer {
  if (answer[0] === 'missing') throw new StoreError('Missing', `there is no session ${id}`);
  if (answer[0] === 'conflict') throw new StoreError('Conflict', `session ${id} has been written since, or was there before`);
  if (answer[0] === 'poison') throw poisonError(id, answer[1]);
  return answer;
}

function poisonError(id: string, problem: string): StoreError {
  return new StoreError('Poison', `what is kept of session ${id} cannot be used: ${problem}`);
}
