import { dataKey } from '../../../../src/protocol/resources/common';
import { problemsOf } from '../../../../src/protocol/schema/validate';
import { InputError } from '../../server/files/input-error';

/** https://kubernetes.io/docs/concepts/configuration/secret/#restriction-data-size */
const MAX_SECRET_BYTES = 1024 * 1024;

const FIELDS = ['apiVersion', 'kind', 'metadata', 'type', 'immutable', 'data', 'stringData'];

/** RFC 4648 base64 with padding; line breaks inside are what the API server takes too. */
const BASE64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** What a Secret holds; `stringData` wins over `data`, as in the API. Messages name keys at most. */
export function secretData(place: string, secret: Readonly<Record<string, unknown>>): ReadonlyMap<string, Buffer> {
  if (secret.apiVersion !== 'v1') throw new InputError(`${place}: a Secret must have apiVersion v1`);
  // The name of an unknown field is not shown: it may be a key with its value that lost their indentation.
  if (Object.keys(secret).some((field) => !FIELDS.includes(field))) {
    throw new InputError(`${place}: a Secret has a field that is not known; allowed are ${FIELDS.join(', ')}`);
  }
  const data = new Map([
    ...entries(place, secret, 'data').map(([key, text]) => [key, decoded(place, key, text)] as const),
    ...entries(place, secret, 'stringData').map(([key, text]) => [key, Buffer.from(text, 'utf8')] as const),
  ]);
  const size = [...data.values()].reduce((sum, { length }) => sum + length, 0);
  if (size > MAX_SECRET_BYTES) throw new InputError(`${place}: a Secret holds at most ${MAX_SECRET_BYTES} bytes`);
  return data;
}

function entries(place: string, secret: Readonly<Record<string, unknown>>, field: 'data' | 'stringData'): [string, string][] {
  const values = secret[field] ?? {};
  if (typeof values !== 'object' || Array.isArray(values)) throw new InputError(`${place}: ${field} must be an object`);
  return Object.entries(values).map(([key, value]: [string, unknown]) => {
    if (problemsOf(dataKey, key, field).length > 0) throw new InputError(`${place}: ${field} has a key that no Secret can have`);
    if (typeof value !== 'string') throw new InputError(`${place}: ${field}.${key}: must be a string`);
    return [key, value];
  });
}

function decoded(place: string, key: string, text: string): Buffer {
  const compact = text.replace(/[\r\n]/g, '');
  if (!BASE64.test(compact)) throw new InputError(`${place}: data.${key}: must be base64`);
  return Buffer.from(compact, 'base64');
}
