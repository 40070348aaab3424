import { readFileSync } from 'node:fs';

/** What jsii knows of a type. `interface` with `datatype` is a struct of options. */
export interface JsiiType {
  readonly name: string;
  readonly fqn: string;
  readonly kind: 'class' | 'interface' | 'enum';
  readonly datatype?: boolean;
  readonly docs?: JsiiDocs;
  readonly base?: string;
  readonly interfaces?: readonly string[];
  readonly initializer?: { readonly parameters?: readonly JsiiMember[] };
  readonly properties?: readonly JsiiMember[];
  readonly methods?: readonly JsiiMember[];
  readonly members?: readonly JsiiMember[];
}

export interface JsiiMember {
  readonly name: string;
  readonly docs?: JsiiDocs;
  readonly optional?: boolean;
  readonly immutable?: boolean;
  readonly static?: boolean;
  readonly overrides?: string;
  readonly parameters?: readonly JsiiMember[];
  readonly type?: unknown;
}

export interface JsiiDocs {
  readonly summary?: string;
  readonly default?: string;
}

/** The public types, from the assembly that the compiler writes. `npm test` compiles first. */
export const TYPES: ReadonlyMap<string, JsiiType> = new Map(
  Object.entries(JSON.parse(readFileSync('.jsii', 'utf8')).types as Record<string, JsiiType>),
);

export const STRUCTS = [...TYPES.values()].filter(({ datatype }) => datatype === true);

/** Properties of a struct with those of the structs it extends. */
export function propertiesOf(type: JsiiType): readonly JsiiMember[] {
  const inherited = (type.interfaces ?? []).flatMap((base) => (TYPES.has(base) ? propertiesOf(TYPES.get(base)!) : []));
  return [...(type.properties ?? []), ...inherited];
}

/** Full names of the types of this package that a type reference mentions, also inside arrays, maps and unions. */
export function mentioned(reference: unknown): string[] {
  return [...JSON.stringify(reference ?? null).matchAll(/"fqn":"(cdk8s-agent-platform\.[^"]+)"/g)].map(([, fqn]) => fqn);
}
