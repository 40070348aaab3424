import type { BooleanSchema, IntegerSchema, IntOrStringSchema, StringSchema } from './types';

/** https://www.rfc-editor.org/rfc/rfc3339#section-5.6, without leap seconds: the API server knows none either. */
const DATE_TIME = /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

export type ScalarSchema = StringSchema | IntegerSchema | BooleanSchema | IntOrStringSchema;

/** What a scalar must be; empty when the value is that. */
export function scalarProblems(node: ScalarSchema, value: unknown): string[] {
  if (!('type' in node)) return intOrStringProblems(node, value);
  switch (node.type) {
    case 'boolean':
      return typeof value === 'boolean' ? [] : ['must be true or false'];
    case 'integer':
      return isInteger(value) && value >= node.minimum && value <= node.maximum ? [] : [`must be a whole number from ${node.minimum} to ${node.maximum}`];
    case 'string':
      return typeof value === 'string' ? stringProblems(node, value) : ['must be a string'];
  }
}

function stringProblems(node: StringSchema, value: string): string[] {
  if (node.enum !== undefined) return node.enum.includes(value) ? [] : [`must be one of ${node.enum.map((one) => JSON.stringify(one)).join(', ')}`];
  if (node.format === 'date-time' && !isDateTime(value)) return ["must be a time such as '2030-01-31T12:00:00Z'"];
  const { minLength = 0, maxLength = Infinity } = node;
  // Characters, not UTF-16 units: the API server counts so.
  const length = [...value].length;
  return [
    ...(length < minLength ? [`must have at least ${minLength} characters`] : []),
    ...(length > maxLength ? [`must have at most ${maxLength} characters`] : patternProblems(node, value)),
  ];
}

function intOrStringProblems(node: IntOrStringSchema, value: unknown): string[] {
  // Patterns are for texts, the API server does not ask them about numbers: rules do. It takes more than are exact here.
  if (Number.isInteger(value)) return [];
  if (typeof value !== 'string') return ['must be a whole number or a string'];
  return value.length > node.maxLength ? [`must have at most ${node.maxLength} characters`] : patternProblems(node, value);
}

function patternProblems({ pattern, patternMessage }: StringSchema | IntOrStringSchema, value: string): string[] {
  if (pattern === undefined || new RegExp(pattern, 'u').test(value)) return [];
  return [patternMessage ?? `must match ${pattern}`];
}

function isDateTime(value: string): boolean {
  const [, year, month, day] = DATE_TIME.exec(value) ?? [];
  if (year === undefined) return false;
  // JavaScript reads February 30 as March 2; a date that exists comes back as it went in.
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
