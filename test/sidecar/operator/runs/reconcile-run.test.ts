import { START, timeText } from './leases/lease-world';
import { MINUTE, NAME, RunWorld, TEMPLATE } from './run-world';
import type { HarnessRunStatus } from '../../../../src/protocol/resources';

let world: RunWorld;
beforeEach(() => {
  world = new RunWorld();
});

describe('a run that has everything it needs', () => {
  test('gets its pod in one reconcile, and each step is in the API before that which relies on it', async () => {
    await world.reconcile();
    expect(world.done()).toEqual([
      'finalizer on',
      'status',
      'create networkpolicies/r1-egress',
      'issue A',
      'issue B',
      'status',
      'issue egress',
      'create secrets/r1-broker-creds',
      'create secrets/r1-egress',
      'create secrets/r1-prompt',
      'create pods/r1-0',
      'status',
    ]);
  });

  test('has its start and its attempt in the API before credentials are asked for, its leases before their values, and its pod at last', async () => {
    await world.reconcile();
    const seen = ({ startTime, attempt, issuedLeases, podUID }: HarnessRunStatus) => ({ startTime, attempt, leases: issuedLeases?.length, podUID });
    const begun = { startTime: timeText(START), attempt: 0 };
    expect(world.api.statuses.map(seen)).toEqual([
      { ...begun, leases: undefined, podUID: undefined },
      { ...begun, leases: 2, podUID: undefined },
      { ...begun, leases: 2, podUID: world.api.get('pods', 'r1-0').metadata.uid },
    ]);
  });

  test('is written once for each change of its pod, and not at all when nothing has changed', async () => {
    await world.settle();
    world.agentRuns();
    world.done();
    await world.reconcile();
    expect(world.done()).toEqual(['status']);
    expect(world.status).toMatchObject({ phase: 'Running', agentPhase: 'running', podIPs: ['10.1.0.7'] });
    world.pass(MINUTE);
    await world.reconcile();
    expect(world.done()).toEqual([]);
  });

  test('goes through its phases to its end, tells people each once, and leaves no lease that is good', async () => {
    await world.settle();
    world.agentRuns();
    await world.settle();
    world.done();
    world.pass(MINUTE);
    world.agentEnds(0);
    await world.reconcile();
    // The end is in the API before anything that follows from it.
    expect(world.done()).toEqual(['status', 'revoke uss-A', 'revoke uss-B', 'status', 'finalizer off']);
    expect(world.status).toMatchObject({ phase: 'Succeeded', agentPhase: 'stopped', completionTime: timeText(START + MINUTE) });
    expect(world.events).toEqual(['Normal PodCreated', 'Normal Running', 'Normal Succeeded']);
    expect(world.api.names('pods')).toEqual(['r1-0']);
  });

  test('has no bearer in its status or in the log', async () => {
    await world.settle();
    world.agentEnds(1);
    await world.settle();
    expect(JSON.stringify(world.api.statuses) + world.captured.text()).not.toContain('planted');
    expect(Buffer.from(world.api.get('secrets', 'r1-broker-creds').data.A, 'base64').toString()).toContain('planted');
  });
});

describe('a run that is over', () => {
  const end: readonly (readonly [string, (of: RunWorld) => void])[] = [
    ['cancelled', (of) => of.cancel()],
    ['past its deadline', (of) => of.pass(31 * MINUTE)],
    ['without its pod', (of) => of.api.remove('pods', 'r1-0')],
    ['without its template', (of) => { delete of.templates.coder; }],
    ['without its NetworkPolicy', (of) => of.api.remove('networkpolicies', 'r1-egress')],
  ];

  test.each(end)('stays as it ended, also %s', async (_, change) => {
    await world.settle();
    world.agentEnds(0);
    await world.settle();
    const before = world.status;
    world.done();
    change(world);
    expect(await world.settle()).toBeUndefined();
    expect(world.done()).toEqual([]);
    expect(world.status).toEqual(before);
  });
});

test('a pod that runs though its run is over is told to stop, and the end stays as it is', async () => {
  await world.settle();
  world.agentEnds(0);
  await world.settle();
  world.done();
  world.agentRuns();
  await world.settle();
  expect(world.done()).toEqual(['delete pods/r1-0']);
  expect(world.completed).toBe('True Succeeded');
});

test('nothing is done for a run that is not there', async () => {
  world.api.remove('harnessruns', NAME);
  expect(await world.reconcile()).toBeUndefined();
  expect(world.done()).toEqual([]);
});

test('a pod that was made by an operator which died at that moment is taken up, and counts as created', async () => {
  world.api.after = (call) => { if (call === 'create pods/r1-0') throw new Error('dead'); };
  await expect(world.reconcile()).rejects.toThrow('dead');
  world.api.after = () => undefined;
  world.anotherReplica();
  world.done();
  await world.reconcile();
  // When leases were learnt is known to the replica alone that did.
  expect(world.done()).toEqual(['status', 'renew A,B', 'status']);
  expect(world.status.podUID).toBe(world.api.get('pods', 'r1-0').metadata.uid);
  expect(world.condition('PodCreated')).toBe('True PodCreated: pod r1-0');
});

test('a write that the API server refuses ends the reconcile, and the next one makes up for it', async () => {
  world.api.before = (call) => { if (call === 'create secrets/r1-egress') throw new Error('no answer'); };
  await expect(world.reconcile()).rejects.toThrow('no answer');
  expect(world.status.issuedLeases).toHaveLength(2);
  world.api.before = () => undefined;
  await world.settle();
  expect(world.api.names('pods')).toEqual(['r1-0']);
});

/** Each call that changes something; the run has one retry, which it uses. */
async function story(of: RunWorld, reconcile: () => Promise<unknown>): Promise<void> {
  await reconcile();
  of.agentEnds(1);
  await reconcile();
  of.pass(10_000);
  await reconcile();
  of.agentEnds(0, 1);
  await reconcile();
}

test('a run ends as well whichever call the operator dies at, with one pod for each attempt and no lease that is good', async () => {
  const one = new RunWorld({ retries: 1 });
  await story(one, () => one.settle());
  const calls = one.api.journal.length;
  expect(calls).toBeGreaterThan(20);
  for (const point of ['before', 'after'] as const) {
    for (let dies = 1; dies <= calls; dies += 1) {
      const other = new RunWorld({ retries: 1 });
      let left = dies;
      other.api[point] = () => { if ((left -= 1) === 0) throw new Error('dead'); };
      await story(other, async () => {
        try {
          await other.settle();
        } catch {
          other.anotherReplica();
          await other.settle();
        }
      });
      expect(other.status).toMatchObject({ phase: 'Succeeded', attempt: 1 });
      expect(other.api.names('pods')).toEqual(['r1-0', 'r1-1']);
      const issued = other.broker.asked.filter((call) => call.startsWith('issue ')).map((call) => call.replace('issue ', 'uss-'));
      const revoked = other.broker.asked.filter((call) => call.startsWith('revoke ')).map((call) => call.replace('revoke ', ''));
      expect(new Set(revoked)).toEqual(new Set(issued.filter((id) => id !== 'uss-')));
      expect(other.api.get('harnessruns', NAME).metadata.finalizers).toEqual([]);
    }
  }
});

test('a run that requires no credential has no Secret for them and revokes nothing', async () => {
  world.templates.coder = { ...TEMPLATE, requires: {} };
  await world.settle();
  world.agentEnds(0);
  await world.settle();
  expect(world.api.names('secrets')).toEqual(['r1-egress', 'r1-prompt']);
  expect(world.broker.asked.filter((call) => /^(issue .|revoke)/.test(call))).toEqual([]);
  expect(world.status.phase).toBe('Succeeded');
});
