import { labelName, objectName, text, time } from './common';
import { AGE, ResourceKind } from './kind';
import { equal } from '../schema/equal';
import { CelRule } from '../schema/rule';
import { schema, TypeOf } from '../schema/types';

/** What a decision was. */
export const DECISIONS = ['granted', 'denied', 'warned'] as const;

/** What a decision was about. `audit-anchor` is ours: it holds the head of a replica's audit stream. */
export const AUDIT_KINDS = [
  'credential-issued',
  'credential-denied',
  'credential-revoked',
  'credential-renewed',
  'credential-renewal-failed',
  'egress-allow',
  'egress-block',
  'egress-discovery-allow',
  'egress-block-summary',
  'policy-applied',
  'policy-rejected',
  'broker-unavailable',
  'run-failed',
  'run-completed',
  'ca-projected',
  'ca-misconfigured',
  'network-policy-enforcement-withdrawn',
  'broker-creds-tampered',
  'interception-mode-cooperative-accepted',
  'prompt-submitted',
  'prompt-completed',
  'shell-session-opened',
  'shell-session-closed',
  'interactive-run-terminated',
  'audit-anchor',
] as const;
export type AuditKind = (typeof AUDIT_KINDS)[number];

/** Longest reason and longest value in `detail`; emitters cut their texts to it. */
export const MAX_REASON_LENGTH = text.maxLength;

/** The destination as it was asked for: a denied one need not be a well-formed host. */
const destination = schema({
  type: 'object',
  required: ['host'],
  properties: {
    host: { type: 'string', minLength: 1, maxLength: 253, description: 'host as it was asked for' },
    port: { type: 'integer', minimum: 1, maximum: 65535, description: 'port as it was asked for' },
  },
});

const specRules: readonly CelRule[] = [
  {
    rule: 'self == oldSelf',
    message: 'an audit event cannot change',
    holds: (self, oldSelf) => equal(self, oldSelf),
  },
  {
    // One event may stand for many decisions, but it must say for which time.
    rule: '!has(self.count) || self.count == 1 || (has(self.windowStart) && has(self.windowEnd))',
    message: 'count above 1 must come with windowStart and windowEnd',
    holds: (self) => self.count === undefined || self.count === 1 || (self.windowStart !== undefined && self.windowEnd !== undefined),
  },
  {
    rule: '!has(self.windowStart) || !has(self.windowEnd) || self.windowStart <= self.windowEnd',
    message: 'windowStart must not be after windowEnd',
    holds: (self) => self.windowStart === undefined || self.windowEnd === undefined || Date.parse(self.windowStart) <= Date.parse(self.windowEnd),
  },
  {
    rule: "self.kind != 'egress-block-summary' || (has(self.count) && has(self.windowStart) && has(self.windowEnd))",
    message: 'kind egress-block-summary must have count, windowStart and windowEnd',
    holds: (self) => self.kind !== 'egress-block-summary' || [self.count, self.windowStart, self.windowEnd].every((field) => field !== undefined),
  },
  {
    rule: "self.kind == 'egress-block-summary' || !has(self.sampleDestinations)",
    message: 'sampleDestinations are for kind egress-block-summary only',
    holds: (self) => self.kind === 'egress-block-summary' || self.sampleDestinations === undefined,
  },
];

export const auditEventSpec = schema({
  'type': 'object',
  'description': 'what was decided; it cannot change',
  'required': ['decision', 'kind', 'timestamp'],
  'properties': {
    runRef: {
      type: 'object',
      description: 'on whose behalf it was asked',
      required: ['name'],
      properties: { name: { ...labelName, description: 'name of the run, or id of the session' } },
    },
    decision: { type: 'string', enum: DECISIONS, description: 'what was decided' },
    kind: { type: 'string', enum: AUDIT_KINDS, description: 'what the decision was about; audit-anchor holds the head of an audit log' },
    timestamp: { ...time, description: 'when it was decided; the last time where the event stands for several decisions' },
    destination: { ...destination, description: 'where a connection or request was to go' },
    credential: {
      type: 'object',
      description: 'the credential that it was about',
      required: ['name'],
      properties: {
        name: { type: 'string', minLength: 1, maxLength: 253, description: 'name of the credential' },
        provider: { type: 'string', maxLength: 64, description: 'kind of its provider' },
      },
    },
    matchedPolicy: {
      type: 'object',
      description: 'the BrokerPolicy that granted it',
      required: ['name'],
      properties: { name: { ...objectName, description: 'name of the policy' } },
    },
    reason: { ...text, description: 'why, for people; never a secret' },
    count: { type: 'integer', minimum: 1, maximum: 2_147_483_647, description: 'decisions that the event stands for; 1 without it' },
    sampleDestinations: { type: 'array', maxItems: 3, items: destination, description: 'some of the destinations of an egress-block-summary' },
    windowStart: { ...time, description: 'when the first of several decisions was made' },
    windowEnd: { ...time, description: 'when the last of several decisions was made' },
    detail: { type: 'object', maxProperties: 32, additionalProperties: text, description: 'where the whole record is in the audit log, and what else there is to say' },
  },
  'x-kubernetes-validations': specRules,
});

export type AuditEventSpec = TypeOf<typeof auditEventSpec>;

export const AUDIT_EVENT: ResourceKind = {
  kind: 'AuditEvent',
  plural: 'auditevents',
  singular: 'auditevent',
  shortNames: ['ae'],
  scope: 'Namespaced',
  description: 'one decision, or several of one kind in a window of time',
  spec: auditEventSpec,
  printerColumns: [
    { name: 'Decision', type: 'string', jsonPath: '.spec.decision' },
    { name: 'Kind', type: 'string', jsonPath: '.spec.kind' },
    { name: 'Run', type: 'string', jsonPath: '.spec.runRef.name' },
    { name: 'Host', type: 'string', jsonPath: '.spec.destination.host', priority: 1 },
    { name: 'Reason', type: 'string', jsonPath: '.spec.reason', priority: 1 },
    AGE,
  ],
};
