import type { Caller } from './caller';
import type { CatalogRun } from './catalog';
import type { BrokerCode } from '../../../src/protocol/broker-api';
import { ownAccount } from '../../../src/protocol/names';

/** What a caller wants to do; the names of the endpoints are those of the capabilities. */
export type Endpoint = 'issue' | 'validate-egress' | 'substitute-auth';

/** A run as a request names it; it need not exist. */
export interface RunName {
  readonly namespace: string;
  readonly name: string;
}

export interface Denial {
  readonly code: BrokerCode;
  readonly message: string;
}

/** Capabilities that count only together with proof of the run, in the additive field `egressToken`. */
const NEEDS_EGRESS_TOKEN: ReadonlySet<Endpoint> = new Set<Endpoint>(['validate-egress', 'substitute-auth']);

/** Whether the caller is the run: by its ServiceAccount, or because it speaks from the run's pod. A label would prove nothing. */
export function isRunItself(caller: Caller, run: RunName, known: CatalogRun | undefined): boolean {
  if (caller.namespace !== run.namespace) return false;
  if (caller.serviceAccount === ownAccount(run.name)) return true;
  return caller.podUid !== undefined && caller.podUid === known?.podUid;
}

/** Why the caller may not do this for the run; undefined when it may. Says nothing about whether the run exists. */
export function denialFor(endpoint: Endpoint, caller: Caller, run: RunName, known: CatalogRun | undefined): Denial | undefined {
  if (isRunItself(caller, run, known)) return undefined;
  if (!caller.capabilities.has(endpoint)) return { code: 'Forbidden', message: 'the caller may not act for this run' };
  if (!NEEDS_EGRESS_TOKEN.has(endpoint)) return undefined;
  return { code: 'Forbidden', message: `capability ${endpoint} needs an egress token, which this broker does not support yet` };
}
