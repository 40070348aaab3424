import {
  BROKER_ROUTES, IssueEgressResponse, IssueRequest, IssueResponse, RenewRequest, RenewResponse, RevokeRequest, RUN_HEADER, RUN_NAMESPACE_HEADER,
  RUN_UID_HEADER,
} from '../../../src/protocol/broker-api';
import type { TemplateIdentity } from '../../../src/protocol/policy';
import { time } from '../../../src/protocol/resources/common';
import { harnessRunStatus } from '../../../src/protocol/resources/harness-run-status';
import { ObjectSchema, schema } from '../../../src/protocol/schema/types';
import { problemsOf } from '../../../src/protocol/schema/validate';
import { fieldsOf } from '../server/text/fields';
import { brokerAt, BrokerEndpoint, BrokerFailure, refusedBy } from '../server/wire/broker-exchange';
import type { HttpsAnswer } from '../server/wire/https-exchange';

/** A run, as the broker is told: by its UID too, so that a later run of the name is not taken for it. */
export interface BrokerRun {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** The broker, as far as runs need it. All reject with `BrokerFailure`, and can be repeated: the same question gets the same lease. */
export interface RunBroker {
  /** `template` is what the pod will be made of; the broker refuses when it sees another one. */
  issue(run: BrokerRun, name: string, template: TemplateIdentity): Promise<IssueResponse>;
  /** A token by which the run connects outwards. */
  issueEgress(run: BrokerRun): Promise<IssueEgressResponse>;
  renew(run: BrokerRun, names: readonly string[]): Promise<RenewResponse>;
  /** Also when there is no such lease, or no such run any more. */
  revoke(run: BrokerRun, lease: Required<Pick<RevokeRequest, 'provider' | 'leaseId' | 'credentialName'>>): Promise<void>;
}

/** Calls for one run at the same time. */
export const CALLS_AT_ONCE = 4;

/** A credential that is handed out as it is may be as long as a Secret. https://kubernetes.io/docs/concepts/configuration/secret/ */
const MAX_VALUE = 1024 * 1024;
const MAX_ANSWER = 2 * MAX_VALUE;

export function brokerClient(endpoint: BrokerEndpoint): RunBroker {
  const askBroker = brokerAt(endpoint);
  const ask = (run: BrokerRun, path: string, body: object): Promise<HttpsAnswer> => askBroker({
    path, body, headers: { [RUN_HEADER]: run.name, [RUN_NAMESPACE_HEADER]: run.namespace, [RUN_UID_HEADER]: run.uid }, maxAnswerBytes: MAX_ANSWER,
  });
  return {
    issue: async (run, name, template) => checked(await ask(run, BROKER_ROUTES.issue, { name, template } satisfies IssueRequest), ISSUED, 'lease'),
    issueEgress: async (run) => checked(await ask(run, BROKER_ROUTES.issueEgress, {}), EGRESS, 'token'),
    renew: async (run, names) => checked(await ask(run, BROKER_ROUTES.renew, { names } satisfies RenewRequest), RENEWED, 'list of leases'),
    revoke: async (run, lease) => {
      const answer = await ask(run, BROKER_ROUTES.revoke, lease satisfies RevokeRequest);
      if (!isRevoked(answer)) throw refusedBy(answer);
    },
  };
}

/** What is not there any more needs no revoking; a path that is not there has revoked nothing. */
function isRevoked({ status, body }: HttpsAnswer): boolean {
  return status === 204 || status === 200 || (status === 404 && fieldsOf(body)?.code !== 'NotFound');
}

const { properties: LEASE } = harnessRunStatus.properties.issuedLeases.items;
const { properties: CREDENTIAL } = harnessRunStatus.properties.credentials.items;
const value = schema({ type: 'string', minLength: 1, maxLength: MAX_VALUE });

/** What does not fit the status of the run could not be kept there, and a lease that is nowhere is never revoked. */
const ISSUED = schema({
  type: 'object',
  required: ['value', 'leaseId', 'expiresAt', 'provider', 'deliveryMode'],
  properties: {
    value,
    leaseId: LEASE.leaseID,
    expiresAt: time,
    provider: LEASE.provider,
    deliveryMode: CREDENTIAL.deliveryMode,
    hosts: CREDENTIAL.hosts,
    inContainerReason: CREDENTIAL.inContainerReason,
    poolSecretRef: LEASE.poolRef.properties.secretRef,
    poolSlotIndex: LEASE.poolRef.properties.slotIndex,
  },
});

const EGRESS = schema({ type: 'object', required: ['value', 'expiresAt'], properties: { value, expiresAt: time } });

const name = LEASE.credentialName;
const { credentials: { maxItems } } = harnessRunStatus.properties;
const RENEWED = schema({
  type: 'object',
  required: ['leases'],
  properties: {
    leases: {
      type: 'array', maxItems, items: { type: 'object', required: ['name', 'leaseId', 'expiresAt'], properties: { name, leaseId: LEASE.leaseID, expiresAt: time } },
    },
    refused: { type: 'array', maxItems, items: { type: 'object', required: ['name', 'code'], properties: { name, code: { type: 'string', maxLength: 64 } } } },
  },
});

/** The known fields of an answer. What is wrong with it is not said: that would repeat what it holds. */
function checked<T>(answer: HttpsAnswer, form: ObjectSchema, what: string): T {
  if (answer.status !== 200) throw refusedBy(answer);
  const fields = Object.entries(fieldsOf(answer.body) ?? {}).filter(([field]) => Object.hasOwn(form.properties ?? {}, field));
  const known = Object.fromEntries(fields);
  if (problemsOf(form, known, '').length > 0) throw new BrokerFailure('Refused', `the broker answered without a ${what}`);
  return known as T;
}
