import { START, timeText, unreachable } from './leases/lease-world';
import { NAME, running, RunWorld } from './run-world';
import { KubeError } from '../../../../sidecar/src/kube/kube-error';
import { REVOKE_SECONDS, STOP_MARGIN_SECONDS } from '../../../../src/protocol/runs';

const SECOND = 1000;
const REVOKED = ['revoke uss-A', 'revoke uss-B'];

/** Milliseconds that the pod of a run may take to stop. */
const stopTime = (world: RunWorld): number => (world.api.get('pods', 'r1-0').spec.terminationGracePeriodSeconds + STOP_MARGIN_SECONDS) * SECOND;

describe('a run that is deleted', () => {
  test('has its leases revoked before its pod is told to stop, and keeps its finalizer until that is gone', async () => {
    const world = await running();
    world.delete();
    expect(await world.reconcile()).toBe(stopTime(world));
    expect(world.done()).toEqual([...REVOKED, 'delete pods/r1-0', 'status']);
    expect(world.status).toMatchObject({ phase: 'Running', agentPhase: 'stopping' });
    await world.settle();
    expect(world.done()).toEqual([]);
    world.api.remove('pods', 'r1-0');
    expect(await world.reconcile()).toBeUndefined();
    expect(world.done()).toEqual(['status', 'finalizer off']);
    expect(world.api.statuses.at(-1)).toMatchObject({ phase: 'Cancelled', agentPhase: 'stopped', completionTime: timeText(START) });
    expect(world.api.statuses.at(-1)!.conditions).toEqual(expect.arrayContaining([
      expect.objectContaining({ type: 'Completed', status: 'True', reason: 'Cancelled', message: 'the run was deleted' }),
      expect.objectContaining({ type: 'PodReady', status: 'False', reason: 'Failed' }),
    ]));
    expect(world.api.get('harnessruns', NAME)).toBeUndefined();
  });

  test('waits no longer for its pod than that may take, and says whose pod is left', async () => {
    const world = await running();
    world.delete();
    const time = stopTime(world);
    await world.settle();
    world.pass(time - 1);
    expect(await world.settle()).toBe(1);
    world.pass(1);
    world.done();
    await world.reconcile();
    expect(world.done()).toEqual(['finalizer off']);
    expect(world.events.at(-1)).toBe('Warning PodStillThere');
    expect(world.api.names('pods')).toEqual(['r1-0']);
  });

  test('waits for the broker so long and not longer, beside its pod', async () => {
    const world = await running();
    world.broker.before = () => { throw unreachable(); };
    world.delete();
    world.api.remove('pods', 'r1-0');
    expect(await world.reconcile()).toBe(SECOND);
    expect(world.api.get('harnessruns', NAME)).toBeDefined();
    world.pass(REVOKE_SECONDS * SECOND);
    await world.reconcile();
    expect(world.api.get('harnessruns', NAME)).toBeUndefined();
    expect(world.events.at(-1)).toBe('Warning RevokeFailed');
  });

  test('has its pod stopped although the broker is gone', async () => {
    const world = await running();
    world.broker.before = () => { throw unreachable(); };
    world.delete();
    await world.reconcile();
    expect(world.done()).toContain('delete pods/r1-0');
  });

  describe('whose namespace goes', () => {
    const forbid = (call: string) => { throw new KubeError('Forbidden', `${call}: 403 Forbidden`); };

    async function withoutRights(): Promise<RunWorld> {
      const world = await running();
      world.delete();
      world.api.before = (call) => {
        if (call === 'status' || call.startsWith('delete')) forbid(call);
      };
      return world;
    }

    test('goes with it when the operator may neither write its status nor delete its pod any more', async () => {
      const world = await withoutRights();
      const left = await world.reconcile();
      expect(world.done()).toEqual(REVOKED);
      world.pass(left!);
      await world.reconcile();
      // What could not be written is not known to be done.
      expect(world.done()).toEqual([...REVOKED, 'finalizer off']);
    });

    test('goes with it when nothing tells of its pod any more', async () => {
      const world = await withoutRights();
      world.api.hidden.add('pods/r1-0');
      world.api.reading = () => forbid('get');
      await world.reconcile();
      expect(world.done()).toEqual([...REVOKED, 'finalizer off']);
    });
  });

  test.each(['Unavailable', 'Throttled'] as const)('stays while its pod cannot be told to stop for another reason: %s', async (code) => {
    const world = await running();
    world.delete();
    world.api.before = (call) => { if (call.startsWith('delete')) throw new KubeError(code, call); };
    await expect(world.reconcile()).rejects.toThrow('delete pods/r1-0');
    expect(world.done()).not.toContain('finalizer off');
  });

  test('before it was begun goes at once', async () => {
    const world = new RunWorld();
    world.templates.coder = { image: 'i' };
    await world.settle();
    world.done();
    world.delete();
    expect(await world.reconcile()).toBeUndefined();
    expect(world.done()).toEqual(['status', 'finalizer off']);
  });

  test('when it is over stays as it ended', async () => {
    const world = await running();
    world.broker.before = (call) => { if (call === 'revoke') throw unreachable(); };
    world.agentEnds(0);
    await world.reconcile();
    world.broker.before = () => undefined;
    world.done();
    world.delete();
    await world.reconcile();
    expect(world.done()).toEqual([...REVOKED, 'delete pods/r1-0', 'status']);
    expect(world.status).toMatchObject({ phase: 'Succeeded', agentPhase: 'stopped' });
  });

  test('is nothing to an operator whose finalizer it does not have', async () => {
    const world = await running();
    const run = world.api.get('harnessruns', NAME);
    world.api.put('harnessruns', NAME, { ...run, metadata: { ...run.metadata, finalizers: ['others/keep'] } });
    world.delete();
    expect(await world.reconcile()).toBeUndefined();
    expect(world.done()).toEqual([]);
  });

  test('while it was not known to the operator gets no finalizer any more', async () => {
    const world = new RunWorld();
    world.delete();
    await world.reconcile();
    expect(world.done()).toEqual([]);
  });

  test('goes whichever call the operator dies at, with its leases revoked and its pod told to stop', async () => {
    const one = await running();
    one.delete();
    const finish = async (of: RunWorld) => {
      await of.reconcile();
      of.api.remove('pods', 'r1-0');
      await of.reconcile();
    };
    await finish(one);
    const calls = one.done().length;
    expect(calls).toBe(6);
    for (const point of ['before', 'after'] as const) {
      for (let dies = 1; dies <= calls; dies += 1) {
        const other = await running();
        other.delete();
        let left = dies;
        other.api[point] = () => { if ((left -= 1) === 0) throw new Error('dead'); };
        await finish(other).catch(() => other.anotherReplica());
        await other.reconcile();
        other.api.remove('pods', 'r1-0');
        await other.reconcile();
        expect(other.api.get('harnessruns', NAME)).toBeUndefined();
        expect(other.api.journal).toEqual(expect.arrayContaining([...REVOKED, 'delete pods/r1-0', 'finalizer off']));
        expect(other.broker.asked).toEqual(expect.arrayContaining(REVOKED));
      }
    }
  });
});
