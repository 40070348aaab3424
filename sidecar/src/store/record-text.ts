import { isIP } from 'node:net';
import { SESSION_ID_PATTERN } from '../../../src/protocol/session-api';
import {
  ENTRY_POINT_PROTOCOLS, LONGEST_SESSION, RECORD_LIMITS, SESSION_KINDS, SESSION_PHASES, SESSION_SCHEMA, SessionRecord,
} from '../../../src/protocol/session-record';
import { parseStrictJson } from '../server/text/strict-json';

/** A record, or why the text is none. `newer` is one that a later version of the platform reads. No problem quotes a value. */
export type ReadRecord =
  | { readonly record: SessionRecord }
  | { readonly problem: string; readonly newer: boolean };

const SESSION_ID = new RegExp(SESSION_ID_PATTERN);

export function isSessionId(id: string): boolean {
  return SESSION_ID.test(id);
}

/** Throws `RangeError` for what `readRecord` would not read: nobody writes what the reaper cannot end. */
export function recordText(record: SessionRecord): string {
  const problem = problemWith(record);
  if (problem !== undefined) throw new RangeError(`the record cannot be kept: ${problem}`);
  const text = JSON.stringify(record);
  const bytes = Buffer.byteLength(text);
  if (bytes > RECORD_LIMITS.bytes) throw new RangeError(`the record cannot be kept: it has ${bytes} bytes; allowed: at most ${RECORD_LIMITS.bytes}`);
  return text;
}

export function readRecord(id: string, text: string): ReadRecord {
  const value = parsed(text);
  if (!isObject(value)) return { problem: 'is not a JSON object', newer: false };
  if (isWhole(value.schema) && value.schema > SESSION_SCHEMA) return { problem: `has schema ${value.schema}, which a later version reads`, newer: true };
  const problem = problemWith(value) ?? (value.id === id ? undefined : 'id is that of another session');
  return problem === undefined ? { record: value as unknown as SessionRecord } : { problem, newer: false };
}

function parsed(text: string): unknown {
  try {
    return parseStrictJson(text);
  } catch {
    return undefined;
  }
}

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown, record: Fields) => boolean;

const { name, owner, fingerprint, sealedKey, sealedEnv, entryPoints, path, metadata, metadataKey, metadataValue } = RECORD_LIMITS;

/** What each field must be. Fields that are not named here belong to a later version. */
const CHECKS: Readonly<Record<Exclude<keyof SessionRecord, 'worker'>, Check>> = {
  schema: (value) => value === SESSION_SCHEMA,
  id: (value) => typeof value === 'string' && isSessionId(value),
  kind: isOneOf(SESSION_KINDS),
  namespace: isText(name),
  name: isText(name),
  owner: isOptional(isText(owner)),
  phase: isOneOf(SESSION_PHASES),
  createdAt: isWhole,
  expiresAt: (value, { createdAt }) => isWhole(value) && isWhole(createdAt) && value > createdAt && value - createdAt <= LONGEST_SESSION,
  idleTimeout: (value) => isWhole(value) && value > 0 && value <= LONGEST_SESSION,
  sealedKey: isText(sealedKey),
  sealedEnv: isOptional(isText(sealedEnv)),
  fingerprint: isOptional(isText(fingerprint)),
  egress: isOptional((value) => typeof value === 'boolean'),
  metadata: isOptional(isMetadata),
};

const WORKER_CHECKS: Readonly<Record<keyof NonNullable<SessionRecord['worker']>, Check>> = {
  pool: isText(name),
  podName: isText(name),
  podUid: isText(name),
  podIP: (value) => typeof value === 'string' && isIP(value) !== 0,
  entryPoints: (value) => Array.isArray(value) && value.length <= entryPoints && value.every(isEntryPoint),
};

/** The first field that is not as it must be. */
function problemWith(record: object): string | undefined {
  const fields = record as Fields;
  return problemIn(CHECKS, fields, '') ?? problemWithWorker(fields);
}

function problemWithWorker({ phase, worker }: Fields): string | undefined {
  if (worker === undefined) return phase === 'ready' ? 'worker is missing, and the phase is ready' : undefined;
  return isObject(worker) ? problemIn(WORKER_CHECKS, worker, 'worker.') : 'worker is not an object';
}

function problemIn(checks: Readonly<Record<string, Check>>, fields: Fields, prefix: string): string | undefined {
  const wrong = Object.entries(checks).find(([field, isGood]) => !isGood(fields[field], fields));
  return wrong === undefined ? undefined : `${prefix}${wrong[0]} is missing, too long or of another form`;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isText(longest: number): Check {
  return (value) => typeof value === 'string' && value !== '' && value.length <= longest;
}

function isOneOf(values: readonly string[]): Check {
  return (value) => typeof value === 'string' && values.includes(value);
}

function isOptional(check: Check): Check {
  return (value, record) => value === undefined || check(value, record);
}

function isEntryPoint(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { port } = value;
  return isText(path)(value.path, value) && isOneOf(ENTRY_POINT_PROTOCOLS)(value.protocol, value) && isWhole(port) && port >= 1 && port <= 65_535;
}

function isMetadata(value: unknown): boolean {
  if (!isObject(value)) return false;
  const entries = Object.entries(value);
  return entries.length <= metadata
    && entries.every(([key, text]) => key.length <= metadataKey && typeof text === 'string' && text.length <= metadataValue);
}
