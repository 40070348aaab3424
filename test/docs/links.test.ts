import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PAGES } from './blocks';

/** As code hosts make it: lower case, blanks to dashes, everything else but letters, digits and dashes dropped. */
function anchors(page: string): string[] {
  return [...readFileSync(page, 'utf8').matchAll(/^#+ (.*)$/gm)]
    .map(([, heading]) => heading.toLowerCase().replace(/[^a-z0-9 -]/g, '').replaceAll(' ', '-'));
}

function broken(page: string): string[] {
  const links = [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
  return links.filter(([, path, anchor]) => {
    const target = path === '' ? page : join(dirname(page), path);
    return !existsSync(target) || (anchor !== undefined && !anchors(target).includes(anchor));
  }).map(([link]) => link);
}

test.each(PAGES)('every link of %s leads somewhere', (page) => {
  expect(broken(page)).toEqual([]);
});

test.each(PAGES)('every source file that %s names is there', (page) => {
  const paths = [...readFileSync(page, 'utf8').matchAll(/`((?:src|test|projenrc|examples|docs|bench)\/[\w./-]+)`/g)].map(([, path]) => path);
  expect(paths.filter((path) => !existsSync(path) && !path.startsWith('examples/quickstart/out'))).toEqual([]);
});

test('how-to pages are all reachable from the README', () => {
  const readme = readFileSync('README.md', 'utf8');
  expect(readdirSync('docs/how-to').filter((name) => !readme.includes(`(docs/how-to/${name})`))).toEqual([]);
});
