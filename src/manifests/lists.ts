/**
 * The objects that are applied in place of a list, at any depth; an object that is no list is alone.
 * As kubectl does, whatever has `items` is a list, and items without type have that of the list: a
 * `PodList` holds Pods. k8s.io/apimachinery, unstructured/helpers.go, and k8s.io/cli-runtime, resource/visitor.go.
 */
export function unpacked(object: any): any[] {
  if (!isList(object)) return [object];
  return object.items.map((item: unknown) => typedItem(object, item)).filter(isObject).flatMap(unpacked);
}

/** The object with a change made to it; in a list, to each object of it. */
export function changed(object: any, change: (one: any) => any): any {
  if (!isList(object)) return change(object);
  return { ...object, items: object.items.map((item: unknown) => (isObject(item) ? changed(typedItem(object, item), change) : item)) };
}

function isList(object: any): boolean {
  return Array.isArray(object?.items);
}

function typedItem({ apiVersion, kind }: any, item: any): any {
  const untyped = isObject(item) && item.apiVersion === undefined && item.kind === undefined;
  return untyped ? { apiVersion, kind: String(kind).replace(/List$/, ''), ...item } : item;
}

function isObject(value: unknown): value is Record<string, any> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
