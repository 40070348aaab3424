import { resolve } from 'node:path';
import * as ts from 'typescript';
import { Block } from './blocks';
import * as library from '../../src';

/** A page shows either a whole file, which imports what it uses, or lines from the middle of one. */
export function isWholeFile({ code }: Block): boolean {
  return /^import /m.test(code);
}

/** Names that lines from the middle of a file may use without declaring them. */
const CONTEXT = { app: 'App', chart: 'Chart', platform: 'AgentPlatform', team: 'AgentNamespace' };

const CDK8S = ['App', 'Chart', 'Duration', 'Size'];

/** Lines become a file: everything imported, the context declared, the lines in a scope of their own so that they may declare the same names. */
function fileText(block: Block): string {
  if (isWholeFile(block)) return block.code;
  const context = Object.entries(CONTEXT).map(([name, type]) => `declare const ${name}: ${type};`);
  return [
    `import { ${CDK8S.join(', ')} } from 'cdk8s';`,
    "import { Cpu } from 'cdk8s-plus-28';",
    `import { ${Object.keys(library).join(', ')} } from 'cdk8s-agent-platform';`,
    ...context, '{', block.code, '}',
  ].join('\n');
}

/** What the compiler says about the blocks, with the place of each. One program for all: loading the types is what takes time. */
export function compileErrors(blocks: readonly Block[]): string[] {
  const files = new Map(blocks.map((block, index) => [resolve(`snippet-${index}.ts`), block]));
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    moduleDetection: ts.ModuleDetectionKind.Force,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node', 'jest'],
    paths: {
      'cdk8s-agent-platform': [resolve('src/index.ts')],
      'cdk8s-agent-platform/jest': [resolve('src/jest/index.ts')],
      'cdk8s-agent-platform/client': [resolve('src/client/index.ts')],
    },
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => files.has(resolve(name)) || fileExists(name);
  host.getSourceFile = (name, ...rest) => {
    const block = files.get(resolve(name));
    return block === undefined ? getSourceFile(name, ...rest) : ts.createSourceFile(name, fileText(block), ts.ScriptTarget.ES2022, true);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    const where = file === undefined ? 'options' : files.get(resolve(file.fileName))?.where ?? file.fileName;
    return `${where}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

/** Plain JavaScript of a block, to be run with `require` and the names of the context. */
export function transpiled({ code }: Block): string {
  const options = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true };
  return ts.transpileModule(code, { compilerOptions: options }).outputText.replace(/^(export \{\};|"use strict";)$/gm, '');
}
