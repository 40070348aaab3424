import { parseVariable, type Listen, type Reference } from './env-value';
import type { EnvTable, EnvVariable } from '../../../../src/protocol/env';

export { isLoopback, type Listen, type Reference } from './env-value';

type ValueOf<Variable extends EnvVariable> =
  Variable['kind'] extends 'listen' ? Listen :
    Variable['kind'] extends 'enum' ? (Variable extends { readonly values: readonly (infer Value)[] } ? Value : string) :
      Variable['kind'] extends 'names' ? readonly string[] :
        Variable['kind'] extends 'references' ? readonly Reference[] :
          Variable['kind'] extends 'flag' ? boolean :
            Variable['kind'] extends 'integer' ? number :
              string;

type IsAlwaysSet<Variable extends EnvVariable> =
  Variable extends { readonly default: string } ? true : Variable extends { readonly required: true } ? true : false;

/** The environment of a role, checked. What is neither required nor has a default may be undefined. */
export type Config<Table extends EnvTable> = {
  readonly [Name in keyof Table]: IsAlwaysSet<Table[Name]> extends true ? ValueOf<Table[Name]> : ValueOf<Table[Name]> | undefined;
};

/** Rules over several variables: everything wrong, one text each that names the variables. */
export type ConfigCheck<Table extends EnvTable> = (config: Config<Table>) => readonly string[];

/** Everything that is wrong with an environment. */
export class EnvironmentError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(['the environment cannot be used:', ...problems.map((problem) => `  ${problem}`)].join('\n'));
    this.name = 'EnvironmentError';
  }
}

/**
 * Reads the variables of the table and no others. Throws one EnvironmentError that lists every problem.
 * The check sees a config whose single values are all right.
 */
export function readEnvironment<Table extends EnvTable>(
  table: Table, env: Readonly<Record<string, string | undefined>>, check: ConfigCheck<Table> = () => [],
): Config<Table> {
  const problems: string[] = [];
  const config: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries(table)) {
    const text = env[name] ?? variable.default;
    if (text === undefined) {
      if (isRequired(table, variable, env)) problems.push(`${name} is not set: ${variable.doc}${because(variable)}`);
      continue;
    }
    const parsed = parseVariable(variable, text);
    if ('problem' in parsed) problems.push(`${name} ${parsed.problem}`);
    else config[name] = parsed.value;
  }
  if (problems.length === 0) problems.push(...check(config as Config<Table>));
  if (problems.length > 0) throw new EnvironmentError(problems);
  return config as Config<Table>;
}

/** Credentials never travel in the clear: a server without TLS is for this machine only. */
export function plainHttpProblems(name: string, listen: Listen, tlsDir: string | undefined): readonly string[] {
  if (tlsDir !== undefined || listen.isLoopback) return [];
  return [`${name} is reachable from other machines, so TLS_DIR must be set`];
}

/** What `--help` prints. */
export function helpText(role: string, table: EnvTable): string {
  const lines = Object.entries(table).flatMap(([name, variable]) => [`  ${name}`, `      ${variable.doc}`, `      ${allowedText(variable)}`]);
  return [`The ${role} takes no arguments; it is configured by environment variables:`, '', ...lines, ''].join('\n');
}

function isRequired(table: EnvTable, variable: EnvVariable, env: Readonly<Record<string, string | undefined>>): boolean {
  if (variable.required === true) return true;
  if (variable.requiredWhen === undefined) return false;
  const { variable: other, is } = variable.requiredWhen;
  return (env[other] ?? table[other]?.default) === is;
}

function because({ requiredWhen }: EnvVariable): string {
  return requiredWhen === undefined ? '' : ` (required with ${requiredWhen.variable}=${requiredWhen.is})`;
}

const FORMS: Readonly<Record<EnvVariable['kind'], string>> = {
  listen: 'host:port or :port',
  path: 'path',
  enum: '',
  names: 'names, separated by commas',
  references: 'namespace/name, separated by commas',
  flag: 'true or false',
  integer: 'whole number',
  text: 'text',
  document: 'text of one or more lines',
};

function allowedText(variable: EnvVariable): string {
  const form = variable.kind === 'enum' ? variable.values!.join(' | ') : FORMS[variable.kind];
  const range = variable.range === undefined ? '' : ` from ${variable.range[0]} to ${variable.range[1]}`;
  return `${form}${range}; ${whenUnset(variable)}`;
}

function whenUnset(variable: EnvVariable): string {
  if (variable.required === true) return 'required';
  if (variable.requiredWhen !== undefined) return `required with ${variable.requiredWhen.variable}=${variable.requiredWhen.is}`;
  return variable.default === undefined ? 'optional' : `default ${JSON.stringify(variable.default)}`;
}
