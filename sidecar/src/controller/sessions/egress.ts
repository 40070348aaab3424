import type { PoolEntry } from '../../../../src/protocol/session-pools';
import { LONGEST_SESSION, SessionRecord } from '../../../../src/protocol/session-record';
import { wayOutEnvironment } from '../../../../src/protocol/way-out-env';
import { BrokerFailure } from '../broker-client';
import type { ControllerDeps } from '../controller-deps';
import { surrogates } from './credentials';
import type { Environment } from './session-env';
import type { ClaimedWorker } from '../worker-provider';

type EgressDeps = Pick<ControllerDeps, 'broker' | 'proxyUrl' | 'wait'>;

/** Whether sessions of the pool get a token. */
export function hasWayOut({ broker }: Pick<ControllerDeps, 'broker'>, { template }: PoolEntry): boolean {
  return broker !== undefined && template !== undefined;
}

/** Names of the credentials that sessions of the pool get. */
export function credentialsOf(deps: Pick<ControllerDeps, 'broker'>, pool: PoolEntry): readonly string[] {
  return hasWayOut(deps, pool) ? pool.credentials ?? [] : [];
}

/** The latest end that a session may ever have: that of its token and of its worker. */
export function latestEnd({ createdAt }: Pick<SessionRecord, 'createdAt'>, { maxSessionSeconds }: PoolEntry): number {
  return createdAt + maxSessionSeconds * 1000;
}

/** For whom a way out is. */
export interface Leaving {
  readonly record: SessionRecord;
  readonly pool: PoolEntry;
  readonly claimed: ClaimedWorker;
}

/** What a session with a way out has in its environment; nothing without one. */
export async function wayOut({ broker, proxyUrl, wait }: EgressDeps, { record, pool, claimed }: Leaving, gone: AbortSignal): Promise<Environment> {
  if (broker === undefined || record.egress !== true) return {};
  const token = await broker.issue({
    namespace: record.namespace,
    pool: pool.name,
    id: record.id,
    podUID: claimed.worker.podUid,
    podIPs: claimed.podIPs,
    template: pool.template,
    notAfter: new Date(latestEnd(record, pool)).toISOString(),
  });
  const proxy = await proxyUrl(record.namespace);
  if (proxy === undefined) return {};
  return { ...wayOutEnvironment(proxy, record.id, token), ...await surrogates({ broker, wait }, pool.credentials ?? [], token, gone) };
}

/** Until when the token of a session may be good, and is revoked after its end: no other session may have its id before. */
export function latestTokenEnd(pools: ReturnType<ControllerDeps['pools']>, record: SessionRecord): number {
  const pool = pools.find(record.namespace, record.name);
  return Math.max(record.expiresAt, pool === undefined ? record.createdAt + LONGEST_SESSION : latestEnd(record, pool));
}

/** Makes the token of a session worthless, for as long as it would have been good. */
export async function revokeEgress({ broker, pools, clock, log }: Pick<ControllerDeps, 'broker' | 'pools' | 'clock' | 'log'>, record: SessionRecord): Promise<void> {
  if (broker === undefined || record.egress !== true) return;
  const until = latestTokenEnd(pools(), record);
  if (until <= clock()) return;
  await broker.revoke({ namespace: record.namespace, id: record.id, notAfter: new Date(until).toISOString() }).catch((err: unknown) => {
    // Whoever will not revoke would keep the session from ending for ever. The pod that the token is bound to is gone.
    if (!(err instanceof BrokerFailure) || err.code !== 'Refused') throw err;
    log.error({ err, session: record.id }, 'the way out of a session that has ended could not be revoked');
  });
}
