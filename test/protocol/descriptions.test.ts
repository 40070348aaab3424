import { objectSchema, RESOURCE_KINDS, ResourceKind } from '../../src/protocol/resources';
import { openApi } from '../../src/protocol/schema/render';
import type { Schema } from '../../src/protocol/schema/types';
import { SchemaPlace, schemaPlaces } from '../helpers/schema-walk';

/** `kubectl apply` keeps the whole definition in an annotation. https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-kubernetes-io-last-applied-configuration */
const MAX_ANNOTATIONS = 256 * 1024;

/** Of these the API server tells itself what they are. */
const STANDARD = ['apiVersion', 'kind', 'metadata'];

const kinds = RESOURCE_KINDS.map((kind) => [kind.kind, kind] as const);

/** What `kubectl explain` can be asked about: the kind itself and its fields, but no items and no values of maps. */
function fields(kind: ResourceKind): SchemaPlace[] {
  return schemaPlaces(objectSchema(kind)).filter(({ path }) => !/(\[\]|\.\*)$/.test(path) && !STANDARD.includes(path));
}

function where(kind: ResourceKind, isSo: (description: string) => boolean): string[] {
  return schemaPlaces(objectSchema(kind)).filter(({ node: { description = '' } }) => isSo(description)).map(({ path, node }) => `${path}: ${node.description}`);
}

function described(schema: Schema): [string, string | undefined][] {
  return schemaPlaces(schema).map(({ path, node }) => [path, node.description]);
}

describe.each(kinds)('%s', (_name, kind) => {
  test('has no field that nothing is said of', () => {
    expect(fields(kind).filter(({ node }) => node.description === undefined).map(({ path }) => path)).toEqual([]);
  });

  test('has no description with a full stop at its end', () => {
    expect(where(kind, (description) => /[.\s]$/.test(description))).toEqual([]);
  });

  test('has no description of more than 160 characters', () => {
    expect(where(kind, (description) => description.length > 160)).toEqual([]);
  });

  test('has no description of more than a line', () => {
    expect(where(kind, (description) => /\s{2}|[\n\t]/.test(description))).toEqual([]);
  });

  test('is described in its definition as in its schema', () => {
    expect(described(openApi(objectSchema(kind)) as unknown as Schema)).toEqual(described(objectSchema(kind)));
  });

  test('has a definition that takes less than a quarter of what annotations hold', () => {
    expect(JSON.stringify(openApi(objectSchema(kind))).length).toBeLessThan(MAX_ANNOTATIONS / 4);
  });
});
