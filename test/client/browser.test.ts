import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as ts from 'typescript';
import * as client from '../../src/client';

const FILES = readdirSync('src/client').map((name) => join('src/client', name));

/** What the compiler says about the client with these globals and no types of packages. */
function complaints(...lib: string[]): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    strict: true,
    noEmit: true,
    types: [],
    lib: lib.map((name) => `lib.${name}.d.ts`),
  };
  const program = ts.createProgram([resolve('src/client/index.ts')], options);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

test('the client compiles with the types of a browser alone', () => {
  expect(complaints('es2022', 'dom', 'dom.iterable', 'dom.asynciterable')).toEqual([]);
});

test('without them the compiler would complain', () => {
  expect(complaints('es2022')).not.toEqual([]);
});

test('the client imports nothing but itself and facts about the wire', () => {
  const imported = FILES.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/from '([^']*)'/g)].map(([, name]) => name));
  expect(imported.length).toBeGreaterThan(10);
  expect(imported.filter((name) => !/^\.\/[\w-]+$|^\.\.\/protocol\/(session-api|session-work|session-record|sessions-api)$/.test(name))).toEqual([]);
});

test('these are the names that users import', () => {
  expect(Object.keys(client).sort()).toEqual(['Session', 'SessionClient', 'SessionError', 'SessionFiles']);
});

test('the constructs do not export it: it is an entry point of its own', () => {
  expect(readFileSync('src/index.ts', 'utf8')).not.toContain('client');
});
