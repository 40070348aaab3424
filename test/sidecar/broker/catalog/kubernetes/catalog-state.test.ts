import fc from 'fast-check';
import { snapshotOf } from '../../../../../sidecar/src/broker/catalog/directory/directory-snapshot';
import { CatalogState } from '../../../../../sidecar/src/broker/catalog/kubernetes/catalog-state';
import { projection, ReadKind } from '../../../../../sidecar/src/broker/catalog/kubernetes/custom-objects';
import { LateReads } from '../../../../../sidecar/src/broker/catalog/kubernetes/late-reads';
import { VersionedMap } from '../../../../../sidecar/src/broker/catalog/kubernetes/versioned-map';
import { checkedObject } from '../../../../../sidecar/src/broker/catalog/object-check';
import type { KubeObject } from '../../../../../sidecar/src/kube/client';
import { brokerPolicy, clusterTemplate, harnessRun, harnessTemplate } from '../../documents';

function kept<Kind extends ReadKind>(kind: Kind, document: object, leftOut: string[] = []) {
  return projection(kind, (_, problem) => leftOut.push(problem))(JSON.parse(JSON.stringify(document)) as KubeObject)!;
}

const GRANTS = { grants: { credentials: [], egress: [{ host: 'a.example.com' }] } };

function stateWithRun() {
  const state = new CatalogState(['team-a', 'team-b']);
  state.runs('team-a').replaced(new Map([['team-a/r1', kept('HarnessRun', harnessRun({ uid: 'u1' }, { phase: 'Running' }))]]));
  return state;
}

describe('a snapshot', () => {
  test('stays as it is while the catalog goes on', () => {
    const state = stateWithRun();
    const before = state.snapshot();
    state.runs('team-a').changed('team-a/r1', kept('HarnessRun', harnessRun({ uid: 'u1' }, { phase: 'Failed' })));
    state.policies('team-a').replaced(new Map([['team-a/p1', kept('BrokerPolicy', brokerPolicy({}, GRANTS))]]));
    expect([before.run('team-a', 'r1')!.phase, before.policies('team-a')]).toEqual(['Running', []]);
    expect([state.snapshot().run('team-a', 'r1')!.phase, state.snapshot().policies('team-a').length]).toEqual(['Failed', 1]);
  });

  test('forgets what is gone, one by one and by a new list', () => {
    const state = stateWithRun();
    state.runs('team-a').changed('team-a/r1', undefined);
    expect(state.snapshot().run('team-a', 'r1')).toBeUndefined();
    const other = stateWithRun();
    other.runs('team-a').replaced(new Map());
    expect(other.snapshot().run('team-a', 'r1')).toBeUndefined();
  });

  test('has no namespace that is not served, and keeps the others apart', () => {
    const snapshot = stateWithRun().snapshot();
    expect([snapshot.run('team-b', 'r1'), snapshot.run('elsewhere', 'r1'), snapshot.policies('elsewhere')]).toEqual([undefined, undefined, []]);
    expect(snapshot.template({ ...snapshot.run('team-a', 'r1')!, namespace: 'elsewhere' })).toBeUndefined();
  });

  test('has policies sorted by name, however they came', () => {
    const state = stateWithRun();
    for (const name of ['p3', 'p1', 'p2']) state.policies('team-a').changed(`team-a/${name}`, kept('BrokerPolicy', brokerPolicy({ name }, GRANTS)));
    expect(state.snapshot().policies('team-a').map(({ name }) => name)).toEqual(['p1', 'p2', 'p3']);
  });

  test('works templates out anew when the template or its base changes', () => {
    const state = stateWithRun();
    const template = () => state.snapshot().template(state.snapshot().run('team-a', 'r1')!)?.spec;
    expect(template()).toBeUndefined();
    state.templates('team-a').changed('team-a/coder', kept('HarnessTemplate', harnessTemplate({}, [], { image: undefined, command: undefined, baseTemplateRef: { name: 'base' } })));
    expect(template()).toBeUndefined();
    state.clusterTemplates().changed('base', kept('ClusterHarnessTemplate', clusterTemplate('base')));
    expect(template()?.image).toBe('base:1');
    state.clusterTemplates().changed('base', kept('ClusterHarnessTemplate', clusterTemplate('base', { image: 'base:2' })));
    expect(template()?.image).toBe('base:2');
    state.templates('team-a').changed('team-a/coder', undefined);
    expect(template()).toBeUndefined();
  });

  test('says of a run what its status says', () => {
    const state = new CatalogState(['team-a']);
    const lease = { provider: 'PATPool', credentialName: 'A', leaseID: 'pat-1', expiresAt: '2026-01-01T00:00:00Z' };
    const made = { template: { name: 'coder', kind: 'HarnessTemplate', shadows: true }, podUID: 'pod-1', podIPs: ['10.0.0.1'] };
    const status = { phase: 'Running', ...made, startTime: '2026-01-01T00:00:00Z', issuedLeases: [lease], revokedLeases: { 'pat-2': '2026-01-01T00:00:00Z' } };
    state.runs('team-a').changed('team-a/r1', kept('HarnessRun', harnessRun({ uid: 'u1' }, status)));
    state.templates('team-a').changed('team-a/coder', kept('HarnessTemplate', harnessTemplate({}, [], { defaults: { timeout: '1h' } })));
    const start = Date.UTC(2026, 0, 1);
    expect(state.snapshot().run('team-a', 'r1')).toEqual({
      namespace: 'team-a',
      name: 'r1',
      uid: 'u1',
      phase: 'Running',
      templateRef: { name: 'coder' },
      revokedLeases: ['pat-2'],
      podUid: 'pod-1',
      podIps: ['10.0.0.1'],
      template: { name: 'coder', kind: 'HarnessTemplate', shadows: true },
      leaseExpiries: new Map([['pat-1', start]]),
      deadline: start + 3_600_000,
    });
  });

  test('works the end of a run out anew when its template changes, and not for each who asks', () => {
    const state = new CatalogState(['team-a']);
    state.runs('team-a').changed('team-a/r1', kept('HarnessRun', harnessRun({ uid: 'u1' }, { phase: 'Running', startTime: '2026-01-01T00:00:00Z' })));
    const run = (timeout: string) => {
      state.templates('team-a').changed('team-a/coder', kept('HarnessTemplate', harnessTemplate({}, [], { defaults: { timeout } })));
      return state.snapshot().run('team-a', 'r1')!;
    };
    expect([run('1h').deadline, run('2h').deadline]).toEqual([1, 2].map((hours) => Date.UTC(2026, 0, 1, hours)));
    expect(state.snapshot().run('team-a', 'r1')).toBe(state.snapshot().run('team-a', 'r1'));
    state.templates('team-a').changed('team-a/coder', undefined);
    expect(state.snapshot().run('team-a', 'r1')?.deadline).toBeUndefined();
  });
});

test('in whatever order objects come and go, the catalog says what a directory with the same objects says', () => {
  const change = fc.record({ kind: fc.constantFrom('run', 'template', 'cluster', 'policy'), name: fc.constantFrom('coder', 'x', 'y'), there: fc.boolean(), version: fc.integer({ min: 1, max: 9 }) });
  fc.assert(fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
    const state = new CatalogState(['team-a']);
    const documents = new Map<string, object>();
    for (const { kind, name, there, version } of changes) {
      const key = `team-a/${name}`;
      const image = { image: `i:${version}` };
      const document = {
        run: harnessRun({ name, uid: `u${version}` }, undefined, { name: ['coder', 'x', 'y'][version % 3] }),
        template: harnessTemplate({ name }, [], image),
        cluster: clusterTemplate(name, image),
        policy: brokerPolicy({ name }, GRANTS),
      }[kind]!;
      if (there) documents.set(`${kind} ${name}`, document);
      else documents.delete(`${kind} ${name}`);
      if (kind === 'run') state.runs('team-a').changed(key, there ? kept('HarnessRun', document) : undefined);
      if (kind === 'template') state.templates('team-a').changed(key, there ? kept('HarnessTemplate', document) : undefined);
      if (kind === 'cluster') state.clusterTemplates().changed(name, there ? kept('ClusterHarnessTemplate', document) : undefined);
      if (kind === 'policy') state.policies('team-a').changed(key, there ? kept('BrokerPolicy', document) : undefined);
    }
    const directory = snapshotOf([...documents].map(([place, value]) => checkedObject({ file: 'test', place, value: JSON.parse(JSON.stringify(value)) })));
    const view = (snapshot: typeof directory | ReturnType<CatalogState['snapshot']>) => ['coder', 'x', 'y'].map((name) => {
      const run = snapshot.run('team-a', name);
      return [run, run && snapshot.template(run), snapshot.policies('team-a')];
    });
    expect(view(state.snapshot())).toEqual(view(directory));
  }));
});

describe('an object is left out', () => {
  test.each<[string, ReadKind, object, RegExp]>([
    ['whose spec breaks a rule', 'BrokerPolicy', brokerPolicy({}, { ...GRANTS, appliesToTemplates: 7 }), /^BrokerPolicy team-a\/p1: .*appliesToTemplates/],
    ['without a spec', 'HarnessRun', { metadata: { name: 'r1', namespace: 'team-a' } }, /^HarnessRun team-a\/r1: /],
    ['of another kind', 'HarnessRun', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'r1', namespace: 'team-a' }, data: {} }, /is of another kind/],
  ])('%s, and is told without its values', (_, kind, document, problem) => {
    const told: string[] = [];
    expect(kept(kind, document, told)).toBeUndefined();
    expect(told).toEqual([expect.stringMatching(problem)]);
  });
});

describe('a single read', () => {
  const reads = () => {
    const items = new Map<string, number>();
    return {
      items,
      sink: new LateReads<number>({
        replaced: (all) => {
          items.clear();
          all.forEach((value, key) => items.set(key, value));
        },
        changed: (key, value) => (value === undefined ? items.delete(key) : items.set(key, value)),
      }),
    };
  };

  test('adds what the watch has not told yet, and takes away what is gone', async () => {
    const { items, sink } = reads();
    await sink.readOne('a', async () => 1);
    expect([...items]).toEqual([['a', 1]]);
    await sink.readOne('a', async () => undefined);
    expect([...items]).toEqual([]);
  });

  test.each<[string, (sink: LateReads<number>) => void, [string, number][]]>([
    ['by a deletion', (sink) => sink.changed('a', undefined), []],
    ['by a change', (sink) => sink.changed('a', 2), [['a', 2]]],
    ['by a new list', (sink) => sink.replaced(new Map([['b', 3]])), [['b', 3]]],
  ])('that was overtaken %s is dropped', async (_, happens, expected) => {
    const { items, sink } = reads();
    await sink.readOne('a', async () => {
      happens(sink);
      return 1;
    });
    expect([...items]).toEqual(expected);
  });

  test('is not disturbed by other objects, and a list is', async () => {
    const { items, sink } = reads();
    const other = async () => sink.changed('b', 2);
    await sink.readOne('a', async () => other().then(() => 1));
    await sink.readAll(async () => other().then(() => new Map([['c', 3]])));
    expect([...items].sort()).toEqual([['a', 1], ['b', 2]]);
  });
});

test('a versioned map is a map, and its versions do not disturb each other', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', '__proto__'), fc.option(fc.integer(), { nil: undefined }))), (steps) => {
    const plain = new Map<string, number>();
    const before = VersionedMap.of<number>([['a', 0]]);
    let map = VersionedMap.of<number>([]);
    for (const [key, value] of steps) {
      if (value === undefined) plain.delete(key);
      else plain.set(key, value);
      map = map.with(key, value);
      before.with(key, value);
    }
    for (const key of ['a', 'b', 'c', '__proto__']) expect(map.get(key)).toBe(plain.get(key));
    expect(before.get('a')).toBe(0);
  }));
});
