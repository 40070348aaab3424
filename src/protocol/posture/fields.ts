import { Schema, schema } from '../schema/types';

/** Rows of one table. A platform of that size would not be read by anybody. */
const MAX_ROWS = 20_000;
const MAX_TEXT = 8_192;

export const text = schema({ type: 'string', maxLength: MAX_TEXT });
export const texts = schema({ type: 'array', maxItems: MAX_ROWS, items: text });
export const flag = schema({ type: 'boolean' });
export const id = schema({ type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

export function rows<const S extends Schema>(items: S) {
  return schema({ type: 'array', maxItems: MAX_ROWS, items });
}
