import { readFileSync } from 'node:fs';
import { allSourceFiles, SourceFile, sourceFiles } from './helpers/source-files';

const ALL = allSourceFiles();
const PURE = sourceFiles('src/protocol', 'src/manifests');

/** Code without comments and texts, so that neither counts as use of what it mentions. */
function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '').replace(/'(?:[^'\\\n]|\\.)*'/g, "''");
}

/** Paths of the files in which the pattern is found. */
function pathsWith(files: readonly SourceFile[], pattern: RegExp, view: (text: string) => string = (text) => text): string[] {
  return files.filter(({ text }) => pattern.test(view(text))).map(({ path }) => path);
}

test('no file is longer than 250 lines', () => {
  expect(ALL.filter(({ text }) => text.trimEnd().split('\n').length > 250).map(({ path }) => path)).toEqual([]);
});

test('index.ts only re-exports', () => {
  const lines = readFileSync('src/index.ts', 'utf8').split('\n').filter((line) => line.trim() !== '' && !line.startsWith('//'));
  expect(lines.filter((line) => !/^export (\*|\{[^}]*\}) from '\.\/[\w/-]+';$/.test(line))).toEqual([]);
  expect(lines.length).toBeGreaterThan(0);
});

test('index.ts exports nothing of the inner rooms', () => {
  expect(readFileSync('src/index.ts', 'utf8')).not.toMatch(/'\.\/(protocol|manifests|private)\//);
});

test('protocol and manifests know neither clock, chance, environment nor files', () => {
  const impure = /\bprocess\b|\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bcrypto\b|\brequire\(|\bsetTimeout\b|\bfetch\(/;
  expect(pathsWith(PURE, impure, code)).toEqual([]);
  expect(pathsWith(PURE, /from 'node:(?!crypto')/)).toEqual([]);
});

test('protocol and manifests take only types from packages, so that a server need not carry them', () => {
  expect(pathsWith(PURE, /^import (?!type )[^;]*? from '(?!\.|node:)/m)).toEqual([]);
});

test('constructs know neither clock, chance nor environment: synth gives the same bytes everywhere', () => {
  expect(pathsWith(sourceFiles('src'), /\bprocess\.|\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\brandom(UUID|Bytes)\b/, code)).toEqual([]);
});

test('nothing is left for later in a comment', () => {
  const mark = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X:'].join('|'));
  expect(pathsWith(ALL, mark)).toEqual([]);
});

test('a value that is missing is told from one that is empty: no || as default', () => {
  expect(pathsWith(sourceFiles('src'), /\|\| (''|\d|\[\]|\{\}|true|false)/)).toEqual([]);
});

describe('the looks-for-trouble helpers themselves', () => {
  const file = (text: string) => [{ path: 'x.ts', text }];

  test('find a use in code', () => {
    expect(pathsWith(file('const a = Date.now();'), /Date\.now/, code)).toEqual(['x.ts']);
  });

  test('do not mind a word in a comment or a text', () => {
    expect(pathsWith(file("// Date.now\n/* Date.now */ const a = 'Date.now';"), /Date\.now/, code)).toEqual([]);
  });
});
