import { hasEgress } from './egress';
import { hasRuns, RunsWanted } from './runs';
import { BrokerCaller, BrokerCapability, BrokerSubject } from '../broker-caller';
import { BrokerOptions } from '../broker-options';
import { OBJECTS } from '../protocol/objects';
import { SessionOptions } from '../session-options';

interface Wanted extends RunsWanted {
  readonly sessions?: SessionOptions;
}

/** The broker knows the parts of its platform that call it; without API server it knows no ServiceAccounts. */
export function withOwnCallers(namespace: string, { broker = {}, egress, runs, sessions = {} }: Wanted): BrokerOptions {
  if (broker.catalog?.configMapName !== undefined) return broker;
  const own = [
    ...(sessions.enabled === false ? [] : [controller(namespace)]),
    ...(hasEgress({ broker, egress }) ? [proxy(namespace)] : []),
    ...(hasRuns({ broker, egress, runs }) ? [operator(namespace)] : []),
  ];
  return { ...broker, callers: [...broker.callers ?? [], ...own] };
}

/** For sessions alone. */
function controller(namespace: string): BrokerCaller {
  const { ISSUE, ISSUE_EGRESS, REVOKE } = BrokerCapability;
  return { namespace, serviceAccount: OBJECTS.controller, capabilities: [ISSUE, ISSUE_EGRESS, REVOKE], subjects: [BrokerSubject.SESSIONS] };
}

/** For runs alone. */
function operator(namespace: string): BrokerCaller {
  const { ISSUE, ISSUE_EGRESS, RENEW, REVOKE } = BrokerCapability;
  return { namespace, serviceAccount: OBJECTS.operator, capabilities: [ISSUE, ISSUE_EGRESS, RENEW, REVOKE], subjects: [BrokerSubject.RUNS] };
}

/** For whoever shows it a token: both capabilities count together with one only. */
function proxy(namespace: string): BrokerCaller {
  const { VALIDATE_EGRESS, SUBSTITUTE_AUTH } = BrokerCapability;
  return { namespace, serviceAccount: OBJECTS.egress, capabilities: [VALIDATE_EGRESS, SUBSTITUTE_AUTH] };
}
