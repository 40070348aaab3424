import { dueKey, dueShardOf, ownerKey, quarantineKey, sessionKey } from './keys';
import { readRecord } from './record-text';
import { DELIST, ENLIST, QUARANTINE, READ, RESCHEDULE, Script, STRIKE } from './scripts';
import type { Kept, Poisoned } from './store';
import { RECORD_LIMITS } from '../../../src/protocol/session-record';

/** Runs a script on the server that has the keys. Rejects with `StoreError`. */
export type RunScript = (script: Script, keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown>;

/** What a script answers about a session: a word, and what belongs to it. */
export type Answer = readonly string[];

/** What is kept of a session, if there is anything. */
export type Found =
  | { readonly kept: Kept; readonly poison?: undefined }
  | { readonly kept?: undefined; readonly poison: FoundPoison }
  | { readonly kept?: undefined; readonly poison?: undefined };

export interface FoundPoison {
  readonly problem: string;
  /** Written by a later version. */
  readonly newer: boolean;
  /** As it is kept, to see whether somebody has written since. */
  readonly version: string;
}

/** A member of an index. */
export interface Entry {
  readonly id: string;
  readonly score: number;
}

const NUMBER = /^(0|[1-9][0-9]{0,15})$/;

/** Milliseconds for which what cannot be understood is kept for whoever wants to know. */
const QUARANTINE_FOR = 7 * 24 * 60 * 60 * 1000;

export async function readSession(run: RunScript, id: string): Promise<Found> {
  const [word, version, activity, text] = await run(READ, [sessionKey(id)], [RECORD_LIMITS.bytes]) as Answer;
  if (word === 'missing') return {};
  if (word === 'poison') return { poison: { problem: version, newer: false, version: activity ?? '' } };
  const read = readRecord(id, text);
  if ('problem' in read) return { poison: { ...read, version } };
  if (!NUMBER.test(version) || !NUMBER.test(activity)) return { poison: { problem: 'lacks version or activity', newer: false, version } };
  return { kept: { record: read.record, version: Number(version), lastActivity: Number(activity) } };
}

/** Sees to it that the session is in the set of what is due, not later than that. */
export async function enlistDue(run: RunScript, id: string, due: number): Promise<void> {
  await run(ENLIST, [dueKey(dueShardOf(id))], [due, id]);
}

export async function enlistOwned(run: RunScript, owner: string, id: string, createdAt: number): Promise<void> {
  await run(ENLIST, [ownerKey(owner)], [createdAt, id]);
}

/** Takes the session out of all indexes. Its owner is not known when its record could not be read. */
export async function delist(run: RunScript, id: string, owner: string | undefined): Promise<void> {
  const keys = [dueKey(dueShardOf(id)), ...(owner === undefined ? [] : [ownerKey(owner)])];
  await Promise.all(keys.map((key) => run(DELIST, [key], [id])));
}

/** Takes out an entry that leads nowhere, unless it has changed since it was read. */
export async function strike(run: RunScript, key: string, { id, score }: Entry): Promise<void> {
  await run(STRIKE, [key], [id, score]);
}

/** Moves an entry, unless it has changed since it was read. */
export async function reschedule(run: RunScript, key: string, { id, score }: Entry, due: number): Promise<void> {
  await run(RESCHEDULE, [key], [id, score, due]);
}

/** Puts a key aside that is not of the type it should be, or a record that cannot be read. */
export async function putAside(run: RunScript, key: string, type: 'hash' | 'zset', { problem, version }: Omit<FoundPoison, 'newer'>): Promise<Poisoned> {
  const moved = await run(QUARANTINE, [key, quarantineKey(key)], [type, version, QUARANTINE_FOR]);
  return { id: key, problem, quarantined: moved === 1 };
}
