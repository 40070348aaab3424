import { TEMPLATE_KINDS } from './broker-policy';
import { characters, duration, envName, keyRef, labelName, MAX_LABEL, resources } from './common';
import { DEFAULTS } from './defaults';
import { endStays, harnessRunStatus } from './harness-run-status';
import { interactiveTimeouts, timeoutOrder } from './harness-template';
import { AGE, conditionPath, nameAtMost, ResourceKind } from './kind';
import { EPHEMERAL_SUFFIX, MAX_WORKSPACE_NAME } from './workspace';
import { MAX_TTL_SECONDS } from '../limits';
import { equal } from '../schema/equal';
import { CelRule } from '../schema/rule';
import { schema, TypeOf } from '../schema/types';

/** Largest inline prompt, in bytes of UTF-8. */
export const MAX_PROMPT_BYTES = 262_144;

/** Characters that the values of `extraEnv` have together. */
export const MAX_EXTRA_ENV = 65_536;

/** Longest name of a run whose ephemeral Workspace gets its name from it. */
export const MAX_EPHEMERAL_RUN_NAME = MAX_WORKSPACE_NAME - EPHEMERAL_SUFFIX.length;

const promptFrom = schema({
  'type': 'object',
  'description': 'a key whose value is the prompt, read when the pod begins',
  'properties': {
    configMapKeyRef: { ...keyRef, description: 'key of a ConfigMap' },
    secretKeyRef: { ...keyRef, description: 'key of a Secret, but of none that a BrokerPolicy takes a credential from' },
  },
  'x-kubernetes-validations': [{
    rule: 'has(self.configMapKeyRef) != has(self.secretKeyRef)',
    message: 'must have exactly one of configMapKeyRef and secretKeyRef',
    holds: (self) => (self.configMapKeyRef === undefined) !== (self.secretKeyRef === undefined),
  }],
});

const environmentVariable = schema({
  'type': 'object',
  'required': ['name'],
  'properties': {
    name: { ...envName, description: 'name of the variable; those that the platform sets are refused' },
    value: { type: 'string', maxLength: 32_768, description: 'its value, as it is; empty without it' },
    valueFrom: { type: 'object', description: 'must be left out: it would read Secrets past the BrokerPolicies' },
  },
  'x-kubernetes-validations': [{
    rule: '!has(self.valueFrom)',
    message: 'must not have valueFrom: it would read Secrets past the BrokerPolicies',
    holds: (self) => self.valueFrom === undefined,
  }],
});

const specRules: readonly CelRule[] = [
  {
    rule: 'has(self.prompt) != has(self.promptFrom)',
    message: 'must have exactly one of prompt and promptFrom',
    holds: (self) => (self.prompt === undefined) !== (self.promptFrom === undefined),
  },
  {
    rule: "!has(self.interactiveOverrides) || (has(self.mode) && self.mode == 'Interactive')",
    message: 'interactiveOverrides are for mode Interactive only',
    holds: (self) => self.interactiveOverrides === undefined || self.mode === 'Interactive',
  },
  {
    // An update that leaves the spec alone always passes, so finalizers come off whatever the rules say by then.
    rule: 'self == oldSelf',
    message: 'the spec of a run cannot change: create another run',
    holds: (self, oldSelf) => equal(self, oldSelf),
  },
];

export const harnessRunSpec = schema({
  'type': 'object',
  'description': 'what is to be done; it cannot change',
  'required': ['templateRef'],
  'properties': {
    templateRef: {
      type: 'object',
      description: 'what is run: a template of the namespace or of the cluster',
      required: ['name'],
      properties: {
        name: { ...labelName, description: 'name of the template' },
        kind: { type: 'string', enum: TEMPLATE_KINDS, description: 'without it the template of the namespace comes first, then that of the cluster' },
      },
    },
    workspaceRef: { ...labelName, description: 'Workspace that the run works in; without it one of its own, or scratch space where the template requires none' },
    prompt: {
      'type': 'string',
      'description': 'what the agent is asked to do; everybody who may read the run can read it',
      'minLength': 1,
      'maxLength': MAX_PROMPT_BYTES,
      'x-kubernetes-validations': [{
        rule: `size(bytes(self)) <= ${MAX_PROMPT_BYTES}`,
        message: `must have at most ${MAX_PROMPT_BYTES} bytes of UTF-8`,
        holds: (self) => new TextEncoder().encode(self).length <= MAX_PROMPT_BYTES,
      }],
    },
    promptFrom,
    timeout: {
      ...duration,
      description: 'longest time of a Batch run over all attempts, such as 1h30m, from status.startTime on; '
        + `${DEFAULTS.timeout} unless it or its template says otherwise`,
    },
    retries: {
      type: 'integer', minimum: 0, maximum: 10, description: 'how often the run is begun again after an attempt that failed, where that may help; 0 unless it says otherwise',
    },
    resources: { ...resources, description: 'what the agent needs and may use, in place of all that the template says of it; what neither says has a default' },
    extraEnv: {
      'type': 'array',
      'maxItems': 128,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      'description': 'more variables of the agent; everybody who may read the run can read them, so credentials belong into a BrokerPolicy',
      'items': environmentVariable,
      'x-kubernetes-validations': [{
        rule: `self.map(one, has(one.value) ? size(one.value) : 0).sum() <= ${MAX_EXTRA_ENV}`,
        message: `must have values of at most ${MAX_EXTRA_ENV} characters together`,
        holds: (self) => characters(self.map(({ value = '' }) => value)) <= MAX_EXTRA_ENV,
      }],
    },
    model: { type: 'string', maxLength: 256, description: 'model that the agent is told to use; that of the template without it' },
    ttlSecondsAfterFinished: { type: 'integer', minimum: 0, maximum: MAX_TTL_SECONDS, description: 'seconds after its end until the run is deleted; without it, the platform says how long it stays' },
    mode: { type: 'string', enum: ['', 'Batch', 'Interactive'], description: 'Batch unless it says Interactive, which the operator of this version ends at once' },
    interactiveOverrides: {
      'type': 'object',
      'description': 'time limits of an interactive run; they may only shorten those of its template',
      'properties': interactiveTimeouts,
      'x-kubernetes-validations': timeoutOrder,
    },
  },
  'x-kubernetes-validations': specRules,
});

export type HarnessRunSpec = TypeOf<typeof harnessRunSpec>;

export const HARNESS_RUN: ResourceKind = {
  kind: 'HarnessRun',
  plural: 'harnessruns',
  singular: 'harnessrun',
  shortNames: ['hr'],
  scope: 'Namespaced',
  description: 'one piece of work for an agent',
  spec: harnessRunSpec,
  status: harnessRunStatus,
  rules: [
    nameAtMost(MAX_LABEL, 'it becomes a label of pods and audit events'),
    {
      rule: `has(self.spec.workspaceRef) || size(self.metadata.name) <= ${MAX_EPHEMERAL_RUN_NAME}`,
      message: `metadata.name of a run without workspaceRef must have at most ${MAX_EPHEMERAL_RUN_NAME} characters: its Workspace is named after it`,
      holds: ({ spec, metadata }) => spec.workspaceRef !== undefined || (metadata.name ?? '').length <= MAX_EPHEMERAL_RUN_NAME,
    },
    endStays,
  ],
  printerColumns: [
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Agent', type: 'string', jsonPath: '.status.agentPhase' },
    { name: 'Reason', type: 'string', jsonPath: conditionPath('Completed', 'reason') },
    { name: 'Template', type: 'string', jsonPath: '.spec.templateRef.name' },
    { name: 'Workspace', type: 'string', jsonPath: '.status.workspaceRef' },
    AGE,
    { name: 'Credentials', type: 'string', jsonPath: conditionPath('BrokerCredentialsReady', 'message') },
    { name: 'Attempt', type: 'integer', jsonPath: '.status.attempt', priority: 1 },
    { name: 'Pod', type: 'string', jsonPath: '.status.podName', priority: 1 },
    { name: 'Message', type: 'string', jsonPath: conditionPath('Completed', 'message'), priority: 1 },
  ],
};
