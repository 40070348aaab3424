import type { CelRule } from '../../src/protocol/schema/rule';
import type { Schema } from '../../src/protocol/schema/types';

export interface SchemaPlace {
  readonly path: string;
  readonly node: Schema;
}

/** Every node of a schema, with `[]` for items and `.*` for values of maps. */
export function schemaPlaces(node: Schema, path = ''): SchemaPlace[] {
  const inner: SchemaPlace[] = [];
  if ('items' in node) inner.push(...schemaPlaces(node.items, `${path}[]`));
  if ('additionalProperties' in node) inner.push(...schemaPlaces(node.additionalProperties, `${path}.*`));
  if ('properties' in node) {
    for (const [name, field] of Object.entries(node.properties ?? {})) inner.push(...schemaPlaces(field, path === '' ? name : `${path}.${name}`));
  }
  return [{ path, node }, ...inner];
}

/** Every rule of a schema, with the place that its messages name. */
export function rulePlaces(node: Schema): { path: string; rule: CelRule }[] {
  return schemaPlaces(node).flatMap(({ path, node: place }) => (place['x-kubernetes-validations'] ?? []).map((rule) => {
    const field = rule.fieldPath ?? '';
    return { path: path === '' ? field.slice(1) : `${path}${field}`, rule };
  }));
}
