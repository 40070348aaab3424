import type { CelRule } from './rule';

interface Common {
  readonly 'description'?: string;
  readonly 'x-kubernetes-validations'?: readonly CelRule[];
}

export interface StringSchema extends Common {
  readonly type: 'string';
  readonly enum?: readonly string[];
  readonly pattern?: string;
  /** What a pattern allows, in words, for messages; it does not reach the API server. */
  readonly patternMessage?: string;
  readonly format?: 'date-time';
  readonly minLength?: number;
  readonly maxLength?: number;
}

export interface IntegerSchema extends Common {
  readonly type: 'integer';
  readonly minimum: number;
  readonly maximum: number;
}

export interface BooleanSchema extends Common {
  readonly type: 'boolean';
}

/** A quantity: YAML writes `2` as a number and `500m` as a string. */
export interface IntOrStringSchema extends Common {
  readonly 'x-kubernetes-int-or-string': true;
  readonly 'pattern': string;
  readonly 'patternMessage'?: string;
  readonly 'maxLength': number;
}

export interface ArraySchema extends Common {
  readonly 'type': 'array';
  readonly 'items': Schema;
  readonly 'minItems'?: number;
  readonly 'maxItems': number;
  readonly 'x-kubernetes-list-type'?: 'map' | 'set' | 'atomic';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
}

export interface ObjectSchema extends Common {
  readonly type: 'object';
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

/** An object with keys of the user's choice. */
export interface MapSchema extends Common {
  readonly type: 'object';
  readonly additionalProperties: Schema;
  readonly maxProperties: number;
}

/**
 * The part of OpenAPI that our custom resources use: structural, and without defaults, so that
 * an object read from a directory means the same as one read from a cluster.
 */
export type Schema = StringSchema | IntegerSchema | BooleanSchema | IntOrStringSchema | ArraySchema | ObjectSchema | MapSchema;

/** Keeps a schema's literal type, from which `TypeOf` derives the type of its values. */
export function schema<const S extends Schema>(definition: S): S {
  return definition;
}

/** The TypeScript type of what a schema accepts. */
export type TypeOf<S> =
  S extends { readonly enum: readonly (infer E)[] } ? E
    : S extends { readonly type: 'string' } ? string
      : S extends { readonly type: 'integer' } ? number
        : S extends { readonly type: 'boolean' } ? boolean
          : S extends { readonly 'x-kubernetes-int-or-string': true } ? number | string
            : S extends { readonly type: 'array'; readonly items: infer I } ? readonly TypeOf<I>[]
              : S extends { readonly additionalProperties: infer V } ? Readonly<Record<string, TypeOf<V>>>
                : S extends { readonly properties: infer P; readonly required: readonly (infer R)[] } ? Flat<Needed<P, R> & Optional<P, R>>
                  : S extends { readonly properties: infer P } ? Flat<Optional<P, never>>
                    : Readonly<Record<string, never>>;

type Needed<P, R> = { readonly [K in keyof P as K extends R ? K : never]: TypeOf<P[K]> };
type Optional<P, R> = { readonly [K in keyof P as K extends R ? never : K]?: TypeOf<P[K]> };
type Flat<T> = { readonly [K in keyof T]: T[K] };
