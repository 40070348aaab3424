import fc from 'fast-check';
import { metaNamed, runWith } from './runs/fake-run';
import type { Policy } from '../../../sidecar/src/operator/objects/policy';
import type { Run } from '../../../sidecar/src/operator/objects/run';
import type { Template } from '../../../sidecar/src/operator/objects/template';
import { Change, Wake } from '../../../sidecar/src/operator/wake';
import type { HarnessTemplateSpec } from '../../../src/protocol/resources';
import { templateOf } from '../../../src/protocol/run-template';

const TEAM = 'team';
const PLAIN: HarnessTemplateSpec = { image: 'registry.example.com/agent:1', command: ['/agent'] };

function template(namespace: string, name: string, spec: HarnessTemplateSpec = PLAIN): Template {
  return { ...metaNamed(name, { namespace }), spec, status: {} };
}

function completing(base: string): HarnessTemplateSpec {
  return { baseTemplateRef: { name: base } };
}

function runOf(name: string, templateRef: Run['spec']['templateRef'], more: Partial<Run> = {}): Run {
  return { ...runWith({ templateRef }), namespace: TEAM, name, uid: name, ...more };
}

/** What was told of so far, and whom the next change wakes. */
class Told {
  private readonly wake = new Wake();

  constructor(runs: readonly Run[], ofTeam: Readonly<Record<string, HarnessTemplateSpec>>, ofCluster: Readonly<Record<string, HarnessTemplateSpec>>) {
    for (const run of runs) this.changes({ kind: 'HarnessRun', namespace: run.namespace, name: run.name, after: run });
    for (const [name, spec] of Object.entries(ofTeam)) this.changes({ kind: 'HarnessTemplate', namespace: TEAM, name, after: template(TEAM, name, spec) });
    for (const [name, spec] of Object.entries(ofCluster)) this.changes({ kind: 'ClusterHarnessTemplate', namespace: '', name, after: template('', name, spec) });
  }

  changes(change: Change): string[] {
    return this.wake.keysFor(change).filter(({ kind }) => kind === 'HarnessRun').map(({ name }) => name).sort();
  }
}

/** Another spec than any that is there. */
const CHANGED: HarnessTemplateSpec = { ...PLAIN, image: 'registry.example.com/agent:2' };

function own(name: string, before: HarnessTemplateSpec | undefined, after: HarnessTemplateSpec | undefined): Change {
  return { kind: 'HarnessTemplate', namespace: TEAM, name, before: before && template(TEAM, name, before), after: after && template(TEAM, name, after) };
}

function cluster(name: string, before: HarnessTemplateSpec | undefined, after: HarnessTemplateSpec | undefined): Change {
  return { kind: 'ClusterHarnessTemplate', namespace: '', name, before: before && template('', name, before), after: after && template('', name, after) };
}

describe('of the runs that have no pod yet, a change of a template wakes', () => {
  const runs = [
    runOf('plain', { name: 'plain' }),
    runOf('plain-own', { name: 'plain', kind: 'HarnessTemplate' }),
    runOf('both', { name: 'both' }),
    runOf('both-own', { name: 'both', kind: 'HarnessTemplate' }),
    runOf('both-cluster', { name: 'both', kind: 'ClusterHarnessTemplate' }),
    runOf('completed', { name: 'completed' }),
    runOf('shared', { name: 'shared' }),
    runOf('has-pod', { name: 'plain' }, { status: { phase: 'Running', podUID: 'p' } }),
    runOf('over', { name: 'plain' }, { status: { phase: 'Failed' } }),
    runOf('elsewhere', { name: 'plain', kind: 'HarnessTemplate' }, { namespace: 'other' }),
  ];
  const ofTeam = { plain: PLAIN, both: PLAIN, completed: completing('base'), unused: PLAIN };
  const ofCluster = { base: PLAIN, both: PLAIN, shared: PLAIN };
  // Of the other namespace, where the template of the run is not there.
  const lost = 'elsewhere';

  test.each<[string, Change, string[]]>([
    ['those that name it', own('plain', PLAIN, CHANGED), ['plain', 'plain-own']],
    ['those whose template is gone', own('plain', PLAIN, undefined), ['plain', 'plain-own']],
    ['not those of the template of the cluster that it hides', own('both', PLAIN, CHANGED), ['both', 'both-own']],
    ['those that it hides another template from by now', own('shared', undefined, PLAIN), ['shared']],
    ['nobody when nobody names it', own('unused', PLAIN, CHANGED), []],
    ['nobody by a template of the name of a base, which only one of the cluster can be', own('base', undefined, PLAIN), []],
    ['those that complete it', cluster('base', PLAIN, CHANGED), ['completed', lost]],
    ['those whose base is gone', cluster('base', PLAIN, undefined), ['completed', lost]],
    ['those that name it, and those for which it is hidden, as policies see to that', cluster('both', PLAIN, CHANGED), ['both', 'both-cluster', 'both-own', lost]],
    ['those for which it is hidden from now on', cluster('plain', undefined, PLAIN), [lost, 'plain', 'plain-own']],
    ['nobody who has a template when nobody names it', cluster('unused', undefined, PLAIN), [lost]],
    ['nobody when its spec is what it was', own('plain', PLAIN, { ...PLAIN }), []],
    ['nobody when the spec of a base is what it was', cluster('base', PLAIN, { ...PLAIN }), []],
  ])('%s', (_case, change, woken) => {
    expect(new Told(runs, ofTeam, ofCluster).changes(change)).toEqual([...woken].sort());
  });
});

describe('a run whose template cannot be resolved is woken by any template that it could be told of', () => {
  test.each<[string, Run['spec']['templateRef'], string[]]>([
    ['that is nowhere', { name: 'codr' }, ['r']],
    ['that is only in the cluster, while it wants one of the namespace', { name: 'base', kind: 'HarnessTemplate' }, ['r']],
    ['that is only in the namespace, while it wants one of the cluster', { name: 'plain', kind: 'ClusterHarnessTemplate' }, ['r']],
    ['whose base is not there', { name: 'orphan' }, ['r']],
    ['that is there', { name: 'plain' }, []],
    ['that is there, with its base', { name: 'completed' }, []],
  ])('one %s', (_case, templateRef, woken) => {
    const told = new Told([runOf('r', templateRef)], { plain: PLAIN, orphan: completing('nobody'), completed: completing('base') }, { base: PLAIN });
    expect(told.changes(own('coder', undefined, PLAIN))).toEqual(woken);
    expect(told.changes(cluster('coders', undefined, PLAIN))).toEqual(woken);
  });
});

test('whatever changes, every run for which another template comes of it is woken', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const spec = fc.oneof(name.map(completing), fc.constantFrom<HarnessTemplateSpec>(PLAIN, CHANGED));
  const ref = fc.record({ name, kind: fc.constantFrom<'HarnessTemplate' | 'ClusterHarnessTemplate'>('HarnessTemplate', 'ClusterHarnessTemplate') }, { requiredKeys: ['name'] });
  const change = fc.record({ isOwn: fc.boolean(), name, after: fc.option(spec, { nil: undefined }) });
  const specs = fc.dictionary(name, spec, { noNullPrototype: true });
  fc.assert(fc.property(fc.array(ref, { maxLength: 6 }), specs, specs, fc.array(change, { maxLength: 8 }), (refs, atFirst, inCluster, changes) => {
    const runs = refs.map((templateRef, index) => runOf(`r${index}`, templateRef));
    const [mine, all] = [new Map(Object.entries(atFirst)), new Map(Object.entries(inCluster))];
    const resolved = () => runs.map(({ namespace, spec: { templateRef } }) =>
      JSON.stringify(templateOf({ namespace, templateRef }, { own: (_, one) => mine.get(one), cluster: (one) => all.get(one) })));
    const told = new Told(runs, atFirst, inCluster);
    for (const { isOwn, name: changed, after } of changes) {
      const [kept, of] = isOwn ? [mine, own] as const : [all, cluster] as const;
      const before = resolved();
      const woken = told.changes(of(changed, kept.get(changed), after));
      if (after === undefined) kept.delete(changed);
      else kept.set(changed, after);
      const now = resolved();
      runs.forEach((run, index) => (before[index] === now[index] ? undefined : expect(woken).toContain(run.name)));
    }
  }), { numRuns: 500 });
});

describe('a change of a policy wakes runs that have no pod yet', () => {
  const policy = (host: string): Policy => ({ ...metaNamed('p', { namespace: TEAM }), spec: { appliesToTemplates: ['*'], grants: { egress: [{ host }] } }, status: {} });
  const changeOf = (before: Policy | undefined, after: Policy | undefined): Change => ({ kind: 'BrokerPolicy', namespace: TEAM, name: 'p', before, after });

  test.each<[string, Change, string[]]>([
    ['when it comes', changeOf(undefined, policy('a.example.com')), ['r']],
    ['when it grants something else', changeOf(policy('a.example.com'), policy('b.example.com')), ['r']],
    ['when it goes', changeOf(policy('a.example.com'), undefined), ['r']],
    ['but not when its spec is what it was', changeOf(policy('a.example.com'), policy('a.example.com')), []],
  ])('%s', (_case, change, woken) => {
    const told = new Told([runOf('r', { name: 'plain' }), runOf('has-pod', { name: 'plain' }, { status: { podUID: 'p' } })], { plain: PLAIN }, {});
    expect(told.changes(change)).toEqual(woken);
  });
});

test('a status or a note on a template or a policy wakes itself alone', () => {
  const wake = new Wake();
  wake.keysFor({ kind: 'BrokerPolicy', namespace: TEAM, name: 'p', after: metaNamed('p') });
  wake.keysFor(own('completed', undefined, completing('base')));
  expect(wake.keysFor(own('plain', PLAIN, { ...PLAIN }))).toEqual([{ kind: 'HarnessTemplate', namespace: TEAM, name: 'plain' }]);
  expect(wake.keysFor(cluster('base', PLAIN, { ...PLAIN }))).toEqual([{ kind: 'ClusterHarnessTemplate', namespace: '', name: 'base' }]);
  expect(wake.keysFor(own('plain', PLAIN, CHANGED))).toHaveLength(2);
  expect(wake.keysFor(cluster('base', PLAIN, CHANGED))).toHaveLength(3);
});
