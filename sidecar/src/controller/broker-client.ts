import {
  BROKER_ROUTES, DeliveryMode, IssueEgressRequest, IssueEgressResponse, IssueRequest, IssueResponse, RevokedSession, RevokeRequest, SessionSubject,
} from '../../../src/protocol/broker-api';
import { fieldsOf } from '../server/text/fields';
import { brokerAt, BrokerEndpoint, BrokerFailure, refusedBy } from '../server/wire/broker-exchange';
import type { HttpsAnswer } from '../server/wire/https-exchange';

export { BrokerFailure } from '../server/wire/broker-exchange';

/** What the broker hands out. */
export type Credential = Pick<IssueResponse, 'value' | 'deliveryMode'>;

/** The broker, as far as sessions need it. All reject with `BrokerFailure`, and can be repeated. */
export interface SessionBroker {
  /** A token by which the session connects outwards. */
  issue(session: SessionSubject): Promise<string>;
  /** A credential for the session that the token is for. */
  credential(name: string, egressToken: string): Promise<Credential>;
  /** Makes every token of the session worthless; also when there is none. */
  revoke(session: RevokedSession): Promise<void>;
}

export function brokerClient(broker: BrokerEndpoint): SessionBroker {
  const askBroker = brokerAt(broker);
  const ask = (path: string, body: object): Promise<HttpsAnswer> => askBroker({ path, body });
  return {
    issue: async (session) => tokenIn(await ask(BROKER_ROUTES.issueEgress, { session } satisfies IssueEgressRequest)),
    credential: async (name, egressToken) => credentialIn(await ask(BROKER_ROUTES.issue, { name, egressToken } satisfies IssueRequest)),
    revoke: async (session) => {
      const answer = await ask(BROKER_ROUTES.revoke, { session } satisfies RevokeRequest);
      if (answer.status !== 204 && answer.status !== 200) throw refusedBy(answer);
    },
  };
}

function tokenIn(answer: HttpsAnswer): string {
  if (answer.status !== 200) throw refusedBy(answer);
  const { value } = (fieldsOf(answer.body) ?? {}) as Partial<IssueEgressResponse>;
  if (typeof value !== 'string' || value === '') throw new BrokerFailure('Refused', 'the broker answered without a token');
  return value;
}

const DELIVERIES: readonly unknown[] = ['ProxyInjected', 'InContainer'] satisfies DeliveryMode[];

function credentialIn(answer: HttpsAnswer): Credential {
  if (answer.status !== 200) throw refusedBy(answer);
  const { value, deliveryMode } = (fieldsOf(answer.body) ?? {}) as Partial<IssueResponse>;
  const isWhole = typeof value === 'string' && value !== '' && DELIVERIES.includes(deliveryMode);
  if (!isWhole) throw new BrokerFailure('Refused', 'the broker answered without a credential');
  return { value, deliveryMode: deliveryMode! };
}
