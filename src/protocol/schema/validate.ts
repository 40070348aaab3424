import { bare, isFields, shown } from './bare';
import { equal } from './equal';
import { CelRule, isTransition, Wire } from './rule';
import { scalarProblems } from './scalar';
import type { ArraySchema, MapSchema, ObjectSchema, Schema } from './types';

/** A value at its place. `old` is what an update replaces, when there was something. */
interface Place {
  readonly path: string;
  readonly value: Wire;
  readonly old?: Wire;
}

interface Problem {
  readonly text: string;
  /** Rules read only what is structurally sound. An unknown field does not disturb them: the API server drops it first. */
  readonly disturbsRules: boolean;
}

/**
 * Everything that is wrong with a value, by structure and by the rules' twins. Each message names
 * the path, what is allowed and the value. `old` is the value that an update replaces.
 */
export function problemsOf(node: Schema, value: unknown, path: string, old?: unknown): string[] {
  return check(node, { path, value: bare(value), old: bare(old) }).map(({ text }) => text);
}

function check(node: Schema, place: Place): Problem[] {
  const found = structure(node, place);
  if (found.some(({ disturbsRules }) => disturbsRules)) return found;
  return [...found, ...(node['x-kubernetes-validations'] ?? []).flatMap((rule) => ruleProblems(rule, place))];
}

function structure(node: Schema, place: Place): Problem[] {
  if ('items' in node) return list(node, place);
  if ('additionalProperties' in node) return map(node, place);
  if ('type' in node && node.type === 'object') return fields(node, place);
  return scalarProblems(node, place.value).map((message) => problem(place, message));
}

function fields(node: ObjectSchema, place: Place): Problem[] {
  const { value, old } = place;
  if (!isFields(value)) return [problem(place, 'must be an object')];
  const properties: Readonly<Record<string, Schema>> = node.properties ?? {};
  const missing = (node.required ?? []).filter((name) => !Object.hasOwn(value, name));
  return [
    ...missing.map((name) => ({ text: `${join(place.path, name)}: is required`, disturbsRules: true })),
    ...Object.keys(value).flatMap((name) => {
      const inner = { path: join(place.path, name), value: value[name], old: member(old, name) };
      return Object.hasOwn(properties, name) ? check(properties[name], inner) : [unknownField(inner, properties)];
    }),
  ];
}

function map(node: MapSchema, place: Place): Problem[] {
  const { value, old } = place;
  if (!isFields(value)) return [problem(place, 'must be an object')];
  const names = Object.keys(value);
  return [
    ...(names.length > node.maxProperties ? [problem(place, `must have at most ${node.maxProperties} keys`)] : []),
    ...names.flatMap((name) => check(node.additionalProperties, { path: join(place.path, name), value: value[name], old: member(old, name) })),
  ];
}

function list(node: ArraySchema, place: Place): Problem[] {
  const { value } = place;
  if (!Array.isArray(value)) return [problem(place, 'must be a list')];
  const { minItems = 0, maxItems } = node;
  // Its items are not looked at: comparing each with all others has no bound.
  if (value.length > maxItems) return [problem(place, `must have at most ${maxItems} items`)];
  return [
    ...(value.length < minItems ? [problem(place, `must have at least ${minItems} items`)] : []),
    ...value.flatMap((item, index) => check(node.items, { path: `${place.path}[${index}]`, value: item, old: counterpart(node, place.old, item) })),
    ...duplicates(node, value).map((index) => problem({ path: `${place.path}[${index}]`, value: value[index] }, uniqueMessage(node))),
  ];
}

/** Only items of a keyed list are told apart over an update. */
function counterpart(node: ArraySchema, old: Wire, item: Wire): Wire {
  const keys = node['x-kubernetes-list-map-keys'];
  if (keys === undefined || !Array.isArray(old) || !isFields(item)) return undefined;
  return old.find((other) => isFields(other) && keys.every((key) => other[key] === item[key]));
}

function duplicates(node: ArraySchema, items: readonly Wire[]): number[] {
  const kind = node['x-kubernetes-list-type'];
  if (kind === undefined || kind === 'atomic') return [];
  const keys = node['x-kubernetes-list-map-keys'];
  const identities = items.map((item) => (keys === undefined ? item : keys.map((key) => member(item, key))));
  return [...identities.keys()].filter((index) => identities.slice(0, index).some((earlier) => equal(earlier, identities[index])));
}

function uniqueMessage(node: ArraySchema): string {
  const keys = node['x-kubernetes-list-map-keys'];
  return keys === undefined ? 'must not be listed twice' : `must not have the same ${keys.join(' and ')} as another item`;
}

function ruleProblems(rule: CelRule, place: Place): Problem[] {
  if (isTransition(rule) && place.old === undefined) return [];
  if (passes(rule, place)) return [];
  const path = `${place.path}${place.path === '' ? (rule.fieldPath ?? '').slice(1) : rule.fieldPath ?? ''}`;
  return [{ ...problem({ path, value: place.value }, rule.message), disturbsRules: false }];
}

/** A twin that throws has not shown that the value is allowed. */
function passes(rule: CelRule, { value, old }: Place): boolean {
  try {
    return rule.holds(value, old);
  } catch {
    return false;
  }
}

function unknownField(place: Place, properties: Readonly<Record<string, Schema>>): Problem {
  const known = Object.keys(properties);
  const allowed = known.length === 0 ? 'no field is allowed here' : `allowed are ${known.join(', ')}`;
  return { ...problem(place, `is not a known field; ${allowed}`), disturbsRules: false };
}

function problem({ path, value }: Place, message: string): Problem {
  return { text: `${path}${path === '' ? '' : ': '}${message}, got ${shown(value)}`, disturbsRules: true };
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function member(value: Wire, name: string): Wire {
  return isFields(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
