import type { KeyObject } from 'node:crypto';
import { claimWorker } from './claim';
import { refuseOversized, refuseTaken } from './credentials';
import { credentialsOf, hasWayOut, wayOut } from './egress';
import { takeBack } from './end';
import { reserve, Reserved, reserveOnce } from './reserve';
import { writeRecord } from './write';
import type { PoolEntry } from '../../../../src/protocol/session-pools';
import { SESSION_SCHEMA, SessionRecord } from '../../../../src/protocol/session-record';
import { CONTROLLER_ANSWER_TIME } from '../../../../src/protocol/sessions-api';
import { SealedFor, sealSecret } from '../../crypto/envelope';
import { newP256Pair, P256Pair } from '../../crypto/p256';
import type { Kept } from '../../store/store';
import { isStoreError } from '../../store/store-error';
import type { ControllerDeps } from '../controller-deps';
import { shakeHands } from '../handshake';
import { fingerprintOf, idsOfKey } from './idempotency';
import type { Principal } from '../auth/principal';
import { refusalOf, refuse } from '../refuse';
import type { Environment } from './session-env';
import { timesOf, WantedSession } from './session-request';

/** Milliseconds of a creation beyond the wait for a worker: claim, token, handshake and store. What is left is for taking it back. */
export const CREATION_TIME = CONTROLLER_ANSWER_TIME - 10_000;

/** What a session is made of. */
interface Making {
  readonly pool: PoolEntry;
  readonly publicKey: KeyObject;
  readonly env?: Environment;
}

/** A session that may be used, new or the one that the same request has made before. `gone` says that nobody waits any more, and why. */
export async function createSession(deps: ControllerDeps, wanted: WantedSession, principal: Principal, gone: AbortSignal): Promise<SessionRecord> {
  const pool = poolOf(deps, wanted, principal);
  refuseTaken(wanted.env, credentialsOf(deps, pool));
  const pair = newP256Pair();
  const draft: Drafting = (id, fingerprint) => drafted(deps, { id, fingerprint, wanted, pool, owner: principal.owner, pair });
  const { made, found } = await reserved(deps, draft, wanted, principal, gone);
  if (made === undefined) return found;
  const began = deps.clock();
  try {
    const record = await makeReady(deps, made, { pool, publicKey: pair.publicKey, env: wanted.env }, gone);
    deps.metrics.took('total', deps.clock() - began);
    // With an idempotency key somebody else may have got it meanwhile, or will come for it.
    if (gone.aborted && wanted.idempotencyKey === undefined) throw gone.reason;
    return record;
  } catch (error) {
    takeBack(deps, made.record);
    if (isStoreError(error, 'Conflict', 'Missing')) throw refuse('CONFLICT', 'the session was ended while it was made', { cause: error });
    throw refusalOf(error, made.record.id);
  }
}

function poolOf({ pools }: ControllerDeps, { namespace, name }: WantedSession, { namespaces }: Principal): PoolEntry {
  // Before the look, so that nobody learns what there is where they may have nothing.
  if (namespaces?.has(namespace) === false) throw refuse('FORBIDDEN', `the caller may not have sessions in the namespace ${JSON.stringify(namespace)}`);
  const pool = pools().find(namespace, name);
  if (pool === undefined) throw refuse('POOL_NOT_FOUND', `there is no pool ${JSON.stringify(`${namespace}/${name}`)}`);
  return pool;
}

type Drafting = (id: string, fingerprint?: string) => SessionRecord;

async function reserved(
  deps: ControllerDeps, draft: Drafting, wanted: WantedSession, { owner }: Principal, gone: AbortSignal,
): Promise<Reserved> {
  const id = deps.randomId();
  try {
    if (wanted.idempotencyKey === undefined) return await reserve(deps, draft(id));
    const { idKey } = deps.keys.sealing;
    const fingerprint = fingerprintOf(idKey, wanted);
    return await reserveOnce(deps, draftsOf(idsOfKey(idKey, owner, wanted), (one) => draft(one, fingerprint)), gone);
  } catch (error) {
    throw refusalOf(error, id);
  }
}

/** One at a time: most are never needed. */
function* draftsOf(ids: readonly string[], draft: (id: string) => SessionRecord): Iterable<SessionRecord> {
  for (const id of ids) yield draft(id);
}

interface Draft {
  readonly id: string;
  readonly fingerprint?: string;
  readonly wanted: WantedSession;
  readonly pool: PoolEntry;
  readonly owner?: string;
  readonly pair: P256Pair;
}

function drafted(deps: ControllerDeps, { id, fingerprint, wanted, pool, owner, pair }: Draft): SessionRecord {
  const { kind, namespace, name, metadata, env } = wanted;
  const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const session = { id, kind, namespace, name, ...(owner === undefined ? {} : { owner }), ...timesOf(wanted, pool, deps.clock()) };
  return {
    schema: SESSION_SCHEMA,
    ...session,
    phase: 'creating',
    sealedKey: sealSecret(deps.keys.sealing, pem, session, 'key'),
    ...(env === undefined ? {} : { sealedEnv: sealedEnv(deps, session, env) }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    // Said before there is a token, so that whoever ends what is half made revokes it.
    ...(hasWayOut(deps, pool) ? { egress: true } : {}),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

/** Claim, init, and only then a record that requests are led by. */
async function makeReady(deps: ControllerDeps, { record, version }: Kept, making: Making, gone: AbortSignal): Promise<SessionRecord> {
  const { pool, publicKey, env } = making;
  const { clock, wait, keys, handshakeTimes: times, metrics } = deps;
  const began = clock();
  const claimed = await claimWorker(deps, record, pool, gone);
  metrics.took('claim', clock() - began);
  const out = await wayOut(deps, { record, pool, claimed }, gone);
  const environment = Object.keys(out).length === 0 ? env : { ...env, ...out };
  if (environment !== env) refuseOversized(environment!);
  const { worker, ask } = claimed;
  const initBegan = clock();
  const session = { id: record.id, publicKey, podUid: worker.podUid, environment };
  await shakeHands({ ask, key: keys.bootstrap(), clock, wait, ...(times && { times }) }, session);
  metrics.took('init', clock() - initBegan);
  if (gone.aborted) throw gone.reason;
  // What changed of the environment is needed whenever the worker restarts.
  const resealed = environment === env ? {} : { sealedEnv: sealedEnv(deps, record, environment!) };
  // Nobody could use it before.
  return (await writeRecord(deps, { ...record, ...resealed, phase: 'ready', worker }, version, clock())).record;
}

function sealedEnv({ keys }: ControllerDeps, session: SealedFor, env: Environment): string {
  return sealSecret(keys.sealing, JSON.stringify(env), session, 'env');
}
