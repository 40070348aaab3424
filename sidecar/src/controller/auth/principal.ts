import type { IncomingHttpHeaders } from 'node:http';
import type { ControllerCaller } from './caller';
import { OWNER_PREFIXES } from '../../../../src/protocol/session-pools';
import { RECORD_LIMITS } from '../../../../src/protocol/session-record';
import { ADMIN_HEADER, OWNER_HEADER } from '../../../../src/protocol/sessions-api';
import { refuse } from '../refuse';

/** On whose behalf a request is, and what that lets it see. */
export interface Principal {
  /** Of the sessions that it makes; none when owners are not told apart. */
  readonly owner?: string;
  /** Whether it sees the sessions of everybody. */
  readonly seesAll: boolean;
  /** Whether it may ask for what only the gateway needs. */
  readonly onBehalf: boolean;
  /**
   * Where it may make sessions.
   * @default - anywhere
   */
  readonly namespaces?: ReadonlySet<string>;
}

/** Whether a session is there for somebody. What has no owner is there for those who are not told apart. */
export function sees({ owner, seesAll }: Principal, record: { readonly owner?: string }): boolean {
  return seesAll || record.owner === owner;
}

/** The principal of a request. Without a caller nobody is told apart, as in AgentCube, but a gateway may tell. */
export function principalOf(caller: ControllerCaller | undefined, headers: IncomingHttpHeaders): Principal {
  const owner = headers[OWNER_HEADER];
  const admin = headers[ADMIN_HEADER];
  if (caller?.onBehalf === false) return ofItself(caller, owner ?? admin);
  if (owner !== undefined && admin !== undefined) throw refuse('BAD_REQUEST', `the headers ${OWNER_HEADER} and ${ADMIN_HEADER} exclude each other`);
  if (owner !== undefined) return { ...(owner === '' ? {} : { owner: ownerIn(owner) }), seesAll: false, onBehalf: true };
  if (admin !== undefined && admin !== 'true') throw refuse('BAD_REQUEST', `the header ${ADMIN_HEADER} must be true`);
  if (admin === undefined && caller !== undefined) throw refuse('BAD_REQUEST', `a header must say on whose behalf the request is: ${OWNER_HEADER} or ${ADMIN_HEADER}`);
  return { seesAll: true, onBehalf: true };
}

function ofItself({ namespace, serviceAccount, namespaces }: ControllerCaller, claimed: string | string[] | undefined): Principal {
  if (claimed !== undefined) throw refuse('FORBIDDEN', `the caller may not send ${OWNER_HEADER} or ${ADMIN_HEADER}`);
  return { owner: `${OWNER_PREFIXES.serviceAccount}${namespace}:${serviceAccount}`, seesAll: false, onBehalf: false, namespaces };
}

/** What percent-encoding leaves as it is. Node joins a header that is there twice by a comma and a blank, which are none of it. */
const ENCODED = /^[A-Za-z0-9\-_.!~*'()%]+$/;
const CONTROL = /\p{Cc}/u;

function ownerIn(header: string | string[]): string {
  const owner = typeof header === 'string' && ENCODED.test(header) ? decoded(header) : undefined;
  if (owner === undefined || owner.length > RECORD_LIMITS.owner || CONTROL.test(owner)) {
    throw refuse('BAD_REQUEST', `the header ${OWNER_HEADER} must be 1 to ${RECORD_LIMITS.owner} printable characters, percent-encoded`);
  }
  return owner;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
