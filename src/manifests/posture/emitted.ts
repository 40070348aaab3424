/** An object of Kubernetes as it is emitted, by this platform or by anybody else in the app. */
export interface EmittedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: any;
}

/** By code unit, as `sort` does: independent of the machine's locale. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Rows in the order of the texts that tell them apart. */
export function sortedBy<T>(rows: readonly T[], ...keys: readonly ((row: T) => string)[]): T[] {
  return [...rows].sort((a, b) => keys.reduce((order, key) => (order === 0 ? compare(key(a), key(b)) : order), 0));
}

export function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}

export function isOf(object: EmittedObject, group: string, kind: string): boolean {
  return object.kind === kind && object.apiVersion.split('/').slice(0, -1).join('/') === group;
}

/** JSON text that does not depend on the order of keys. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => compare(a, b)));
  });
}
