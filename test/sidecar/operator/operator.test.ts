import { OperatorWorld } from './operator-world';
import { KubeError } from '../../../sidecar/src/kube/kube-error';
import type { Operator } from '../../../sidecar/src/operator/operator';

const TEMPLATE = { spec: { image: 'registry.example/agent:1', command: ['/agent'] } };
const RUN = { spec: { templateRef: { name: 'coder' }, prompt: 'do it' } };
/** It ends at once, with its finalizer, its status and again its finalizer. */
const INTERACTIVE = { spec: { ...RUN.spec, mode: 'Interactive' } };
const INTERACTIVE_WRITES = ['object harnessruns/r', 'status harnessruns/r', 'object harnessruns/r'];

let world: OperatorWorld;
let operator: Operator | undefined;

beforeEach(() => {
  world = new OperatorWorld();
  operator = undefined;
});
afterEach(() => operator?.close());

async function open(): Promise<void> {
  operator = world.open();
  await world.server.flush();
  await world.pass();
}

async function openRuns(): Promise<string[]> {
  return (await world.registry.metrics()).split('\n').filter((line) => line.startsWith('operator_open_runs{'));
}

describe('an operator that leads', () => {
  test('works on everything that is there, and on what comes', async () => {
    world.put('harnesstemplates', 'team-a', 'one', TEMPLATE);
    await open();
    expect(operator!.problem()).toBeUndefined();
    expect(world.written).toEqual(['status harnesstemplates/one']);
    world.put('harnesstemplates', 'team-a', 'two', TEMPLATE);
    await world.pass();
    expect(world.written.slice(1)).toEqual(['status harnesstemplates/two']);
  });

  test('brings a run to its end by its own writes, and is quiet after that', async () => {
    world.put('harnessruns', 'team-a', 'r', INTERACTIVE);
    await open();
    await world.pass(120_000);
    expect(world.written).toEqual(INTERACTIVE_WRITES);
    expect(world.events).toEqual(['Warning InteractiveUnsupported HarnessRun/r']);
  });

  test('works on a run when what it waits for comes, and when its time is over', async () => {
    world.put('harnessruns', 'team-a', 'r', RUN, { creationTimestamp: '2030-01-01T00:00:00Z' });
    await open();
    expect(world.events).toEqual(['Warning TemplateNotFound HarnessRun/r']);
    world.put('harnesstemplates', 'team-a', 'coder', { spec: { ...TEMPLATE.spec, requires: { credentials: [{ name: 'A' }] } } });
    await world.pass();
    expect(world.events.slice(1)).toEqual(['Warning PolicyMissing HarnessRun/r']);
    await world.pass(60_000);
    expect(world.events.slice(2)).toEqual(['Warning PolicyMissing HarnessRun/r']);
    expect((await world.registry.metrics()).split('\n')).toContain('paddock_harnessrun_phase_transitions_total{from="Pending",to="Failed"} 1');
  });

  test('tells by what runs are held up, until they are over or gone', async () => {
    for (const name of ['r', 'q']) world.put('harnessruns', 'team-a', name, RUN, { creationTimestamp: '2030-01-01T00:00:00Z' });
    await open();
    expect(await openRuns()).toEqual(['operator_open_runs{phase="Pending",reason="TemplateNotFound"} 2']);
    world.server.remove('harnessruns', 'team-a', 'q');
    await world.pass();
    expect(await openRuns()).toEqual(['operator_open_runs{phase="Pending",reason="TemplateNotFound"} 1']);
    await world.pass(70_000);
    expect(await openRuns()).toEqual([]);
  });

  test('tries again what failed, and says so without what the object holds', async () => {
    world.put('harnesstemplates', 'team-a', 'one', TEMPLATE);
    world.onWrite = () => { throw new KubeError('Unavailable', 'PATCH: no answer', { statusMessage: 'planted' }); };
    await open();
    expect(world.written).toEqual([]);
    expect(world.captured.lines()).toMatchObject([{ msg: 'an object could not be worked on; it is tried again', object: 'HarnessTemplate team-a/one' }]);
    expect(world.captured.text()).not.toContain('planted');
    world.onWrite = () => undefined;
    await world.pass(1000);
    expect(world.written).toEqual(['status harnesstemplates/one']);
  });

  test('is not ready while the definitions lack a field that it writes, says what to do, and goes on once they have it', async () => {
    const statusMessage = 'failed to create typed patch object: .status.conditions: field not declared in schema';
    world.put('harnesstemplates', 'team-a', 'one', TEMPLATE);
    world.onWrite = () => { throw new KubeError('Unavailable', 'PATCH: 500', { statusMessage }); };
    await open();
    const problem = 'the definitions in the cluster are of another version: they lack .status.conditions; apply those of this version';
    const metric = async () => (await world.registry.metrics()).split('\n').filter((line) => line.startsWith('operator_definitions_lack_fields '));
    expect([operator!.problem(), await metric()]).toEqual([problem, ['operator_definitions_lack_fields 1']]);
    expect(world.captured.lines()).toMatchObject([{ level: 'error', object: 'HarnessTemplate team-a/one', msg: `its status cannot be written: ${problem}` }]);
    await world.pass(20_000);
    expect(operator!.problem()).toBe(problem);
    world.onWrite = () => undefined;
    await world.pass(115_000);
    expect(world.written).toEqual(['status harnesstemplates/one']);
    expect([operator!.problem(), await metric()]).toEqual([undefined, ['operator_definitions_lack_fields 0']]);
  });

  test('leaves out what breaks the rules of its kind, says so, and works on the others', async () => {
    world.put('harnesstemplates', 'team-a', 'bad', { spec: { image: 7 } });
    world.put('harnesstemplates', 'team-a', 'good', TEMPLATE);
    await open();
    expect(world.written).toEqual(['status harnesstemplates/good']);
    expect(world.captured.lines()).toMatchObject([{ kind: 'HarnessTemplate', problem: expect.stringContaining('team-a/bad') }]);
  });

  test('asks for no namespace but its own', async () => {
    await open();
    expect(new Set(world.server.listed.map(({ namespace }) => namespace))).toEqual(new Set(['team-a', undefined]));
  });
});

describe('an operator that may not act', () => {
  test('writes nothing while another replica leads, and everything that is due once it leads', async () => {
    world.leads = false;
    world.put('harnesstemplates', 'team-a', 'one', TEMPLATE);
    await open();
    world.put('harnessruns', 'team-a', 'r', INTERACTIVE);
    await world.pass(60_000);
    expect([world.written, world.events, operator!.problem()]).toEqual([[], [], undefined]);
    world.leads = true;
    await world.pass(500);
    expect([...world.written].sort()).toEqual(['status harnesstemplates/one', ...INTERACTIVE_WRITES].sort());
  });

  test.each([
    ['namespace, and is ready for others', 'pods', undefined],
    ['cluster, and is not ready', 'clusterharnesstemplates', 'not read yet: ClusterHarnessTemplate'],
  ])('writes nothing while it does not know everything of a %s', async (_, refused, problem) => {
    world.server.refused.add(refused);
    world.put('harnesstemplates', 'team-a', 'one', TEMPLATE);
    await open();
    await world.pass(60_000);
    expect(operator!.problem()).toBe(problem);
    expect(world.written).toEqual([]);
    expect(world.captured.lines()).toMatchObject([{ msg: 'a watch was interrupted and begins anew' }]);
    expect((await world.registry.metrics()).split('\n')).toContain('operator_unknown_namespaces 1');
  });

  test('counts no change of a run: the one that leads does', async () => {
    world.leads = false;
    world.put('harnessruns', 'team-a', 'r', RUN);
    await open();
    world.put('harnessruns', 'team-a', 'r', { ...RUN, status: { phase: 'Running' } });
    await world.pass();
    expect(await world.registry.metrics()).not.toContain('phase_transitions_total{');
  });
});

describe('a term that ends', () => {
  test('in the middle of a reconcile lets no other call through, is no failure, and the next term goes on from there', async () => {
    world.put('harnessruns', 'team-a', 'r', INTERACTIVE);
    world.onWrite = () => { world.leads = false; };
    await open();
    await world.pass(10_000);
    expect(world.written).toEqual(INTERACTIVE_WRITES.slice(0, 1));
    expect(world.captured.lines()).toEqual([]);
    world.onWrite = () => undefined;
    world.leads = true;
    await world.pass(500);
    expect(world.written).toEqual(INTERACTIVE_WRITES);
  });

  test('leaves what waits for its time to the next one, which looks at it at once', async () => {
    world.put('harnessruns', 'team-a', 'r', RUN, { creationTimestamp: '2030-01-01T00:00:00Z' });
    await open();
    const before = world.written.length;
    world.leads = false;
    await world.pass(120_000);
    expect(world.written).toHaveLength(before);
    world.leads = true;
    await world.pass(500);
    expect(world.events.at(-1)).toBe('Warning TemplateNotFound HarnessRun/r');
    expect(world.written.length).toBeGreaterThan(before);
  });

  test('is told by the metrics', async () => {
    await open();
    const leading = async () => (await world.registry.metrics()).split('\n').filter((line) => line.startsWith('operator_leading'));
    expect(await leading()).toEqual(['operator_leading 1']);
    world.leads = false;
    expect(await leading()).toEqual(['operator_leading 0']);
  });
});

test('closing waits for what is under way, and nothing is begun after it', async () => {
  world.put('harnesstemplates', 'team-a', 'one', TEMPLATE);
  let answer = (): void => undefined;
  world.onWrite = () => new Promise((resolve) => { answer = resolve; });
  await open();
  let isClosed = false;
  const closed = operator!.close().then(() => { isClosed = true; });
  operator = undefined;
  await world.server.flush();
  expect(isClosed).toBe(false);
  answer();
  await closed;
  expect(world.written).toEqual(['status harnesstemplates/one']);
  world.put('harnesstemplates', 'team-a', 'two', TEMPLATE);
  await world.pass(10_000);
  expect(world.written).toHaveLength(1);
});
