import { START, timeText, unreachable } from './leases/lease-world';
import { MINUTE, NAME, RunWorld } from './run-world';
import { KubeError } from '../../../../sidecar/src/kube/kube-error';
import { REVOKE_SECONDS } from '../../../../src/protocol/runs';

const SECOND = 1000;

/** A run whose agent has just ended. */
async function ended(...given: ConstructorParameters<typeof RunWorld>): Promise<RunWorld> {
  const world = new RunWorld(...given);
  await world.settle();
  world.agentRuns();
  await world.settle();
  world.agentEnds(0);
  world.done();
  return world;
}

describe('the leases of a run that is over', () => {
  test('are revoked after its end is in the API, and its finalizer goes after that', async () => {
    const world = await ended();
    world.api.before = (call) => { if (call.startsWith('revoke')) expect(world.status.phase).toBe('Succeeded'); };
    await world.reconcile();
    expect(world.done()).toEqual(['status', 'revoke uss-A', 'revoke uss-B', 'status', 'finalizer off']);
    expect(world.condition('CredentialsRevoked')).toMatch(/^True Revoked/);
  });

  test('are tried again while the broker is away, and the run keeps its finalizer for that time alone', async () => {
    const world = await ended();
    world.broker.before = () => { throw unreachable(); };
    expect(await world.reconcile()).toBe(SECOND);
    expect(world.status.phase).toBe('Succeeded');
    expect(world.done()).not.toContain('finalizer off');
    world.pass(REVOKE_SECONDS * SECOND);
    expect(await world.reconcile()).toBeUndefined();
    expect(world.done().at(-1)).toBe('finalizer off');
    expect(world.events.slice(-2)).toEqual(['Normal Succeeded', 'Warning RevokeFailed']);
  });

  test('that the broker has revoked itself are not asked for', async () => {
    const world = await ended();
    const run = world.api.get('harnessruns', NAME);
    world.api.put('harnessruns', NAME, { ...run, status: { ...run.status, revokedLeases: { 'uss-A': timeText(START), 'uss-B': timeText(START) } } });
    await world.reconcile();
    expect(world.done()).toEqual(['status', 'finalizer off']);
    expect(world.status.revokedLeases).toEqual({ 'uss-A': timeText(START), 'uss-B': timeText(START) });
  });
});

describe('the pod of a run that is over', () => {
  const DELETED = `delete pods/${NAME}-0`;

  test('stays with its log when the watch is behind that of runs and shows it at work', async () => {
    const world = await ended();
    await world.reconcile();
    expect(world.status.phase).toBe('Succeeded');
    const pod = world.api.get('pods', `${NAME}-0`);
    world.api.behind.set(`pods/${NAME}-0`, { ...pod, status: { ...pod.status, phase: 'Running', containerStatuses: [] } });
    await world.settle();
    expect(world.done()).not.toContain(DELETED);
  });

  test('stays for its log, also while something beside its agent has not ended', async () => {
    const world = await ended();
    world.agentIs({ terminated: { exitCode: 0, reason: 'Completed' } });
    await world.settle();
    expect(world.status.phase).toBe('Succeeded');
    expect(world.done()).not.toContain(DELETED);
  });

  test('is told to stop when its agent may still work', async () => {
    const world = await ended();
    await world.settle();
    world.agentRuns();
    await world.settle();
    expect(world.done()).toContain(DELETED);
    expect(world.status.phase).toBe('Succeeded');
  });
});

describe('the time that a run stays', () => {
  test('counts from its end, and then it is deleted, itself and no other of its name', async () => {
    const world = await ended({ ttlSecondsAfterFinished: 60 });
    expect(await world.settle()).toBe(MINUTE);
    world.pass(MINUTE - 1);
    world.done();
    expect(await world.settle()).toBe(1);
    expect(world.done()).toEqual([]);
    world.pass(1);
    await world.reconcile();
    expect(world.done()).toEqual([`delete harnessruns/${NAME}`]);
    expect(world.api.get('harnessruns', NAME)).toBeUndefined();
  });

  test('is for ever when nobody has said how long', async () => {
    const world = await ended();
    await world.settle();
    world.pass(1000 * 60 * MINUTE);
    expect(await world.settle()).toBeUndefined();
    expect(world.api.get('harnessruns', NAME)).toBeDefined();
  });

  test('is that of the platform when nobody else has said how long', async () => {
    const world = await ended({}, { ttlSecondsAfterFinished: 60 });
    expect(await world.settle()).toBe(MINUTE);
    world.pass(MINUTE);
    await world.reconcile();
    expect(world.api.get('harnessruns', NAME)).toBeUndefined();
  });

  test('is that which the run says, whatever the platform says', async () => {
    const world = await ended({ ttlSecondsAfterFinished: 60 }, { ttlSecondsAfterFinished: 0 });
    expect(await world.settle()).toBe(MINUTE);
    expect(world.api.get('harnessruns', NAME)).toBeDefined();
    const atOnce = await ended({ ttlSecondsAfterFinished: 0 }, { ttlSecondsAfterFinished: 60 });
    await atOnce.settle();
    expect(atOnce.api.get('harnessruns', NAME)).toBeUndefined();
  });

  test('is none with 0, once nothing is left to take back', async () => {
    const world = await ended({ ttlSecondsAfterFinished: 0 });
    world.broker.before = () => { throw unreachable(); };
    await world.reconcile();
    expect(world.done()).not.toContain(`delete harnessruns/${NAME}`);
    world.broker.before = () => undefined;
    world.pass(SECOND);
    await world.reconcile();
    expect(world.done().slice(-2)).toEqual(['finalizer off', `delete harnessruns/${NAME}`]);
  });

  test.each(['NotFound', 'Conflict'] as const)('ends well when somebody else was faster: %s', async (code) => {
    const world = await ended({ ttlSecondsAfterFinished: 0 });
    world.api.before = (call) => { if (call.startsWith('delete')) throw new KubeError(code, 'DELETE'); };
    expect(await world.reconcile()).toBeUndefined();
  });

  test('goes on while nobody lets the operator delete it: that is logged once with each look, and there is one every ten minutes', async () => {
    const world = await ended({}, { ttlSecondsAfterFinished: 60 });
    await world.settle();
    world.pass(MINUTE);
    world.api.before = (call) => { if (call.startsWith('delete')) throw new KubeError('Forbidden', 'DELETE', { statusMessage: 'denied by an admission policy' }); };
    expect(await world.reconcile()).toBe(10 * MINUTE);
    expect(world.captured.text().match(/may not be deleted/g)).toHaveLength(1);
    world.api.before = () => undefined;
    world.pass(10 * MINUTE);
    expect(await world.reconcile()).toBeUndefined();
    expect(world.api.get('harnessruns', NAME)).toBeUndefined();
  });

  test('goes on when the deletion fails: it is tried again', async () => {
    const world = await ended({ ttlSecondsAfterFinished: 0 });
    world.api.before = (call) => { if (call.startsWith('delete')) throw new KubeError('Unavailable', 'DELETE'); };
    await expect(world.reconcile()).rejects.toThrow('DELETE');
    world.api.before = () => undefined;
    await world.reconcile();
    expect(world.api.get('harnessruns', NAME)).toBeUndefined();
  });
});
