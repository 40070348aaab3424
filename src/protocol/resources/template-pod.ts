import { labelName, MAX_LABEL, MAX_QUALIFIED_NAME, objectName, QUALIFIED_NAME, qualifiedKeys } from './common';
import { DEFAULTS } from './defaults';
import { mountPath, volumeSize } from './volume';
import { MAX_PULL_SECRETS, MAX_UID } from '../limits';
import { AGENT_UID, AGENT_USER } from '../paths';
import { CelRule } from '../schema/rule';
import { schema, TypeOf } from '../schema/types';

/** What holds where a template and its base say nothing of their pods. */
export const POD_DEFAULTS = {
  userName: AGENT_USER,
  runAsUser: AGENT_UID,
  homeSize: '1Gi',
  temporarySize: '1Gi',
  sharedSize: '10Gi',
} as const;

/** UID or GID. 0 would be root, which no pod here may be. */
const id = schema({ type: 'integer', minimum: 1, maximum: MAX_UID });

const labelText = schema({
  type: 'string',
  maxLength: MAX_LABEL,
  pattern: '^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$',
  patternMessage: 'must be the value of a label',
});

const labelKey = schema({ type: 'string', maxLength: MAX_QUALIFIED_NAME, pattern: QUALIFIED_NAME, patternMessage: 'must be the key of a label' });

const nodeSelector = schema({
  'type': 'object',
  'maxProperties': 32,
  'description': 'labels that a node must have; any node without it',
  'additionalProperties': labelText,
  'x-kubernetes-validations': [qualifiedKeys('must have keys of labels only')],
});

const tolerationRules: readonly CelRule[] = [
  {
    rule: "has(self.key) || (has(self.operator) && self.operator == 'Exists')",
    message: 'operator must be Exists where no key is named',
    holds: (self) => self.key !== undefined || self.operator === 'Exists',
  },
  {
    rule: "!has(self.value) || !has(self.operator) || self.operator == 'Equal'",
    message: 'value may be set with the operator Equal only',
    holds: (self) => self.value === undefined || self.operator === undefined || self.operator === 'Equal',
  },
  {
    rule: "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
    message: 'tolerationSeconds may be set with the effect NoExecute only',
    holds: (self) => self.tolerationSeconds === undefined || self.effect === 'NoExecute',
  },
];

/** https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
const toleration = schema({
  'type': 'object',
  'properties': {
    key: { ...labelKey, description: 'key of the taint; any without it' },
    operator: { type: 'string', enum: ['Equal', 'Exists'], description: 'whether the value counts; Equal unless it says Exists' },
    value: { ...labelText, description: 'value of the taint; empty without it' },
    effect: { type: 'string', enum: ['NoSchedule', 'PreferNoSchedule', 'NoExecute'], description: 'effect of the taint; any without it' },
    tolerationSeconds: { type: 'integer', minimum: 0, maximum: MAX_UID, description: 'seconds for which NoExecute is tolerated; for ever without it' },
  },
  'x-kubernetes-validations': tolerationRules,
});

const sharedDirectory = schema({
  type: 'object',
  required: ['name'],
  properties: {
    name: { ...labelName, maxLength: 56, description: 'name of the directory; shared-<name> is the claim, for all runs of the namespace' },
    size: { ...volumeSize, description: `size of the volume; ${POD_DEFAULTS.sharedSize} unless it says otherwise; counts when the claim is made` },
    storageClass: { ...objectName, description: 'StorageClass, which must serve ReadWriteMany; that of the cluster unless it says otherwise' },
    mountPath: { ...mountPath, description: 'where the agent has it; /shared/<name> unless it says otherwise' },
    readOnly: { type: 'boolean', description: 'whether runs may only read it; false unless it says true' },
  },
});

/** Additive: what a template says of the pods of its runs, within what every pod here is held to. */
export const templatePod = schema({
  type: 'object',
  description: 'the pods of its runs, within what every pod here is held to',
  properties: {
    userName: {
      type: 'string',
      maxLength: 32,
      pattern: '^[a-z_][a-z0-9_-]*$',
      patternMessage: 'must be a user name of Linux',
      description: `user for USER, LOGNAME and the home directory /home/<name>; ${POD_DEFAULTS.userName} unless it says otherwise`,
    },
    runAsUser: { ...id, description: `UID that the agent runs as; ${POD_DEFAULTS.runAsUser} unless it says otherwise` },
    runAsGroup: { ...id, description: 'GID that the agent runs as; as runAsUser unless it says otherwise' },
    imagePullPolicy: { type: 'string', enum: ['Always', 'IfNotPresent', 'Never'], description: `when a node pulls the agent's image; ${DEFAULTS.imagePullPolicy} unless it says otherwise` },
    imagePullSecrets: {
      'type': 'array',
      'maxItems': MAX_PULL_SECRETS,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      'description': 'Secrets with credentials of registries, in the namespace of the run; none without it',
      'items': { type: 'object', required: ['name'], properties: { name: { ...objectName, description: 'name of the Secret' } } },
    },
    nodeSelector,
    tolerations: { type: 'array', maxItems: 32, items: toleration, description: 'taints of nodes that the pods tolerate; none without it' },
    runtimeClassName: { ...objectName, description: "RuntimeClass, which isolates pods from the node; the cluster's default runtime without it" },
    priorityClassName: {
      ...objectName,
      'description': "PriorityClass; the cluster's default priority without it",
      'x-kubernetes-validations': [{
        rule: "!self.startsWith('system-')",
        message: "must not begin with 'system-': such pods push those of the cluster off its nodes",
        holds: (self) => !self.startsWith('system-'),
      }],
    },
    homeSize: { ...volumeSize, description: `most that the home directory takes; ${POD_DEFAULTS.homeSize} unless it says otherwise` },
    temporarySize: { ...volumeSize, description: `most that /tmp takes; ${POD_DEFAULTS.temporarySize} unless it says otherwise` },
    sharedDirectories: {
      'type': 'array',
      'maxItems': 16,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      'description': 'directories that all runs of the namespace share and that stay when runs go; none without it',
      'items': sharedDirectory,
    },
  },
});

export type TemplatePod = TypeOf<typeof templatePod>;

/** The home directory of the agent. */
export function homePath({ userName = POD_DEFAULTS.userName }: TemplatePod): string {
  return `/home/${userName}`;
}

/** Where a shared directory is in the agent's container. */
export function sharedPath({ name, mountPath: path = `/shared/${name}` }: TypeOf<typeof sharedDirectory>): string {
  return path;
}
