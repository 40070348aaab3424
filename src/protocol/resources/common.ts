import { DURATION_PATTERN, isUsableDuration, MAX_DURATION, MAX_DURATION_LENGTH } from '../duration';
import { HOST_MESSAGE, HOST_PATTERN, INTERNAL_HOST_MESSAGE, INTERNAL_HOSTS, INTERNAL_PARENTS, INTERNAL_ZONES, isInternalHost, MAX_HOST_LENGTH } from '../hosts';
import { ENV_NAME_PATTERN, isReservedEnv, RESERVED_ENV, RESERVED_ENV_PREFIX } from '../reserved-env';
import { CelRule, celList } from '../schema/rule';
import { schema } from '../schema/types';

/** Longest value of a label, and so longest name of anything that is put into one. */
export const MAX_LABEL = 63;

const SUBDOMAIN_PATTERN = '^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$';
const SUBDOMAIN_MESSAGE = "must be an RFC 1123 subdomain (lower-case letters, digits, '-' and '.')";

/** Name of an object. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names */
export const objectName = schema({ type: 'string', minLength: 1, maxLength: 253, pattern: SUBDOMAIN_PATTERN, patternMessage: SUBDOMAIN_MESSAGE });

/** Name of an object that also becomes a label. */
export const labelName = schema({ ...objectName, maxLength: MAX_LABEL });

/** Name of a namespace. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names */
export const namespaceName = schema({
  type: 'string',
  minLength: 1,
  maxLength: MAX_LABEL,
  pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$',
  patternMessage: "must be an RFC 1123 label (lower-case letters, digits and '-')",
});

/** A key in a Secret's or ConfigMap's data. */
export const dataKey = schema({
  type: 'string', minLength: 1, maxLength: 253, pattern: '^[-._a-zA-Z0-9]+$', patternMessage: "must consist of letters, digits, '-', '_' and '.'",
});

/** A key of a Secret or ConfigMap in the object's own namespace. */
export const keyRef = schema({
  type: 'object',
  required: ['name', 'key'],
  properties: {
    name: { ...objectName, description: 'name of the object that has the key, in the same namespace' },
    key: { ...dataKey, description: 'key in its data' },
  },
});

/**
 * A time as RFC 3339 with capital letters. The pattern is there because the API server takes lower-case
 * ones too, on which its own rules then fail.
 */
export const time = schema({
  type: 'string',
  format: 'date-time',
  maxLength: 40,
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$',
  patternMessage: "must be a time such as '2030-01-31T12:00:00Z'",
});

/** Text for people. */
export const text = schema({ type: 'string', maxLength: 1024 });

/** 0 stands for every port. */
export const port = schema({ type: 'integer', minimum: 0, maximum: 65535 });

export const ports = schema({ type: 'array', maxItems: 32, items: port });

const internalHost: CelRule = {
  rule: `!((self.startsWith('*.') ? self.substring(2) : self) in ${celList([...INTERNAL_HOSTS, ...INTERNAL_ZONES])}`
    + ` || ${INTERNAL_ZONES.map((zone) => `self.endsWith('.${zone}')`).join(' || ')}`
    + ` || self in ${celList(INTERNAL_PARENTS.map((parent) => `*.${parent}`))})`,
  message: INTERNAL_HOST_MESSAGE,
  holds: (self) => !isInternalHost(self),
};

/** A host of a grant or requirement; the grammar is in `hosts.ts`. */
export const host = schema({
  'type': 'string', 'maxLength': MAX_HOST_LENGTH, 'pattern': HOST_PATTERN, 'patternMessage': HOST_MESSAGE, 'x-kubernetes-validations': [internalHost],
});

/** A Go duration of more than nothing and at most 30 days. */
export const duration = schema({
  'type': 'string',
  'maxLength': MAX_DURATION_LENGTH,
  'pattern': DURATION_PATTERN,
  'patternMessage': "must be a duration such as '90s' or '1h30m'",
  'x-kubernetes-validations': [{
    rule: `duration(self) > duration('0s') && duration(self) <= duration('${MAX_DURATION}')`,
    message: `must be longer than 0 and at most ${MAX_DURATION}`,
    holds: isUsableDuration,
  }],
});

/** A name, which may have a DNS name as prefix, such as that of a label or of a resource. */
export const QUALIFIED_NAME = '^([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$';

/** Characters of a qualified name: 253 of the prefix, a slash and 63. */
export const MAX_QUALIFIED_NAME = 317;

/** A rule for the keys of a map. They come back in messages, so they must not be free text. */
export function qualifiedKeys(message: string): CelRule {
  return {
    rule: `self.all(key, size(key) <= ${MAX_QUALIFIED_NAME} && key.matches('${QUALIFIED_NAME}'))`,
    message,
    holds: (self) => Object.keys(self).every((key) => key.length <= MAX_QUALIFIED_NAME && new RegExp(QUALIFIED_NAME).test(key)),
  };
}

/** Characters as the API server counts them, not UTF-16 units. */
export function characters(texts: readonly string[]): number {
  return texts.reduce((sum, one) => sum + [...one].length, 0);
}

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ (no negative ones) */
export const quantity = schema({
  'x-kubernetes-int-or-string': true,
  'maxLength': 32,
  'pattern': '^([0-9]{1,15}(\\.[0-9]{0,9})?|\\.[0-9]{1,9})(([KMGTPE]i)|[numkMGTPE]|([eE][+-]?[0-9]{1,2}))?$',
  'patternMessage': "must be a quantity such as '500m' or '1Gi'",
  'x-kubernetes-validations': [{
    rule: "!quantity(string(self)).isLessThan(quantity('0'))",
    message: 'must not be negative',
    holds: (self) => !String(self).startsWith('-'),
  }],
});

const quantities = schema({
  'type': 'object',
  'maxProperties': 16,
  'additionalProperties': quantity,
  'x-kubernetes-validations': [qualifiedKeys('must have names of resources only')],
});

/** What the agent container asks for and may use. */
export const resources = schema({
  type: 'object',
  properties: {
    limits: { ...quantities, description: 'most that the agent may use, by name of the resource; more memory or scratch space than that ends it' },
    requests: { ...quantities, description: 'what a node must have free for the agent, by name of the resource' },
  },
});

const notReserved: CelRule = {
  rule: `!(self in ${celList(RESERVED_ENV)}) && !self.startsWith('${RESERVED_ENV_PREFIX}')`,
  message: `must not be a variable that the platform sets: ${RESERVED_ENV.join(', ')} or ${RESERVED_ENV_PREFIX}*`,
  holds: (self) => !isReservedEnv(self),
};

/** Name of an environment variable that a user may set; credentials are delivered under their own name. */
export const envName = schema({
  'type': 'string',
  'minLength': 1,
  'maxLength': 253,
  'pattern': ENV_NAME_PATTERN,
  'patternMessage': "must be usable as an environment variable: letters, digits and '_', not beginning with a digit",
  'x-kubernetes-validations': [notReserved],
});

/** Someone's agreement to what the parent field says. */
export const accepted = schema({
  'type': 'boolean',
  'description': 'must be true; to not accept it, the parent is left out',
  'x-kubernetes-validations': [{ rule: 'self', message: 'must be true: leave the parent out to not accept', holds: (self) => self === true }],
});

/** Why someone accepted a risk; blanks around it do not count. */
export const reason = schema({
  'type': 'string',
  'minLength': 20,
  'maxLength': 500,
  'x-kubernetes-validations': [{
    rule: 'size(self.trim()) >= 20',
    message: 'must say the reason in at least 20 characters',
    holds: (self) => [...self.trim()].length >= 20,
  }],
});

/** https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.30/#condition-v1-meta */
const condition = schema({
  type: 'object',
  required: ['type', 'status', 'lastTransitionTime', 'reason', 'message'],
  properties: {
    type: { type: 'string', maxLength: 316, pattern: '^[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?$', description: 'what the condition is about' },
    status: { type: 'string', enum: ['True', 'False', 'Unknown'], description: 'whether it is the case' },
    observedGeneration: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'metadata.generation that was looked at' },
    lastTransitionTime: { ...time, description: 'since when the status is what it is' },
    reason: {
      type: 'string', minLength: 1, maxLength: 1024, pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$', description: 'why, in one word for programs',
    },
    message: { type: 'string', maxLength: 32768, description: 'why, for people' },
  },
});

export const conditions = schema({
  'type': 'array', 'maxItems': 32, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'], 'items': condition,
});

export const observedGeneration = schema({
  type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'metadata.generation that the status is about',
});

export const count = schema({ type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
