import type { AskDaemon, DaemonAnswer } from './daemon-client';
import { BootstrapKey, initRequest, NewSession } from './init-token';
import { InitChallenge, SESSION_ROUTES } from '../../../src/protocol/session-api';
import { thumbprintOf } from '../crypto/p256';
import type { Clock } from '../server/time/clock';

/** Why a daemon did not become the session. */
export type HandshakeFailure =
  /** It serves another session, or this one with another key: the pod is lost to this session. */
  | 'Taken'
  /** It does not take what the controller signs; repeating changes nothing. */
  | 'Refused'
  /** It answered what no daemon answers. */
  | 'NoDaemon'
  /** No answer in time, or none that is final. */
  | 'Unreachable';

export class HandshakeError extends Error {
  constructor(readonly code: HandshakeFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'HandshakeError';
  }
}

/** Milliseconds. One attempt that hangs leaves time for others. */
export interface HandshakeTimes {
  /** For everything. */
  readonly total: number;
  /** For one attempt, challenge and init. */
  readonly attempt: number;
  /** Between two attempts. */
  readonly pause: number;
}

export const HANDSHAKE_TIMES: HandshakeTimes = { total: 10_000, attempt: 2_000, pause: 200 };

export interface Handshake {
  readonly ask: AskDaemon;
  readonly key: BootstrapKey;
  readonly clock: Clock;
  /** Resolves after the milliseconds, rejects when the signal comes first. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly times?: HandshakeTimes;
}

/** What the daemon has shown. */
export interface Initialized {
  readonly bootId: string;
  readonly keyThumbprint: string;
}

/** One step: the end, or why to try again. */
type Step = Initialized | { readonly again: string; readonly cause?: unknown };

/**
 * Makes the daemon serve the session, and is sure of it only when the daemon names the key. Whatever is lost on the way
 * can be asked again: with the same key the answer is the same. Throws `HandshakeError`.
 */
export async function shakeHands(handshake: Handshake, session: NewSession): Promise<Initialized> {
  const { times = HANDSHAKE_TIMES, wait } = handshake;
  const deadline = AbortSignal.timeout(times.total);
  let last: { readonly again: string; readonly cause?: unknown } = { again: 'nothing was tried' };
  while (!deadline.aborted) {
    const step = await attempt(handshake, session, AbortSignal.any([deadline, AbortSignal.timeout(times.attempt)]));
    if (!('again' in step)) return step;
    last = step;
    await wait(times.pause, deadline).catch(() => undefined);
  }
  throw new HandshakeError('Unreachable', `the daemon did not become the session in ${times.total} ms: ${last.again}`, last.cause);
}

async function attempt({ ask, key, clock }: Handshake, session: NewSession, signal: AbortSignal): Promise<Step> {
  const wanted = thumbprintOf(session.publicKey);
  try {
    const challenge = challengeOf(await ask({ method: 'GET', path: SESSION_ROUTES.init, signal }));
    if ('again' in challenge) return challenge;
    const { bootId, initialized, sessionId, keyThumbprint } = challenge;
    if (initialized && sessionId === session.id && keyThumbprint === wanted) return { bootId, keyThumbprint: wanted };
    if (initialized) throw new HandshakeError('Taken', 'the daemon serves another session or key');
    const body = await initRequest(session, challenge, key, clock());
    if (body === undefined) throw new HandshakeError('NoDaemon', 'the daemon shows no key on P-256');
    return outcomeOf(await ask({ method: 'POST', path: SESSION_ROUTES.init, body, signal }), bootId, session.id, wanted);
  } catch (error) {
    if (error instanceof HandshakeError) throw error;
    return { again: signal.aborted ? 'no answer in time' : 'the connection failed', cause: error };
  }
}

function challengeOf({ status, body }: DaemonAnswer): InitChallenge | { readonly again: string } {
  if (isPassing(status)) return { again: `GET /init answered ${status}` };
  const { bootId, publicKey, initialized } = fieldsOf(body);
  const isChallenge = typeof bootId === 'string' && bootId !== '' && typeof initialized === 'boolean' && typeof publicKey === 'object' && publicKey !== null;
  if (status !== 200 || !isChallenge) throw new HandshakeError('NoDaemon', `GET /init answered ${status} without a challenge`);
  return body as InitChallenge;
}

function outcomeOf({ status, body }: DaemonAnswer, bootId: string, sessionId: string, wanted: string): Step {
  const fields = fieldsOf(body);
  if (status === 200) {
    // Whoever cannot name boot, session and key may have pinned anything.
    if (fields.bootId !== bootId || fields.sessionId !== sessionId || fields.keyThumbprint !== wanted) {
      throw new HandshakeError('NoDaemon', 'the daemon does not name the boot, session and key of its init');
    }
    return { bootId, keyThumbprint: wanted };
  }
  if (status === 409) throw new HandshakeError('Taken', 'another session or key was pinned first');
  if (fields.reason === 'BOOT_ID_MISMATCH') return { again: 'the daemon has restarted' };
  if (isPassing(status)) return { again: `POST /init answered ${status}` };
  throw new HandshakeError('Refused', `POST /init answered ${status}: ${shown(fields.detail ?? fields.error)}`);
}

/** Statuses that say nothing about the next attempt. */
function isPassing(status: number): boolean {
  return status === 408 || status === 429 || status === 502 || status === 503 || status === 504;
}

const LONGEST_SHOWN = 200;

/** The pod may answer anything, and the text goes to logs. */
function shown(text: unknown): string {
  return typeof text === 'string' ? JSON.stringify(text.slice(0, LONGEST_SHOWN)) : 'no reason';
}

function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? body as Readonly<Record<string, unknown>> : {};
}
