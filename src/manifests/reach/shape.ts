/** A look at one value of unknown JSON: what is wrong with it, each finding with the path it is at. */
export type Check = (value: unknown, path: string) => string[];

/** Go reads `null` as a field that is not there, and so does the API server. */
export function isMissing(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

/** Only these fields; any other is a finding, because whoever wrote it meant something by it. */
export function fields(known: Readonly<Record<string, Check>>, required: readonly string[] = []): Check {
  const check = knownFields(known, required);
  return (value, path) => [
    ...(isObject(value) ? Object.keys(value) : []).filter((key) => !Object.hasOwn(known, key))
      .map((key) => `${path}.${key} is not a known field, allowed are ${Object.keys(known).join(', ')}`),
    ...check(value, path),
  ];
}

/** These fields as they have to be, whatever stands beside them. */
export function knownFields(known: Readonly<Record<string, Check>>, required: readonly string[] = []): Check {
  return (value, path) => {
    if (!isObject(value)) return [`${path} must be an object, got ${shown(value)}`];
    return [
      ...required.filter((key) => isMissing(value[key])).map((key) => `${path}.${key} is missing`),
      ...Object.entries(known).flatMap(([key, check]) => (isMissing(value[key]) ? [] : check(value[key], `${path}.${key}`))),
    ];
  };
}

export function list(check: Check): Check {
  return (value, path) => (Array.isArray(value)
    ? value.flatMap((one, index) => check(one, `${path}[${index}]`))
    : [`${path} must be a list, got ${shown(value)}`]);
}

export function map(check: Check): Check {
  return (value, path) => (isObject(value)
    ? Object.entries(value).flatMap(([key, one]) => check(one, `${path}[${JSON.stringify(key)}]`))
    : [`${path} must be an object, got ${shown(value)}`]);
}

/** The second check runs only on what passed the first, so it may rely on types. */
export function also(first: Check, second: Check): Check {
  return (value, path) => {
    const found = first(value, path);
    return found.length > 0 ? found : second(value, path);
  };
}

export const text: Check = (value, path) => (typeof value === 'string' ? [] : [`${path} must be a string, got ${shown(value)}`]);

export const flag: Check = (value, path) => (typeof value === 'boolean' ? [] : [`${path} must be true or false, got ${shown(value)}`]);

export const number: Check = (value, path) => (
  Number.isSafeInteger(value) && (value as number) >= 0 ? [] : [`${path} must be a whole number from 0 on, got ${shown(value)}`]
);

/** A field that says nothing about reach. */
export const anything: Check = () => [];

export function oneOf(...values: readonly string[]): Check {
  return (value, path) => (values.some((one) => one === value) ? [] : [`${path} must be one of ${values.join(', ')}, got ${shown(value)}`]);
}

export const portNumber: Check = (value, path) => (
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535 ? [] : [`${path} must be a port from 1 to 65535, got ${shown(value)}`]
);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? typeof value;
}
