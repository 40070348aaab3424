import { readFileSync } from 'node:fs';
import { BROKER_ENV, CONTROLLER_ENV, DEV_ENV, EGRESS_ENV, EnvVariable, FENCE_ENV, GATEWAY_ENV, OPERATOR_ENV, RETENTION_ENV, SESSION_ENV } from '../../src/protocol/env';

const PAGE = readFileSync('docs/reference/environment.md', 'utf8');

function line([name, variable]: [string, EnvVariable]): string {
  const { kind, values, range, required, requiredWhen, doc } = variable;
  const allowed = values?.map((value) => `\`${value}\``).join(', ') ?? (range === undefined ? kind : `${range[0]} to ${range[1]}`);
  const needed = required ? 'required' : requiredWhen === undefined ? '' : `required when \`${requiredWhen.variable}=${requiredWhen.is}\``;
  const value = variable.default === undefined || variable.default === '' ? needed : `\`${variable.default}\``;
  return `| \`${name}\` | ${allowed} | ${value} | ${doc} |`;
}

test('the page has a line for every variable of a server, and no other line', () => {
  const written = PAGE.split('\n').filter((text) => text.startsWith('| `'));
  const tables = [BROKER_ENV, CONTROLLER_ENV, GATEWAY_ENV, EGRESS_ENV, OPERATOR_ENV, RETENTION_ENV, SESSION_ENV, DEV_ENV, FENCE_ENV];
  expect(written).toEqual(tables.flatMap((table) => Object.entries<EnvVariable>(table).map(line)));
});
