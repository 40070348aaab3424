import { readFileSync } from 'node:fs';
import { blocks } from './blocks';
import { PARTS } from '../../src/protocol/names';

const README = readFileSync('README.md', 'utf8');

/** Cells of the table under a heading, without its two head lines. */
function table(heading: string): string[][] {
  const lines = README.split(`## ${heading}\n`)[1].split('\n## ')[0].split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) => line.slice(1, -1).split(' | ').map((cell) => cell.trim()));
}

test('the first code is the marked region of the quickstart', () => {
  const main = readFileSync('examples/quickstart/main.ts', 'utf8');
  const region = main.split('// #region platform\n')[1].split('// #endregion')[0];
  expect(blocks('ts').find(({ where }) => where.startsWith('README.md'))!.code).toBe(region);
});

test('there are exactly two commands that set up a clone', () => {
  const setUps = [...README.matchAll(/^npm ci.*$/gm)].map(([line]) => line);
  expect(setUps).toEqual(['npm ci && npm run quickstart', 'npm ci && npm test']);
});

test('what it is fits five lines before the first code', () => {
  const words = README.split('```')[0].split('\n').slice(1).filter((line) => line.trim() !== '');
  expect(words.length).toBeLessThanOrEqual(5);
});

test('the table of parts has every part and no other', () => {
  expect(table('What comes out').map(([part]) => part).sort()).toEqual(PARTS.map((part) => `\`${part}\``).sort());
});

test('the table of options has every option of AgentPlatform with its default', () => {
  const { types } = JSON.parse(readFileSync('.jsii', 'utf8'));
  const propertiesOf = (name: string): any[] => {
    const { properties = [], interfaces = [] } = types[`cdk8s-agent-platform.${name}`];
    return [...properties, ...interfaces.flatMap((base: string) => propertiesOf(base.split('.')[1]))];
  };
  const defaults = propertiesOf('AgentPlatformProps').map(({ name, optional, docs }) => {
    if (optional !== true) return [`\`${name}\``, 'required'];
    return [`\`${name}\``, docs.default.startsWith('- ') ? docs.default.slice(2) : `\`${docs.default}\``];
  });
  expect(table('Options of `AgentPlatform`').map((cells) => cells.slice(0, 2)).sort()).toEqual(defaults.sort());
});
