import ts from 'typescript';

/** A JSON Schema: https://json-schema.org/draft/2020-12 */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * The interfaces of a source file as JSON Schemas by name, with their comments. It understands the few forms that describe
 * JSON, and throws at any other, so that nothing is left out of the document in silence.
 */
export function schemasOf(source: string): ReadonlyMap<string, JsonSchema> {
  const file = ts.createSourceFile('types.ts', source, ts.ScriptTarget.ES2022, true);
  const interfaces = new Map(file.statements.filter(ts.isInterfaceDeclaration).map((node) => [node.name.text, node]));
  const aliases = new Map(file.statements.filter(ts.isTypeAliasDeclaration).map((node) => [node.name.text, node.type]));

  function membersOf(node: ts.InterfaceDeclaration): readonly ts.TypeElement[] {
    const parents = (node.heritageClauses ?? []).flatMap(({ types }) => types.map(({ expression }) => found(expression.getText())));
    return [...parents.flatMap(membersOf), ...node.members];
  }

  function found(name: string): ts.InterfaceDeclaration {
    const node = interfaces.get(name);
    if (node === undefined) throw new Error(`there is no interface ${name}`);
    return node;
  }

  function objectOf(members: readonly ts.TypeElement[]): JsonSchema {
    const fields = members.map((member) => {
      if (!ts.isPropertySignature(member) || member.type === undefined) throw unknown(member);
      const schema = { ...schemaOf(member.type), ...describedBy(member) };
      return { name: member.name.getText(), isRequired: member.questionToken === undefined, schema };
    });
    const required = fields.filter(({ isRequired }) => isRequired).map(({ name }) => name);
    return {
      type: 'object',
      ...(required.length > 0 && { required }),
      properties: Object.fromEntries(fields.map(({ name, schema }) => [name, schema])),
    };
  }

  function schemaOf(node: ts.TypeNode): JsonSchema {
    switch (node.kind) {
      case ts.SyntaxKind.StringKeyword: return { type: 'string' };
      case ts.SyntaxKind.NumberKeyword: return { type: 'number' };
      case ts.SyntaxKind.BooleanKeyword: return { type: 'boolean' };
    }
    if (ts.isTypeOperatorNode(node)) return schemaOf(node.type);
    if (ts.isArrayTypeNode(node)) return { type: 'array', items: schemaOf(node.elementType) };
    if (ts.isTypeLiteralNode(node)) return objectOf(node.members);
    if (ts.isUnionTypeNode(node)) return { type: 'string', enum: node.types.map(textOf) };
    if (ts.isTypeReferenceNode(node)) return referenceOf(node);
    throw unknown(node);
  }

  function referenceOf(node: ts.TypeReferenceNode): JsonSchema {
    const name = node.typeName.getText();
    if (name === 'Readonly') return schemaOf(node.typeArguments![0]);
    if (name === 'Record') return { type: 'object', additionalProperties: schemaOf(node.typeArguments![1]) };
    const alias = aliases.get(name);
    return alias === undefined ? objectOf(membersOf(found(name))) : schemaOf(alias);
  }

  return new Map([...interfaces].map(([name, node]) => [name, { ...objectOf(membersOf(node)), ...describedBy(node) }]));
}

function textOf(node: ts.TypeNode): string {
  if (ts.isLiteralTypeNode(node) && ts.isStringLiteral(node.literal)) return node.literal.text;
  throw unknown(node);
}

function describedBy(node: ts.Node): { readonly description?: string } {
  const text = ts.getJSDocCommentsAndTags(node).map(({ comment }) => ts.getTextOfJSDocComment(comment)).join(' ').replace(/\s+/g, ' ').trim();
  return text === '' ? {} : { description: text };
}

function unknown(node: ts.Node): Error {
  return new Error(`the OpenAPI document has no form for ${node.getText()}`);
}
