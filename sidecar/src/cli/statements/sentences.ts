import type { Statement } from './statement';

/** What is said, with the ports at the end. */
export function verbOf({ verb, ports }: Statement): string {
  if (ports === undefined) return verb;
  const { protocol, first, last } = ports;
  return `${verb} ${protocol} ${first === last ? first : `${first}-${last}`}`;
}

/** One statement for all neighbouring ports of which the same is said. */
export function joined(statements: readonly Statement[]): Statement[] {
  const groups = new Map<string, Statement[]>();
  for (const statement of statements.filter(({ ports }) => ports !== undefined)) {
    const { section, subject, verb, note, ports } = statement;
    const key = JSON.stringify([section, subject, verb, note, ports!.protocol]);
    const there = groups.get(key);
    if (there === undefined) groups.set(key, [statement]);
    else there.push(statement);
  }
  return [...statements.filter(({ ports }) => ports === undefined), ...[...groups.values()].flatMap(neighbours)];
}

function neighbours(group: readonly Statement[]): Statement[] {
  const found: Statement[] = [];
  for (const statement of [...group].sort((a, b) => a.ports!.first - b.ports!.first)) {
    const before = found.at(-1);
    if (before === undefined || before.ports!.last + 1 !== statement.ports!.first) found.push(statement);
    else found[found.length - 1] = { ...before, ports: { ...before.ports!, last: statement.ports!.last } };
  }
  return found;
}
