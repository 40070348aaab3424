import { refuse } from '../refuse';
import { checkedEnv, Environment } from './session-env';
import { parseGoDuration } from '../../../../src/protocol/go-duration';
import type { PoolEntry } from '../../../../src/protocol/session-pools';
import { LONGEST_SESSION, RECORD_LIMITS, SessionKind, SHORTEST_IDLE } from '../../../../src/protocol/session-record';
import { CreateSessionRequest, IDEMPOTENCY_HEADER, IDEMPOTENCY_KEY_PATTERN, MAX_SESSION_METADATA } from '../../../../src/protocol/sessions-api';

/** What somebody wants of a session, checked. Times in milliseconds. */
export interface WantedSession {
  readonly kind: SessionKind;
  readonly namespace: string;
  readonly name: string;
  /** @default - as long as the pool allows */
  readonly ttl?: number;
  /** @default - that of the pool */
  readonly idleTimeout?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly env?: Environment;
  /** What a repeated request names. */
  readonly idempotencyKey?: string;
}

/** How long a session may go on. Milliseconds since 1970, but for the idle time. */
export interface SessionTimes {
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly idleTimeout: number;
}

const name = { type: 'string', minLength: 1, maxLength: RECORD_LIMITS.name } as const;
const ttl = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER } as const;
const texts = { type: 'object', additionalProperties: { type: 'string' } } as const;

/** A field that is not listed is refused, so that a client learns of its mistake. https://json-schema.org/draft-07 */
export const CREATE_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'namespace'],
  properties: { name, namespace: name, ttl, idleTimeout: { type: 'string' }, metadata: texts, env: texts, kind: { type: 'string' } },
} as const;

export const EXTEND_BODY = { type: 'object', additionalProperties: false, required: ['ttl'], properties: { ttl } } as const;

const IDEMPOTENCY_KEY = new RegExp(IDEMPOTENCY_KEY_PATTERN);

/** The wanted session of a body that has the form of `CREATE_BODY`. */
export function wantedSession(kind: SessionKind, body: CreateSessionRequest, idempotencyKey: string | string[] | undefined): WantedSession {
  const { namespace, name: pool, ttl: seconds, idleTimeout, metadata, env } = body;
  if (idempotencyKey !== undefined && (typeof idempotencyKey !== 'string' || !IDEMPOTENCY_KEY.test(idempotencyKey))) {
    throw refuse('BAD_REQUEST', `the header ${IDEMPOTENCY_HEADER} must be 1 to 255 visible ASCII characters, once`);
  }
  return {
    kind,
    namespace,
    name: pool,
    ...(seconds === undefined ? {} : { ttl: seconds * 1000 }),
    ...(idleTimeout === undefined ? {} : { idleTimeout: checkedIdle(idleTimeout) }),
    ...defined('metadata', checkedMetadata(metadata)),
    ...defined('env', checkedEnv(env)),
    ...defined('idempotencyKey', idempotencyKey),
  };
}

/** What the pool lets a session have of what it wants. */
export function timesOf({ ttl: wanted, idleTimeout }: WantedSession, pool: PoolEntry, now: number): SessionTimes {
  const longest = pool.maxSessionSeconds * 1000;
  const granted = Math.min(wanted ?? longest, longest);
  return { createdAt: now, expiresAt: now + granted, idleTimeout: Math.min(idleTimeout ?? pool.idleSeconds * 1000, granted) };
}

function checkedIdle(text: string): number {
  const milliseconds = Math.floor(parseGoDuration(text) ?? 0);
  if (milliseconds < SHORTEST_IDLE || milliseconds > LONGEST_SESSION) {
    throw refuse('BAD_REQUEST', `idleTimeout must be a duration from ${SHORTEST_IDLE / 1000}s to ${LONGEST_SESSION / 3_600_000}h, such as 90s or 1h30m, got ${JSON.stringify(text.slice(0, 64))}`);
  }
  return milliseconds;
}

function checkedMetadata(metadata: WantedSession['metadata']): WantedSession['metadata'] {
  const entries = Object.entries(metadata ?? {});
  const { metadata: most, metadataKey, metadataValue } = RECORD_LIMITS;
  if (entries.length > most) throw refuse('BAD_REQUEST', `metadata has ${entries.length} entries; allowed: at most ${most}`);
  for (const [key, value] of entries) {
    if (key.length > metadataKey) throw refuse('BAD_REQUEST', `metadata has a key of ${key.length} characters; allowed: at most ${metadataKey}`);
    if (value.length > metadataValue) throw refuse('BAD_REQUEST', `metadata[${JSON.stringify(key)}] has ${value.length} characters; allowed: at most ${metadataValue}`);
  }
  const bytes = Buffer.byteLength(JSON.stringify(metadata ?? {}));
  if (bytes > MAX_SESSION_METADATA) throw refuse('BAD_REQUEST', `metadata has ${bytes} bytes as JSON; allowed: at most ${MAX_SESSION_METADATA}`);
  return entries.length === 0 ? undefined : metadata;
}

function defined<Name extends string, Value>(field: Name, value: Value | undefined): { readonly [F in Name]?: Value } {
  return (value === undefined ? {} : { [field]: value }) as { readonly [F in Name]?: Value };
}
