import type { CelRule } from './rule';
import type { Schema } from './types';

type Json = Readonly<Record<string, unknown>>;

/** The schema as the API server takes it: without the twins and the words for patterns. */
export function openApi(node: Schema): Json {
  const { 'x-kubernetes-validations': rules, ...rest } = node;
  const { patternMessage: _words, properties, items, additionalProperties, ...own } = rest as Record<string, unknown>;
  return {
    ...own,
    ...('x-kubernetes-int-or-string' in node ? { anyOf: [{ type: 'integer' }, { type: 'string' }] } : {}),
    ...(properties === undefined ? {} : { properties: openApiFields(properties as Readonly<Record<string, Schema>>) }),
    ...(items === undefined ? {} : { items: openApi(items as Schema) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: openApi(additionalProperties as Schema) }),
    ...(rules === undefined ? {} : { 'x-kubernetes-validations': rules.map(celOnly) }),
  };
}

function openApiFields(properties: Readonly<Record<string, Schema>>): Json {
  return Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, openApi(field)]));
}

function celOnly({ rule, message, fieldPath }: CelRule): Json {
  return { rule, message, ...(fieldPath === undefined ? {} : { fieldPath }) };
}
