import * as fc from 'fast-check';
import { START, timeText } from './leases/lease-world';
import { MINUTE, running } from './run-world';
import { backOff, restOf } from '../../../../sidecar/src/operator/runs/next-attempt';

/** Between the first attempt and the second. */
const FIRST_PAUSE = 10_000;

describe('another attempt', () => {
  test('has a number of its own and nothing of the pod before it, and the same credentials', async () => {
    const world = await running({ retries: 1 });
    const { startTime, credentials, issuedLeases } = world.status;
    world.agentEnds(1);
    await world.settle();
    expect(world.done()).toEqual(['status']);
    expect(world.status).toMatchObject({ attempt: 1, phase: 'Pending', agentPhase: 'provisioning', startTime, credentials, issuedLeases });
    for (const field of ['podUID', 'podName', 'template']) expect(world.status).not.toHaveProperty(field);
    // The token of the run is not good from every pod meanwhile.
    expect(world.status.podIPs).toEqual(['10.1.0.7']);
    expect(world.completed).toBe('False Retrying');
    expect(world.events.slice(2)).toEqual(['Warning Retrying']);
    world.pass(FIRST_PAUSE);
    await world.settle();
    expect(world.status).toMatchObject({ attempt: 1, podName: 'r1-1', startTime, credentials });
    expect(world.status).not.toHaveProperty('nextAttemptTime');
    expect(world.api.names('pods')).toEqual(['r1-0', 'r1-1']);
    expect(JSON.stringify(world.broker.asked)).not.toContain('revoke');
  });

  test('is not begun before its time, whatever wakes the run; the status says when that is', async () => {
    const world = await running({ retries: 1 });
    world.agentEnds(1);
    expect(await world.settle()).toBe(FIRST_PAUSE);
    expect(world.status.nextAttemptTime).toBe(timeText(START + FIRST_PAUSE));
    expect(world.condition('Completed')).toContain(`the next one begins at ${timeText(START + FIRST_PAUSE)}`);
    world.pass(FIRST_PAUSE - 1);
    world.anotherReplica();
    expect(await world.settle()).toBe(1);
    expect(world.api.names('pods')).toEqual(['r1-0']);
    world.pass(1);
    await world.settle();
    expect(world.api.names('pods')).toEqual(['r1-0', 'r1-1']);
  });

  test.each(['cancelled', 'too late'] as const)('is not begun when the run is %s before it', async (how) => {
    const world = await running({ retries: 1, timeout: '1m' });
    world.pass(MINUTE - FIRST_PAUSE / 2);
    world.agentEnds(1);
    expect(await world.settle()).toBe(FIRST_PAUSE / 2);
    if (how === 'cancelled') world.cancel();
    else world.pass(FIRST_PAUSE / 2);
    await world.settle();
    expect(world.completed).toBe(how === 'cancelled' ? 'True Cancelled' : 'True DeadlineExceeded');
    expect(world.api.names('pods')).toEqual(['r1-0']);
  });

  test('begins when the pod before it has stopped, and not when its agent alone has', async () => {
    const world = await running({ retries: 1 });
    const at = timeText(START);
    world.agentIs({ terminated: { exitCode: 1, reason: 'Error', startedAt: at, finishedAt: at } });
    await world.settle();
    expect(world.api.names('pods')).toEqual(['r1-0']);
    expect(world.completed).toBe('False Retrying');
    // Its log stays to be read.
    expect(world.done()).toEqual(['status']);
    world.agentEnds(1);
    await world.settle();
    world.pass(FIRST_PAUSE);
    await world.settle();
    expect(world.api.names('pods')).toEqual(['r1-0', 'r1-1']);
  });

  test('is not followed by one more than the run may have', async () => {
    const world = await running({ retries: 1 });
    world.agentEnds(1);
    await world.settle();
    world.pass(FIRST_PAUSE);
    await world.settle();
    world.agentEnds(1, 1);
    await world.settle();
    expect(world.status).toMatchObject({ phase: 'Failed', attempt: 1 });
    expect(world.api.names('pods')).toEqual(['r1-0', 'r1-1']);
  });

  test('is not made for what cannot become better', async () => {
    const world = await running({ retries: 1 });
    world.agentIs({ waiting: { reason: 'InvalidImageName' } }, 0, { phase: 'Pending' });
    await world.settle();
    expect(world.completed).toBe('True InvalidImageName');
    expect(world.api.names('pods')).toEqual(['r1-0']);
  });

  test('is made when the pod is gone', async () => {
    const world = await running({ retries: 1 });
    world.api.remove('pods', 'r1-0');
    await world.settle();
    world.pass(FIRST_PAUSE);
    await world.settle();
    expect(world.status).toMatchObject({ attempt: 1, podName: 'r1-1' });
  });

  test('is not made in the time that the first has used up', async () => {
    const world = await running({ retries: 1, timeout: '10m' });
    world.pass(10 * MINUTE);
    world.agentEnds(1);
    await world.settle();
    expect(world.status).toMatchObject({ phase: 'Failed', attempt: 0 });
  });
});

const NOW = Date.parse('2026-03-01T12:00:00Z');
const rest = (nextAttemptTime?: string) => restOf({ now: NOW, status: nextAttemptTime === undefined ? {} : { nextAttemptTime } });

test('attempts are 10 seconds apart, then twice as long each time, as pods of a Job', () => {
  expect([0, 1, 2, 3, 4, 5].map(backOff)).toEqual([10, 20, 40, 80, 160, 320].map((seconds) => seconds * 1000));
});

test('and never more than six minutes', () => {
  fc.assert(fc.property(fc.nat(1000), (attempt) => backOff(attempt) <= 360_000 && backOff(attempt) >= 10_000));
  expect(backOff(6)).toBe(360_000);
});

test('a run without a time for its next attempt rests no longer', () => expect(rest()).toBe(0));

test('a time that has come is no rest', () => {
  expect(rest(timeText(NOW))).toBe(0);
  expect(rest(timeText(NOW - 60_000))).toBe(0);
});

test('a clock that was years ahead holds up a run for six minutes at most', () => expect(rest('2036-03-01T12:00:00Z')).toBe(360_000));

test('what is no time holds up nothing', () => expect(rest('soon')).toBe(0));
