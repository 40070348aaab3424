import { circles, importsAmong } from './helpers/imports';
import { allSourceFiles } from './helpers/source-files';

/** Files that have nothing but imports: by path, the statements. */
function made(files: Readonly<Record<string, string>>): string[] {
  const sources = Object.entries(files).map(([path, text]) => ({ path, text }));
  return circles(importsAmong(sources)).map((circle) => circle.join(' -> '));
}

test('no file imports itself by way of others', () => {
  const found = circles(importsAmong(allSourceFiles()));
  expect(found.map((circle) => circle.join(' -> '))).toEqual([]);
});

describe('the finder of circles', () => {
  test.each([
    ['a value', "import { b } from './b';"],
    ['a type', "import type { B } from './b';"],
    ['one type of several names', "import { type B } from './b';"],
    ['a type in its place', "export const b: import('./b').B = 1;"],
    ['a module by its effects', "import './b';"],
    ['what it exports again', "export * from './b';"],
    ['a type that it exports again', "export type { B } from './b';"],
    ['a module while it runs', "const b = await import('./b');"],
    ['a module by the name of what it becomes', "const b = await import('./b.js');"],
  ])('finds a file that imports %s of one that imports it', (_, statement) => {
    expect(made({ 'a.ts': statement, 'b.ts': "import { a } from './a';" })).toEqual(['a.ts -> b.ts -> a.ts']);
  });

  test('finds a circle of three over folders and their index', () => {
    const files = { 'x/a.ts': "import { b } from '../y';", 'y/index.ts': "import { c } from './z/c';", 'y/z/c.ts': "import { a } from '../../x/a';" };
    expect(made(files)).toEqual(['x/a.ts -> y/index.ts -> y/z/c.ts -> x/a.ts']);
  });

  test('finds a file that imports itself', () => {
    expect(made({ 'a.ts': "import { a } from './a';" })).toEqual(['a.ts -> a.ts']);
  });

  test('tells two circles that share a file, and not who only imports them', () => {
    const files = {
      'above.ts': "import { a } from './a';",
      'a.ts': "import { b } from './b'; import { c } from './c';",
      'b.ts': "import { a } from './a';",
      'c.ts': "import { a } from './a';",
    };
    expect(made(files)).toEqual(['a.ts -> b.ts -> a.ts', 'c.ts -> a.ts -> c.ts']);
  });

  test('lets two ways lead to the same file: a diamond is no circle', () => {
    const files = {
      'top.ts': "import { left } from './left'; import { right } from './right';",
      'left.ts': "import { bottom } from './bottom';",
      'right.ts': "import { bottom } from './bottom';",
      'bottom.ts': '',
    };
    expect(made(files)).toEqual([]);
  });

  test('does not mind what comments, texts and packages say', () => {
    expect(made({ 'a.ts': "// import './b'\nconst b = \"import './b'\"; import { c } from 'c';", 'b.ts': "import './a';", 'c.ts': "import './a';" })).toEqual([]);
  });

  test('refuses an import that leads to none of the files: the circle could go on there', () => {
    expect(() => made({ 'a.ts': "import { b } from './b';" })).toThrow('a.ts imports ./b, which is none of the files');
  });
});
