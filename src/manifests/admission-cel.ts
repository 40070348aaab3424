/** Texts that CEL expressions of admission rules are made of. https://kubernetes.io/docs/reference/using-api/cel/ */

export function denied(expression: string, message: string) {
  return { expression, message, reason: 'Forbidden' };
}

/** A field that is a map, also where it is missing. */
export function mapOf(owner: string, field: string): string {
  return `(has(${owner}.${field}) ? ${owner}.${field} : {})`;
}

/** A field that is a list, also where it is missing. */
export function listOf(owner: string, field: string): string {
  return `(has(${owner}.${field}) ? ${owner}.${field} : [])`;
}
