import { latestEnd } from './egress';
import { takeBack } from './end';
import type { PoolEntry } from '../../../../src/protocol/session-pools';
import type { SessionRecord } from '../../../../src/protocol/session-record';
import { orAborted, timeLimit } from '../../server/time/time-limit';
import type { ControllerDeps } from '../controller-deps';
import { refuse } from '../refuse';
import { ClaimedWorker, ProviderError } from '../worker-provider';

/** Milliseconds that a claim may take beyond the wait for a worker. */
const LEEWAY = 10_000;

/** A worker for the session, within bounds. */
export async function claimWorker(deps: ControllerDeps, record: SessionRecord, pool: PoolEntry, gone: AbortSignal): Promise<ClaimedWorker> {
  const { provider, after, claimMilliseconds, metrics } = deps;
  const wait = timeLimit(after, claimMilliseconds);
  const whole = timeLimit(after, claimMilliseconds + LEEWAY);
  const signal = AbortSignal.any([gone, wait.signal]);
  const claiming = provider.claim(pool, { sessionId: record.id, deadline: latestEnd(record, pool), signal });
  try {
    return await orAborted(claiming, whole.signal);
  } catch (error) {
    if (whole.signal.aborted) {
      // What comes now would be nobody's.
      claiming.then(() => takeBack(deps, record), () => undefined);
      throw refuse('CREATION_TIMEOUT', 'no worker was claimed in time', { cause: error });
    }
    if (gone.aborted) throw gone.reason;
    const failure = error instanceof ProviderError || !wait.signal.aborted ? error : new ProviderError('PoolEmpty', 'the wait for a worker was over', error);
    if (failure instanceof ProviderError && failure.code === 'PoolEmpty') metrics.poolEmpty(pool);
    throw failure;
  } finally {
    wait.end();
    whole.end();
  }
}
