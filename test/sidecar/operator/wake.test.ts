import { Change, Wake, WorkKey } from '../../../sidecar/src/operator/wake';

const NAMESPACE = 'team';

function run(name: string, over: Record<string, unknown> = {}, spec: Record<string, unknown> = {}) {
  return { namespace: NAMESPACE, name, uid: name, spec: { templateRef: { name: 't' }, ...spec }, status: { phase: 'Pending', ...over } } as unknown as Change['after'];
}

function named(keys: readonly WorkKey[]): string[] {
  return keys.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`).sort();
}

function wakeWith(...runs: ReturnType<typeof run>[]) {
  const wake = new Wake();
  for (const after of runs) wake.keysFor({ kind: 'HarnessRun', namespace: NAMESPACE, name: after!.name, after });
  return wake;
}

const change = (kind: Change['kind'], name: string, extra: Partial<Change> = {}): Change => ({ kind, namespace: NAMESPACE, name, ...extra });

test('a run that has changed is worked on, and so is the Workspace that it has or had', () => {
  const keys = new Wake().keysFor(change('HarnessRun', 'a', { before: run('a', {}, { workspaceRef: 'old' }), after: run('a', {}, { workspaceRef: 'new' }) }));
  expect(named(keys)).toEqual(['HarnessRun team/a', 'Workspace team/new', 'Workspace team/old']);
  const own = new Wake().keysFor(change('HarnessRun', 'a', { after: run('a') }));
  expect(named(own)).toEqual(['HarnessRun team/a', 'Workspace team/a-ws']);
});

test('a pod wakes its run, and the Workspace that waits for what it does', () => {
  const pod = { run: 'a', workspace: 'shared' } as unknown as Change['after'];
  const wake = new Wake();
  expect(named(wake.keysFor(change('Pod', 'a-0', { after: pod })))).toEqual(['HarnessRun team/a', 'Workspace team/shared']);
  expect(named(wake.keysFor(change('Pod', 'a-0', { before: pod })))).toEqual(['HarnessRun team/a', 'Workspace team/shared']);
  // Somebody has changed its label.
  expect(named(wake.keysFor(change('Pod', 'a-0', { before: pod, after: { ...pod, run: 'b' } as Change['after'] })))).toEqual(expect.arrayContaining(['HarnessRun team/a', 'HarnessRun team/b']));
});

test('a Workspace wakes the runs that use it and are not over', () => {
  const wake = wakeWith(run('a', {}, { workspaceRef: 'w' }), run('b', {}, { workspaceRef: 'w' }), run('c', { phase: 'Failed' }, { workspaceRef: 'w' }), run('d'));
  expect(named(wake.keysFor(change('Workspace', 'w')))).toEqual(['HarnessRun team/a', 'HarnessRun team/b', 'Workspace team/w']);
});

test('the claim of a Workspace wakes it, and other claims wake nothing', () => {
  const wake = new Wake();
  expect(named(wake.keysFor(change('PersistentVolumeClaim', 'ws-w')))).toEqual(['Workspace team/w']);
  expect(wake.keysFor(change('PersistentVolumeClaim', 'data-w'))).toEqual([]);
});

test('templates and policies wake runs that have no pod yet, in their own namespace', () => {
  const wake = wakeWith(run('a'), run('b', { podUID: 'x' }));
  expect(named(wake.keysFor(change('HarnessTemplate', 't')))).toEqual(['HarnessRun team/a', 'HarnessTemplate team/t']);
  expect(named(wake.keysFor(change('BrokerPolicy', 'p')))).toEqual(['BrokerPolicy team/p', 'HarnessRun team/a']);
  expect(named(wake.keysFor({ ...change('BrokerPolicy', 'p'), namespace: 'other' }))).toEqual(['BrokerPolicy other/p']);
});

test('a template wakes the policies that may be for it', () => {
  const wake = new Wake();
  wake.keysFor(change('BrokerPolicy', 'p', { after: run('p') }));
  expect(named(wake.keysFor(change('HarnessTemplate', 't')))).toEqual(['BrokerPolicy team/p', 'HarnessTemplate team/t']);
  wake.keysFor(change('BrokerPolicy', 'p', { before: run('p') }));
  expect(named(wake.keysFor(change('HarnessTemplate', 't')))).toEqual(['HarnessTemplate team/t']);
});

test('a template of the cluster wakes such runs and policies of every namespace, and the templates that it concerns', () => {
  const wake = wakeWith(run('a'));
  const template = (name: string, base?: string) => ({ name, spec: base === undefined ? {} : { baseTemplateRef: { name: base } } }) as unknown as Change['after'];
  for (const after of [template('t'), template('completed', 't'), template('other', 'u')]) wake.keysFor(change('HarnessTemplate', (after as { name: string }).name, { after }));
  const keys = wake.keysFor({ kind: 'ClusterHarnessTemplate', namespace: '', name: 't' });
  expect(named(keys)).toEqual(['ClusterHarnessTemplate /t', 'HarnessRun team/a', 'HarnessTemplate team/completed', 'HarnessTemplate team/t']);
});

test('the NetworkPolicy of a run wakes it, also when it is gone; that of nobody wakes nobody', () => {
  const wake = wakeWith(run('a'), run('b', { phase: 'Succeeded' }));
  expect(named(wake.keysFor(change('NetworkPolicy', 'a-egress')))).toEqual(['HarnessRun team/a']);
  expect(wake.keysFor(change('NetworkPolicy', 'b-egress'))).toEqual([]);
  expect(wake.keysFor(change('NetworkPolicy', 'allow-agent'))).toEqual([]);
});

test('a run that is gone is not woken any more', () => {
  const wake = wakeWith(run('a', {}, { workspaceRef: 'w' }));
  wake.keysFor(change('HarnessRun', 'a', { before: run('a') }));
  expect(named(wake.keysFor(change('Workspace', 'w')))).toEqual(['Workspace team/w']);
});
