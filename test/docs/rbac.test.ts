import { readFileSync } from 'node:fs';
import { Right, RIGHTS } from '../../src/manifests/rbac';

const PAGE = readFileSync('docs/reference/rbac.md', 'utf8');

/** The line of the table for a right. */
function line({ role, scope, group, resources, verbs, names, why }: Right): string {
  const code = (words: readonly string[]) => words.map((word) => `\`${word}\``).join(', ');
  const where = {
    'cluster': 'the cluster', 'system': 'the platform namespace', 'run-namespace': 'each namespace of agents', 'worker-namespace': 'each namespace with warm pools',
  }[scope];
  const atSynth = { 'provider-secrets': 'those that policies name', 'pool-objects': '`pool-<name>` of its warm pools' };
  const only = names === undefined ? 'all' : typeof names === 'string' ? atSynth[names] : code(names);
  return `| ${role} | ${where} | ${group === '' ? 'core' : code([group])} | ${code(resources)} | ${code(verbs)} | ${only} | ${why} |`;
}

test('the page has a line for every right, and no other line', () => {
  const written = PAGE.split('\n').filter((text) => text.startsWith('| ') && !text.startsWith('| role '));
  expect(written.sort()).toEqual(RIGHTS.map(line).sort());
});

test('no right is a wildcard', () => {
  expect(RIGHTS.filter(({ group, resources, verbs }) => [group, ...resources, ...verbs].includes('*'))).toEqual([]);
});

test('nobody may list or watch Secrets, and every right to a Secret names it', () => {
  const onSecrets = RIGHTS.filter(({ resources }) => resources.includes('secrets'));
  expect(onSecrets.filter(({ verbs, names }) => names === undefined || verbs.some((verb) => ['list', 'watch', 'create', 'delete'].includes(verb)))).toEqual([]);
});
