import { parseDuration } from '../duration';
import { conditions, duration, envName, labelName, MAX_LABEL, observedGeneration, resources } from './common';
import { egressRequirement } from './egress-grant';
import { AGE, nameAtMost, ResourceKind } from './kind';
import { CelRule } from '../schema/rule';
import { schema, TypeOf } from '../schema/types';

/** Most events that the status of a run keeps. */
export const MAX_RECENT_EVENTS = 500;

/** Longest time between SIGTERM and SIGKILL that a template may ask for. */
export const MAX_GRACE_SECONDS = 300;

const image = schema({ type: 'string', minLength: 1, maxLength: 512, pattern: '^[!-~]+$', patternMessage: 'must be an image reference without blanks' });

const argument = schema({ type: 'string', maxLength: 4096 });

/** The four time limits of interactive runs. */
export const interactiveTimeouts = {
  idleTimeout: duration,
  detachIdleTimeout: duration,
  detachTimeout: duration,
  maxLifetime: duration,
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
];

const workspace = schema({
  type: 'object',
  properties: {
    required: { type: 'boolean', description: 'true unless it says false' },
    mountPath: {
      'type': 'string',
      'maxLength': 256,
      'pattern': '^(/[A-Za-z0-9._-]+)+$',
      'patternMessage': "must be an absolute path below '/'",
      'x-kubernetes-validations': [{
        rule: "!self.matches('/[.][.]?(/|$)')",
        message: "must not have '.' or '..' segments",
        holds: (self) => !/\/\.\.?(\/|$)/.test(self),
      }],
    },
  },
});

export const harnessTemplateSpec = schema({
  'type': 'object',
  'properties': {
    baseTemplateRef: { type: 'object', description: 'the ClusterHarnessTemplate that this template completes', required: ['name'], properties: { name: labelName } },
    harness: {
      type: 'string',
      maxLength: MAX_LABEL,
      pattern: '^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$',
      patternMessage: 'must be the value of a label',
    },
    image,
    command: { type: 'array', minItems: 1, maxItems: 64, items: argument },
    args: { type: 'array', maxItems: 256, items: argument },
    defaults: {
      type: 'object',
      properties: {
        model: { type: 'string', maxLength: 256 },
        timeout: duration,
        resources,
        terminationGracePeriodSeconds: { type: 'integer', minimum: 0, maximum: MAX_GRACE_SECONDS },
      },
    },
    runtime: {
      type: 'object',
      required: ['image'],
      properties: { image, imagePullPolicy: { type: 'string', enum: ['Always', 'IfNotPresent', 'Never'] } },
    },
    requires: {
      type: 'object',
      properties: {
        credentials: {
          'type': 'array',
          'maxItems': 32,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          'items': { type: 'object', required: ['name'], properties: { name: envName } },
        },
        egress: { type: 'array', maxItems: 64, items: egressRequirement },
      },
    },
    workspace,
    podTemplateOverlay: { type: 'object' },
    interactive: {
      'type': 'object',
      'properties': {
        mode: { type: 'string', enum: ['', 'per-prompt-process', 'persistent-process'] },
        ...interactiveTimeouts,
        maxRecentEvents: { type: 'integer', minimum: 10, maximum: MAX_RECENT_EVENTS, description: 'events that the status of an interactive run keeps' },
      },
      'x-kubernetes-validations': timeoutOrder,
    },
  },
  'x-kubernetes-validations': specRules,
});

export const harnessTemplateStatus = schema({ type: 'object', properties: { observedGeneration, conditions } });

export type HarnessTemplateSpec = TypeOf<typeof harnessTemplateSpec>;
export type HarnessTemplateStatus = TypeOf<typeof harnessTemplateStatus>;

const shortEnough = nameAtMost(MAX_LABEL, 'it becomes a label of pods');

const common = {
  spec: harnessTemplateSpec,
  status: harnessTemplateStatus,
  printerColumns: [
    { name: 'Harness', type: 'string', jsonPath: '.spec.harness' },
    { name: 'Image', type: 'string', jsonPath: '.spec.image', priority: 1 },
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
