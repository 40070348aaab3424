import { brokerFailure, brokerRefusal } from './broker-refusal';
import type { OperatorDeps } from '../../operator-deps';
import { brokerTrouble } from '../news';
import { done, Outcome, RunWork } from '../run-work';

/** Takes the token by which the run connects outwards. It ends with the run, so it is in no status and needs no revoking. */
export async function issueEgressToken(deps: Pick<OperatorDeps, 'broker' | 'log'>, work: RunWork): Promise<Outcome<string>> {
  try {
    const { value } = await deps.broker.issueEgress(work.run);
    work.condition('BrokerReady', 'Issued');
    return done(value);
  } catch (error) {
    const { condition, message, outcome } = brokerRefusal(brokerFailure(deps, error), work, "the run's egress token");
    // A broker that asks for time takes back nothing of what it lacked, as with credentials.
    if (condition !== 'RateLimited' || brokerTrouble(work.status) === undefined) work.condition('BrokerReady', condition, message);
    return outcome;
  }
}
