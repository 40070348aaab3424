import { readFileSync } from 'node:fs';
import { Right, RIGHTS } from '../../src/manifests/rbac';
import { USER_RIGHTS, UserRight } from '../../src/manifests/user-roles';

const PAGE = readFileSync('docs/reference/rbac.md', 'utf8');
const code = (words: readonly string[]) => words.map((word) => `\`${word}\``).join(', ');

/** The lines of the table whose first column has the head, sorted. */
function tableOf(head: string): string[] {
  const [, rest] = PAGE.split(`\n| ${head} |`);
  return rest.split('\n\n')[0].split('\n').slice(2).sort();
}

/** The line of the table for a right. */
function line({ role, scope, group, resources, verbs, names, why }: Right): string {
  const where = {
    'cluster': 'the cluster', 'system': 'the platform namespace', 'run-namespace': 'each namespace of agents', 'worker-namespace': 'each namespace with warm pools',
  }[scope];
  const atSynth = { 'provider-secrets': 'those that policies name', 'pool-objects': '`pool-<name>` of its warm pools' };
  const only = names === undefined ? 'all' : typeof names === 'string' ? atSynth[names] : code(names);
  return `| ${role} | ${where} | ${group === '' ? 'core' : code([group])} | ${code(resources)} | ${code(verbs)} | ${only} | ${why} |`;
}

function userLine({ role, resources, verbs, why }: UserRight): string {
  return `| ${code([role])} | ${code(resources)} | ${code(verbs)} | ${why} |`;
}

test('the page has a line for every right, and no other line', () => {
  expect(tableOf('role')).toEqual(RIGHTS.map(line).sort());
});

test('the page has a line for every right of people, and no other line', () => {
  expect(tableOf('from')).toEqual(USER_RIGHTS.map(userLine).sort());
});

test('no right is a wildcard', () => {
  expect(RIGHTS.filter(({ group, resources, verbs }) => [group, ...resources, ...verbs].includes('*'))).toEqual([]);
  expect(USER_RIGHTS.filter(({ resources, verbs }) => [...resources, ...verbs].includes('*'))).toEqual([]);
});

test('nobody may list, watch or patch Secrets, every right to read one names it, and the operator alone may make any', () => {
  const onSecrets = RIGHTS.filter(({ resources }) => resources.includes('secrets'));
  expect(onSecrets.filter(({ verbs }) => verbs.some((verb) => ['list', 'watch', 'patch', 'delete'].includes(verb)))).toEqual([]);
  expect(onSecrets.filter(({ verbs, names }) => verbs.includes('get') && names === undefined)).toEqual([]);
  expect(onSecrets.filter(({ verbs }) => verbs.includes('create')).map(({ role }) => role)).toEqual(['operator']);
});
