import { createPrivateKey, createPublicKey, KeyObject } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { endSession } from './end';
import { findSession } from './find';
import type { Environment } from './session-env';
import { isAlive } from './session-view';
import { writeRecord } from './write';
import type { SessionRecord, SessionWorker } from '../../../../src/protocol/session-record';
import { openSecret, SecretUse } from '../../crypto/envelope';
import { orAborted, timeLimit } from '../../server/time/time-limit';
import type { Kept } from '../../store/store';
import { isStoreError } from '../../store/store-error';
import type { Principal } from '../auth/principal';
import type { ControllerDeps } from '../controller-deps';
import { HandshakeError, shakeHands } from '../handshake';
import { missing, notReady, refusalOf, refuse } from '../refuse';

/** Longest time in which a worker is found, in milliseconds; whoever asks at the same time waits with the first. */
const LOCATE = 20_000;

export type RecoverSession = (principal: Principal, id: string) => Promise<Kept>;

/** Makes the worker of a session serve it again after a restart, once for all who ask at the same time. */
export function recoverSessions(deps: ControllerDeps): RecoverSession {
  const open = new Map<string, Promise<Kept>>();
  return async (principal, id) => {
    const kept = await findSession(deps, principal, id);
    if (!isAlive(kept.record, deps.clock())) throw missing(id);
    if (kept.record.phase === 'creating') throw notReady('the session is being made');
    const running = open.get(id) ?? recovered(deps, kept).finally(() => open.delete(id));
    open.set(id, running);
    return running;
  };
}

async function recovered(deps: ControllerDeps, kept: Kept): Promise<Kept> {
  const { record } = kept;
  const worker = record.worker!;
  const limit = timeLimit(deps.after, LOCATE);
  try {
    const found = await orAborted(deps.provider.locate(record.namespace, record.id, worker), limit.signal);
    if (found === undefined) return await lost(deps, record);
    const [publicKey, environment] = await Promise.all([publicKeyOf(deps, record), environmentOf(deps, record)]);
    const { clock, wait, keys, handshakeTimes: times } = deps;
    const session = { id: record.id, publicKey, podUid: found.worker.podUid, environment };
    await shakeHands({ ask: found.ask, key: keys.bootstrap(), clock, wait, ...(times && { times }) }, session);
    return isDeepStrictEqual(found.worker, worker) ? kept : await moved(deps, kept, found.worker);
  } catch (error) {
    // Whatever it serves now, it is not this session, and never will be again.
    if (error instanceof HandshakeError && error.code === 'Taken') return await lost(deps, record);
    if (error instanceof HandshakeError && error.code === 'Unreachable') throw notReady('the worker of the session does not answer', error);
    if (limit.signal.aborted) throw notReady('the worker of the session could not be found in time', error);
    throw refusalOf(error, record.id);
  } finally {
    limit.end();
  }
}

/** The record leads to where the worker is now. Whoever was faster has found the same. */
async function moved(deps: ControllerDeps, { record, version }: Kept, worker: SessionWorker): Promise<Kept> {
  try {
    return await writeRecord(deps, { ...record, worker }, version);
  } catch (error) {
    if (!isStoreError(error, 'Conflict')) throw error;
    throw notReady('the session was changed at the same time', error);
  }
}

/** A session without its worker is over: what was in it is gone. */
async function lost(deps: ControllerDeps, { id, worker }: SessionRecord): Promise<never> {
  const isLost = ({ record }: Kept): boolean => record.phase === 'ending' || record.worker?.podUid === worker?.podUid;
  await endSession(deps, id, 'WorkerLost', isLost).catch((error: unknown) => {
    throw refusalOf(error, id);
  });
  throw missing(id);
}

async function publicKeyOf(deps: ControllerDeps, record: SessionRecord): Promise<KeyObject> {
  return createPublicKey(createPrivateKey(await opened(deps, record.sealedKey, record, 'key')));
}

async function environmentOf(deps: ControllerDeps, record: SessionRecord): Promise<Environment | undefined> {
  const { sealedEnv } = record;
  return sealedEnv === undefined ? undefined : JSON.parse(await opened(deps, sealedEnv, record, 'env')) as Environment;
}

async function opened({ keys }: ControllerDeps, sealed: string, record: SessionRecord, use: SecretUse): Promise<string> {
  const secret = await openSecret(keys.sealing, sealed, record, use);
  if (secret.failure !== undefined) throw refuse('SESSION_PRIVATE_KEY_NOT_FOUND', `the ${use} of the session cannot be opened: ${secret.failure}`);
  return secret.text;
}
