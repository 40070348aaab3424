import { conditions, count, keyRef, labelName, observedGeneration, objectName, text, time } from './common';
import { PROVIDER_KINDS } from './credential-grant';
import { MAX_RECENT_EVENTS } from './harness-template';
import { AGENT_PHASES, RUN_PHASES } from './phases';
import { schema, TypeOf } from '../schema/types';

const provider = schema({ type: 'string', enum: PROVIDER_KINDS });

const leaseId = schema({ type: 'string', minLength: 1, maxLength: 128 });

/** Most leases of one run, spent ones included. */
export const MAX_LEASES = 256;

const event = schema({
  type: 'object',
  required: ['schemaVersion', 'ts', 'type'],
  properties: {
    schemaVersion: { type: 'string', maxLength: 16 },
    ts: time,
    type: { type: 'string', maxLength: 64 },
    summary: text,
    fields: { type: 'object', maxProperties: 32, additionalProperties: text },
  },
});

const link = schema({ type: 'string', maxLength: 2048 });

const outputs = schema({
  type: 'object',
  properties: {
    pullRequests: { type: 'array', maxItems: 64, items: link },
    filesChanged: count,
    summary: { type: 'string', maxLength: 16384 },
    artifacts: { type: 'array', maxItems: 64, items: link },
  },
});

const credential = schema({
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 253 },
    provider,
    deliveryMode: { type: 'string', enum: ['ProxyInjected', 'InContainer'] },
    hosts: { type: 'array', maxItems: 12, items: { type: 'string', maxLength: 253 } },
    inContainerReason: { type: 'string', maxLength: 500 },
  },
});

/** No lease holds bearer bytes: whoever reads the status learns nothing to spend. */
const issuedLease = schema({
  type: 'object',
  required: ['provider', 'leaseID', 'credentialName'],
  properties: {
    provider,
    leaseID: leaseId,
    credentialName: { type: 'string', minLength: 1, maxLength: 253 },
    expiresAt: time,
    poolRef: {
      type: 'object',
      required: ['secretRef', 'slotIndex'],
      properties: { secretRef: keyRef, slotIndex: { type: 'integer', minimum: 0, maximum: 2_147_483_647 } },
    },
  },
});

const interactive = schema({
  type: 'object',
  properties: {
    promptCount: count,
    lastPromptAt: time,
    attachedSessions: count,
    lastAttachedAt: time,
    idleSince: time,
    currentTurnSeq: count,
    renewalCount: count,
    lastRenewalAt: time,
  },
});

/** Which role writes which field is in `status-writers.ts`. */
export const harnessRunStatus = schema({
  type: 'object',
  properties: {
    observedGeneration,
    phase: { type: 'string', enum: RUN_PHASES },
    agentPhase: { type: 'string', enum: AGENT_PHASES, description: 'what the agent in the pod does' },
    conditions,
    jobName: objectName,
    workspaceRef: labelName,
    podUID: { type: 'string', maxLength: 128, description: "the run's pod; callers from it act for the run" },
    podIPs: { type: 'array', maxItems: 16, items: { type: 'string', maxLength: 45 }, description: "addresses of the run's pod" },
    startTime: time,
    completionTime: time,
    recentEvents: { type: 'array', maxItems: MAX_RECENT_EVENTS, items: event },
    outputs,
    credentials: { 'type': 'array', 'maxItems': 32, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'], 'items': credential },
    networkPolicyEnforced: { type: 'boolean' },
    issuedLeases: {
      'type': 'array', 'maxItems': MAX_LEASES, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['leaseID'], 'items': issuedLease,
    },
    revokedLeases: {
      type: 'object',
      maxProperties: MAX_LEASES,
      description: 'lease id to the time of its revocation; a map, so that two writers never lose an entry',
      additionalProperties: time,
    },
    interactive,
  },
});

export type HarnessRunStatus = TypeOf<typeof harnessRunStatus>;
