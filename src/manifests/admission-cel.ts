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

/** A value as CEL writes it, which has the escapes of JSON. `dyn`, because lists and maps of Kubernetes' CEL have elements of one type. */
export function celLiteral(value: unknown): string {
  if (Array.isArray(value)) return `dyn([${value.map(celLiteral).join(', ')}])`;
  if (typeof value === 'object' && value !== null) {
    return `dyn({${Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${celLiteral(member)}`).join(', ')}})`;
  }
  return `dyn(${JSON.stringify(value)})`;
}
