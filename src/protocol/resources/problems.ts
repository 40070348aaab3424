import { API_GROUP_VERSION } from '../names';
import { objectSchema } from './kind';
import { KindName, KINDS } from './resource-kinds';
import { schema } from '../schema/types';
import { problemsOf } from '../schema/validate';

/** The metadata that rules may read; the rest is the API server's own business. */
const ruleMetadata = schema({
  type: 'object',
  properties: { name: { type: 'string', maxLength: 253 }, generateName: { type: 'string', maxLength: 253 } },
});

/**
 * Everything that is wrong with a whole object of the kind; `old` is the object that an update replaces.
 * The API server says the same, from the same schemas.
 */
export function problemsWith(kind: KindName, object: unknown, old?: unknown): string[] {
  const whole = objectSchema(KINDS[kind]);
  const node = {
    ...whole,
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    properties: {
      ...whole.properties,
      apiVersion: { type: 'string', enum: [API_GROUP_VERSION] },
      kind: { type: 'string', enum: [kind] },
      metadata: ruleMetadata,
    },
  } as const;
  return problemsOf(node, withRuleMetadata(object), '', withRuleMetadata(old));
}

function withRuleMetadata(object: unknown): unknown {
  if (!isObject(object) || !isObject(object.metadata)) return object;
  const { name, generateName } = object.metadata;
  return { ...object, metadata: { name, generateName } };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
