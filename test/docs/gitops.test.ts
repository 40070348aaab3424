import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { API_GROUP } from '../../src/protocol/names';
import { KINDS, TERMINAL_RUN_PHASES } from '../../src/protocol/resources';
import { everything } from '../helpers/everything';

const PAGE = readFileSync('docs/how-to/use-with-argo-cd-and-flux.md', 'utf8');

test('the page names every object that is empty in Git and that a part fills, and no other', () => {
  const rows = PAGE.split('| object | kind | filled by |\n')[1].split('\n\n')[0].split('\n').slice(1);
  const named = rows.flatMap((row) => {
    const [, objects, kinds] = row.split('|').map((cell) => cell.trim());
    return [...objects.matchAll(/`([^`]+)`/g)].map(([, name], index) => `${kinds.split(', ')[index]} ${name}`);
  });
  const empty = everything('a')
    .filter(({ kind, data, spec }) => ['Secret', 'ConfigMap', 'Lease'].includes(kind) && data === undefined && spec === undefined)
    // That of a pool owns its claimed workers, and stays empty.
    .filter(({ metadata }) => !metadata.name.startsWith('pool-'));
  expect(named.sort()).toEqual(empty.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort());
});

test('the health check of Argo CD is for runs, and knows the phases that end one', () => {
  const block = [...PAGE.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text).find((text) => text.includes('health'))!;
  const [[key, lua]] = Object.entries<string>(parse(block).data);
  expect(key).toBe(`resource.customizations.health.${API_GROUP}_${KINDS.HarnessRun.kind}`);
  const [, ends] = /local ends = \{(.*)\}/.exec(lua)!;
  expect([...ends.matchAll(/(\w+) =/g)].map(([, phase]) => phase)).toEqual(TERMINAL_RUN_PHASES);
});
