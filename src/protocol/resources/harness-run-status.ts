import { TEMPLATE_KINDS } from './broker-policy';
import { conditions, count, keyRef, labelName, observedGeneration, objectName, text, time } from './common';
import { PROVIDER_KINDS } from './credential-grant';
import { MAX_IMAGE, MAX_RECENT_EVENTS } from './harness-template';
import { AGENT_PHASES, isTerminal, RUN_PHASES, TERMINAL_RUN_PHASES } from './phases';
import { CelRule, celList } from '../schema/rule';
import { schema, TypeOf } from '../schema/types';

const provider = schema({ type: 'string', enum: PROVIDER_KINDS, description: 'where the credential comes from' });

const leaseId = schema({ type: 'string', minLength: 1, maxLength: 128 });

/** Most leases of one run, spent ones included. */
export const MAX_LEASES = 256;

/** Longest reason of a cancellation that is kept, in characters: annotations may be very long, and runs stay when they are over. */
export const MAX_CANCEL_REASON = 200;

const event = schema({
  type: 'object',
  required: ['schemaVersion', 'ts', 'type'],
  properties: {
    schemaVersion: { type: 'string', maxLength: 16, description: 'version of the form of the event' },
    ts: { ...time, description: 'when it happened' },
    type: { type: 'string', maxLength: 64, description: 'what kind of event it is' },
    summary: { ...text, description: 'what happened, for people' },
    fields: { type: 'object', maxProperties: 32, additionalProperties: text, description: 'what else there is to say of it' },
  },
});

const link = schema({ type: 'string', maxLength: 2048 });

const outputs = schema({
  type: 'object',
  description: 'what the agent has made; not written by this version',
  properties: {
    pullRequests: { type: 'array', maxItems: 64, items: link, description: 'URLs of the pull requests that it has opened' },
    filesChanged: { ...count, description: 'how many files it has changed' },
    summary: { type: 'string', maxLength: 16384, description: 'what it says it has done' },
    artifacts: { type: 'array', maxItems: 64, items: link, description: 'where to find what else it has made' },
  },
});

const credential = schema({
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 253, description: 'name of the credential' },
    provider,
    deliveryMode: {
      type: 'string', enum: ['ProxyInjected', 'InContainer'], description: 'whether the agent has a surrogate of it, or the credential itself',
    },
    hosts: { type: 'array', maxItems: 12, items: { type: 'string', maxLength: 253 }, description: 'hosts that receive it in place of the surrogate' },
    inContainerReason: { type: 'string', maxLength: 500, description: 'why somebody has accepted that the agent has it itself' },
  },
});

/** No lease holds bearer bytes: whoever reads the status learns nothing to spend. */
const issuedLease = schema({
  type: 'object',
  required: ['provider', 'leaseID', 'credentialName'],
  properties: {
    provider,
    leaseID: { ...leaseId, description: 'id of the lease' },
    credentialName: { type: 'string', minLength: 1, maxLength: 253, description: 'name of the credential' },
    expiresAt: { ...time, description: 'when the lease ends unless it is renewed; never without it' },
    poolRef: {
      type: 'object',
      description: 'the token of a PAT pool that the lease is on',
      required: ['secretRef', 'slotIndex'],
      properties: {
        secretRef: { ...keyRef, description: 'key of the Secret with the tokens' },
        slotIndex: { type: 'integer', minimum: 0, maximum: 2_147_483_647, description: 'place of the token among them; the first is 0' },
      },
    },
  },
});

/** A `TemplateIdentity`. */
export const templateIdentity = schema({
  type: 'object',
  required: ['name', 'kind'],
  description: 'what the pod is made of; decides which policies apply to it, whatever becomes of the template',
  properties: {
    name: { ...objectName, description: 'name of the template' },
    kind: { type: 'string', enum: TEMPLATE_KINDS, description: 'kind of the template' },
    imageDigest: { type: 'string', maxLength: MAX_IMAGE, description: 'digest that its image is pinned to, if it is' },
    shadows: { type: 'boolean', description: 'a ClusterHarnessTemplate of the same name was there too' },
  },
});

/**
 * A write that took long must not take back an end that another one has told. It is a rule of the whole run: a rule that compares with
 * what was there is silent where its own field goes.
 */
export const endStays: CelRule = {
  rule: `!has(oldSelf.status) || !has(oldSelf.status.phase) || !(oldSelf.status.phase in ${celList(TERMINAL_RUN_PHASES)})`
    + ' || (has(self.status) && has(self.status.phase) && self.status.phase == oldSelf.status.phase)',
  message: 'a run that is over must stay as it ended',
  fieldPath: '.status.phase',
  holds: ({ status }, { status: was }) => was?.phase === undefined || !isTerminal(was.phase) || status?.phase === was.phase,
};

const interactive = schema({
  type: 'object',
  description: 'of interactive runs; not written by this version',
  properties: {
    promptCount: { ...count, description: 'prompts so far' },
    lastPromptAt: { ...time, description: 'when the last prompt came' },
    attachedSessions: { ...count, description: 'clients that are attached' },
    lastAttachedAt: { ...time, description: 'when a client was attached last' },
    idleSince: { ...time, description: 'since when the agent waits for a prompt' },
    currentTurnSeq: { ...count, description: 'number of the present prompt' },
    renewalCount: { ...count, description: 'how often leases were renewed' },
    lastRenewalAt: { ...time, description: 'when leases were renewed last' },
  },
});

/** Which role writes which field is in `status-writers.ts`. */
export const harnessRunStatus = schema({
  type: 'object',
  description: 'what has become of the run',
  properties: {
    observedGeneration,
    phase: { type: 'string', enum: RUN_PHASES, description: `where the run is; it never leaves ${TERMINAL_RUN_PHASES.join(', ')}` },
    agentPhase: { type: 'string', enum: AGENT_PHASES, description: `what the agent in the pod does: ${AGENT_PHASES.join(', ')}` },
    conditions: { ...conditions, description: 'Completed says why the run waits, or how it ended; the others what it needs' },
    jobName: { ...objectName, description: 'of paddock, which runs a Job; not written here' },
    podName: { ...objectName, description: 'the pod of the present attempt, or of the last one' },
    attempt: { type: 'integer', minimum: 0, maximum: 10, description: 'how often the run was begun again' },
    workspaceRef: { ...labelName, description: 'Workspace that the run works in, or waits for' },
    podUID: { type: 'string', maxLength: 128, description: "the run's pod; callers from it act for the run" },
    podIPs: { type: 'array', maxItems: 16, items: { type: 'string', maxLength: 45 }, description: "addresses of the run's pod" },
    template: templateIdentity,
    startTime: { ...time, description: 'when the run began; its timeout counts from here' },
    giveUpTime: { ...time, description: 'when the run, or its attempt, is given up unless what it waits for comes: template, policy, Workspace, name, broker or a container that starts' },
    nextAttemptTime: { ...time, description: 'when the run is begun again, after an attempt that failed' },
    cancelReason: { type: 'string', maxLength: MAX_CANCEL_REASON, description: 'why the run was cancelled: the value of the annotation when the operator first saw it' },
    completionTime: { ...time, description: 'when the run ended' },
    recentEvents: { type: 'array', maxItems: MAX_RECENT_EVENTS, items: event, description: 'what the agent has reported last; not written by this version' },
    outputs,
    credentials: {
      'type': 'array',
      'maxItems': 32,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      'description': 'credentials that the run has got, and how',
      'items': credential,
    },
    networkPolicyEnforced: { type: 'boolean', description: 'whether the NetworkPolicy of the run is there, as it was made' },
    issuedLeases: {
      'type': 'array',
      'maxItems': MAX_LEASES,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['leaseID'],
      'description': 'leases on credentials that the broker has issued to the run; none says a secret',
      'items': issuedLease,
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
