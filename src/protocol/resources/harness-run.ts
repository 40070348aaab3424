import { TEMPLATE_KINDS } from './broker-policy';
import { duration, envName, keyRef, labelName, MAX_LABEL, resources } from './common';
import { harnessRunStatus } from './harness-run-status';
import { interactiveTimeouts, timeoutOrder } from './harness-template';
import { AGE, nameAtMost, ResourceKind } from './kind';
import { EPHEMERAL_SUFFIX, MAX_WORKSPACE_NAME } from './workspace';
import { equal } from '../schema/equal';
import { CelRule } from '../schema/rule';
import { schema, TypeOf } from '../schema/types';

/** Largest inline prompt, in bytes of UTF-8. */
export const MAX_PROMPT_BYTES = 262_144;

/** Longest name of a run whose ephemeral Workspace gets its name from it. */
export const MAX_EPHEMERAL_RUN_NAME = MAX_WORKSPACE_NAME - EPHEMERAL_SUFFIX.length;

const promptFrom = schema({
  'type': 'object',
  'properties': { configMapKeyRef: keyRef, secretKeyRef: keyRef },
  'x-kubernetes-validations': [{
    rule: 'has(self.configMapKeyRef) != has(self.secretKeyRef)',
    message: 'must have exactly one of configMapKeyRef and secretKeyRef',
    holds: (self) => (self.configMapKeyRef === undefined) !== (self.secretKeyRef === undefined),
  }],
});

const environmentVariable = schema({
  'type': 'object',
  'required': ['name'],
  'properties': { name: envName, value: { type: 'string', maxLength: 32_768 }, valueFrom: { type: 'object' } },
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
  'required': ['templateRef'],
  'properties': {
    templateRef: {
      type: 'object',
      required: ['name'],
      properties: {
        name: labelName,
        kind: { type: 'string', enum: TEMPLATE_KINDS, description: 'without it the template of the namespace comes first, then that of the cluster' },
      },
    },
    workspaceRef: { ...labelName, description: 'without it the run gets a Workspace of its own' },
    prompt: {
      'type': 'string',
      'minLength': 1,
      'maxLength': MAX_PROMPT_BYTES,
      'x-kubernetes-validations': [{
        rule: `size(bytes(self)) <= ${MAX_PROMPT_BYTES}`,
        message: `must have at most ${MAX_PROMPT_BYTES} bytes of UTF-8`,
        holds: (self) => new TextEncoder().encode(self).length <= MAX_PROMPT_BYTES,
      }],
    },
    promptFrom,
    timeout: { ...duration, description: 'of Batch runs; interactive ones end with their maxLifetime' },
    retries: { type: 'integer', minimum: 0, maximum: 10 },
    resources,
    extraEnv: { 'type': 'array', 'maxItems': 128, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'], 'items': environmentVariable },
    model: { type: 'string', maxLength: 256 },
    ttlSecondsAfterFinished: { type: 'integer', minimum: 0, maximum: 2_147_483_647, description: 'the run is deleted this long after its end; without it, it stays' },
    mode: { type: 'string', enum: ['', 'Batch', 'Interactive'], description: 'empty means Batch' },
    interactiveOverrides: { 'type': 'object', 'properties': interactiveTimeouts, 'x-kubernetes-validations': timeoutOrder },
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
  ],
  printerColumns: [
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Template', type: 'string', jsonPath: '.spec.templateRef.name' },
    { name: 'Workspace', type: 'string', jsonPath: '.status.workspaceRef' },
    AGE,
    { name: 'Credentials', type: 'string', jsonPath: '.status.conditions[?(@.type=="BrokerCredentialsReady")].message' },
  ],
};
