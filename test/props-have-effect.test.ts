import { Effects } from './effects/build';
import { EGRESS_EFFECTS } from './effects/egress';
import { NETWORK_EFFECTS } from './effects/network';
import { OPERATOR_EFFECTS } from './effects/operator';
import { PLATFORM_EFFECTS } from './effects/platform';
import { POLICY_EFFECTS } from './effects/policies';
import { PROBE_EFFECTS } from './effects/probe';
import { RUN_EFFECTS } from './effects/runs';
import { SESSION_EFFECTS } from './effects/sessions';
import { WORKER_EFFECTS } from './effects/workers';
import { JsiiType, mentioned, propertiesOf, TYPES } from './helpers/assembly';

const TABLES = [
  PLATFORM_EFFECTS, NETWORK_EFFECTS, WORKER_EFFECTS, POLICY_EFFECTS, RUN_EFFECTS, PROBE_EFFECTS, SESSION_EFFECTS, EGRESS_EFFECTS,
  OPERATOR_EFFECTS,
];
const EFFECTS: Effects = Object.assign({}, ...TABLES);

/** Everything that a user can say: properties of structs, parameters of factories and methods, enums. */
function sayable(type: JsiiType): string[] {
  if (type.kind === 'enum') return [type.name];
  if (type.datatype === true) return propertiesOf(type).map(({ name }) => `${type.name}.${name}`);
  return (type.methods ?? []).flatMap(({ name, parameters = [] }) => (
    parameters.length === 0 ? [`${type.name}.${name}()`] : parameters.map((parameter) => `${type.name}.${name}(${parameter.name})`)
  ));
}

/** Types that the constructs take, and the types that those take. A struct that others only extend is none of them. */
function reachable(): JsiiType[] {
  const found = new Set<string>();
  const visit = (fqn: string): void => {
    const type = TYPES.get(fqn);
    if (type === undefined || found.has(fqn)) return;
    found.add(fqn);
    const parameters = [type.initializer, ...(type.methods ?? [])].flatMap((callable) => callable?.parameters ?? []);
    const members = type.datatype === true ? propertiesOf(type) : [];
    [...parameters, ...members].flatMap((member) => mentioned(member.type)).forEach(visit);
  };
  for (const [fqn, { base }] of TYPES) {
    if (base === 'constructs.Construct') visit(fqn);
  }
  return [...found].map((fqn) => TYPES.get(fqn)!);
}

const SAYABLE = reachable().flatMap(sayable);

test('the table has a row for everything that can be said, and no other row', () => {
  expect(Object.keys(EFFECTS).sort()).toEqual([...SAYABLE].sort());
});

test('no two tables have the same row', () => {
  expect(TABLES.flatMap((table) => Object.keys(table)).length).toBe(Object.keys(EFFECTS).length);
});

test('every enum has a build for each of its members', () => {
  const enums = reachable().filter(({ kind }) => kind === 'enum');
  expect(enums.map(({ name }) => [name, EFFECTS[name]?.length])).toEqual(enums.map(({ name, members }) => [name, members!.length]));
});

test.each(Object.entries(EFFECTS))('%s changes what comes out', (_, builds) => {
  const results = builds.map((build) => JSON.stringify(build()));
  expect(results.length).toBeGreaterThan(1);
  expect(new Set(results).size).toBe(results.length);
});

test.each(Object.entries(EFFECTS).slice(0, 5))('%s said twice gives the same: the row above compares nothing accidental', (_, [build]) => {
  expect(JSON.stringify(build())).toBe(JSON.stringify(build()));
});
