import { parseDuration } from '../duration';
import { characters, conditions, duration, envName, labelName, MAX_LABEL, observedGeneration, resources } from './common';
import { DEFAULTS } from './defaults';
import { egressRequirement } from './egress-grant';
import { AGE, conditionPath, nameAtMost, ResourceKind } from './kind';
import { templatePod } from './template-pod';
import { mountPath } from './volume';
import { CelRule } from '../schema/rule';
import { schema, TypeOf } from '../schema/types';

/** Most events that the status of a run keeps. */
export const MAX_RECENT_EVENTS = 500;

/** Longest time between SIGTERM and SIGKILL that a template may ask for. */
export const MAX_GRACE_SECONDS = 300;

/** Characters of an image reference. */
export const MAX_IMAGE = 512;

/** Characters that `command` and `args` have together. */
export const MAX_COMMAND = 131_072;

const image = schema({ type: 'string', minLength: 1, maxLength: MAX_IMAGE, pattern: '^[!-~]+$', patternMessage: 'must be an image reference without blanks' });

const argument = schema({ type: 'string', maxLength: 4096 });

function limit(what: string, fallback: string) {
  return schema({ ...duration, description: `${what}; ${fallback} unless it or a template says otherwise` });
}

/** The four time limits of interactive runs. */
export const interactiveTimeouts = {
  idleTimeout: limit('longest time without a prompt', DEFAULTS.idleTimeout),
  detachIdleTimeout: limit('longest time without a prompt while nobody is attached', DEFAULTS.detachIdleTimeout),
  detachTimeout: limit('longest time after the last viewer has left', DEFAULTS.detachTimeout),
  maxLifetime: limit('longest time from start to end', DEFAULTS.maxLifetime),
} as const;

type TimeoutName = keyof typeof interactiveTimeouts;

/** Compared only where both are set: what is not set comes from a base template or the defaults, which are cut to fit. */
function notLonger(shorter: TimeoutName, longer: TimeoutName): CelRule {
  return {
    rule: `!has(self.${shorter}) || !has(self.${longer}) || duration(self.${shorter}) <= duration(self.${longer})`,
    message: `${shorter} must not be longer than ${longer}`,
    holds: (self) => self[shorter] === undefined || self[longer] === undefined || parseDuration(self[shorter])! <= parseDuration(self[longer])!,
  };
}

/** Rules for the time limits of interactive runs. */
export const timeoutOrder: readonly CelRule[] = [
  notLonger('idleTimeout', 'maxLifetime'),
  notLonger('detachTimeout', 'maxLifetime'),
  notLonger('detachIdleTimeout', 'idleTimeout'),
];

const INHERITED = ['image', 'command', 'args', 'runtime', 'workspace'] as const;

const specRules: readonly CelRule[] = [
  {
    rule: `!has(self.baseTemplateRef) || !(${INHERITED.map((field) => `has(self.${field})`).join(' || ')})`,
    message: `a template with baseTemplateRef must not have ${INHERITED.join(', ')}: they come from the base`,
    holds: (self) => self.baseTemplateRef === undefined || INHERITED.every((field) => self[field] === undefined),
  },
  {
    rule: 'has(self.baseTemplateRef) || (has(self.image) && has(self.command))',
    message: 'a template without baseTemplateRef must have image and command',
    holds: (self) => self.baseTemplateRef !== undefined || (self.image !== undefined && self.command !== undefined),
  },
  {
    rule: '!has(self.podTemplateOverlay)',
    message: 'podTemplateOverlay is refused: pods come from one restricted factory, and an overlay could loosen what it guarantees',
    holds: (self) => self.podTemplateOverlay === undefined,
  },
  {
    rule: `${['command', 'args'].map((field) => `(has(self.${field}) ? self.${field}.map(one, size(one)).sum() : 0)`).join(' + ')} <= ${MAX_COMMAND}`,
    message: `command and args must have at most ${MAX_COMMAND} characters together`,
    holds: ({ command = [], args = [] }) => characters([...command, ...args]) <= MAX_COMMAND,
  },
];

const workspace = schema({
  type: 'object',
  description: 'where runs have their files; with baseTemplateRef it comes from the base',
  properties: {
    required: { type: 'boolean', description: 'whether a run without workspaceRef gets a Workspace of its own, or else scratch space; true unless it says false' },
    mountPath: { ...mountPath, description: `where the agent has it; ${DEFAULTS.mountPath} unless it says otherwise` },
  },
});

export const harnessTemplateSpec = schema({
  'type': 'object',
  'description': 'what a run of it is, and what it needs',
  'properties': {
    baseTemplateRef: {
      type: 'object',
      description: 'the ClusterHarnessTemplate that this template completes; what that says holds where this one says nothing',
      required: ['name'],
      properties: { name: { ...labelName, description: 'name of the ClusterHarnessTemplate' } },
    },
    harness: {
      type: 'string',
      maxLength: MAX_LABEL,
      pattern: '^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$',
      patternMessage: 'must be the value of a label',
      description: 'kind of agent, which becomes a label of its pods; none without it',
    },
    image: { ...image, description: 'image of the agent; it must have one, itself or by its base' },
    command: { type: 'array', minItems: 1, maxItems: 64, items: argument, description: 'program of the agent and first arguments; it must have one, itself or by its base' },
    args: { type: 'array', maxItems: 256, items: argument, description: 'further arguments; with baseTemplateRef they come from the base' },
    defaults: {
      type: 'object',
      description: 'what holds for runs that say nothing of it themselves',
      properties: {
        model: { type: 'string', maxLength: 256, description: 'model that the agent is told to use; without it, it decides itself' },
        timeout: { ...duration, description: `longest time of a Batch run over all attempts, such as 1h30m; ${DEFAULTS.timeout} unless it says otherwise` },
        resources: { ...resources, description: 'what the agent needs and may use; CPU, memory and scratch space that it does not name have a default' },
        terminationGracePeriodSeconds: {
          type: 'integer',
          minimum: 0,
          maximum: MAX_GRACE_SECONDS,
          description: `seconds from SIGTERM to SIGKILL, of which 0 counts as 1; without it ${DEFAULTS.terminationGracePeriodSeconds}, of interactive runs ${DEFAULTS.interactiveGracePeriodSeconds}`,
        },
      },
    },
    runtime: {
      type: 'object',
      description: 'container that reports beside the agent, without credentials; with baseTemplateRef it comes from the base; none without it',
      required: ['image'],
      properties: {
        image: { ...image, description: 'image of the container' },
        imagePullPolicy: {
          type: 'string', enum: ['Always', 'IfNotPresent', 'Never'], description: `when a node pulls the image; ${DEFAULTS.imagePullPolicy} unless it says otherwise`,
        },
      },
    },
    requires: {
      type: 'object',
      description: 'what runs need; policies must grant all of it before a pod begins, and that of a base is added',
      properties: {
        credentials: {
          'description': 'credentials that the agent gets, or surrogates of them; no others',
          'type': 'array',
          'maxItems': 32,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          'items': { type: 'object', required: ['name'], properties: { name: { ...envName, description: 'name in the grants, and variable of the agent' } } },
        },
        egress: { type: 'array', maxItems: 64, items: egressRequirement, description: 'hosts that must be granted; others that are granted are open too' },
      },
    },
    workspace,
    pod: templatePod,
    podTemplateOverlay: { type: 'object', description: 'must be left out: what pods may be told is in pod' },
    interactive: {
      'type': 'object',
      'description': 'makes interactive runs possible, which the operator of this version ends at once',
      'properties': {
        mode: {
          type: 'string',
          enum: ['', 'per-prompt-process', 'persistent-process'],
          description: `whether the agent is started anew for each prompt, or reads them all; ${DEFAULTS.mode} unless it says otherwise`,
        },
        ...interactiveTimeouts,
        maxRecentEvents: {
          type: 'integer',
          minimum: 10,
          maximum: MAX_RECENT_EVENTS,
          description: `events that the status of an interactive run keeps; ${DEFAULTS.maxRecentEvents} unless it says otherwise`,
        },
      },
      'x-kubernetes-validations': timeoutOrder,
    },
  },
  'x-kubernetes-validations': specRules,
});

export const harnessTemplateStatus = schema({
  type: 'object',
  description: 'what the operator has found',
  properties: { observedGeneration, conditions: { ...conditions, description: 'Ready says whether runs can be made of it' } },
});

export type HarnessTemplateSpec = TypeOf<typeof harnessTemplateSpec>;
export type HarnessTemplateStatus = TypeOf<typeof harnessTemplateStatus>;

const shortEnough = nameAtMost(MAX_LABEL, 'it becomes a label of pods');

const common = {
  spec: harnessTemplateSpec,
  status: harnessTemplateStatus,
  printerColumns: [
    { name: 'Harness', type: 'string', jsonPath: '.spec.harness' },
    { name: 'Image', type: 'string', jsonPath: '.spec.image', priority: 1 },
    { name: 'Ready', type: 'string', jsonPath: conditionPath('Ready', 'status') },
    AGE,
  ],
} as const;

export const HARNESS_TEMPLATE: ResourceKind = {
  ...common,
  kind: 'HarnessTemplate',
  plural: 'harnesstemplates',
  singular: 'harnesstemplate',
  shortNames: ['ht'],
  scope: 'Namespaced',
  description: 'a kind of agent that the runs of its namespace can start',
  rules: [shortEnough],
};

export const CLUSTER_HARNESS_TEMPLATE: ResourceKind = {
  ...common,
  kind: 'ClusterHarnessTemplate',
  plural: 'clusterharnesstemplates',
  singular: 'clusterharnesstemplate',
  shortNames: ['cht'],
  scope: 'Cluster',
  description: 'a kind of agent that the runs of every namespace can start and that namespaced templates can complete',
  rules: [
    shortEnough,
    {
      rule: '!has(self.spec.baseTemplateRef)',
      message: 'a ClusterHarnessTemplate must not have baseTemplateRef: only namespaced templates complete another one',
      fieldPath: '.spec.baseTemplateRef',
      holds: (self) => self.spec.baseTemplateRef === undefined,
    },
  ],
};
