import { Registry } from 'prom-client';
import { OperatorMetrics } from '../../../sidecar/src/operator/metrics';
import type { Run } from '../../../sidecar/src/operator/objects/run';
import { isTerminal, RUN_PHASES, TERMINAL_RUN_PHASES } from '../../../src/protocol/resources/phases';
import { WAITING_REASONS } from '../../../src/protocol/runs';

function metered() {
  const registry = new Registry();
  const time = { now: 0 };
  const metrics = new OperatorMetrics(registry, () => time.now);
  const lines = async (name: string): Promise<string[]> => (await registry.metrics()).split('\n').filter((line) => line.startsWith(name));
  return { metrics, lines, time };
}

function runIn(phase?: Run['status']['phase'], more: Run['status'] = {}): Pick<Run, 'status'> {
  return { status: { ...(phase === undefined ? {} : { phase }), ...more } };
}

test('work is counted by kind and outcome, and timed', async () => {
  const { metrics, lines, time } = metered();
  expect(await metrics.reconciled('HarnessRun', () => {
    time.now += 40;
    return Promise.resolve(1000);
  })).toBe(1000);
  await expect(metrics.reconciled('HarnessRun', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await metrics.reconciled('Workspace', () => Promise.resolve(undefined));
  expect(await lines('operator_reconciles_total')).toEqual([
    'operator_reconciles_total{kind="HarnessRun",outcome="ok"} 1',
    'operator_reconciles_total{kind="HarnessRun",outcome="failed"} 1',
    'operator_reconciles_total{kind="Workspace",outcome="ok"} 1',
  ]);
  expect(await lines('operator_reconcile_duration_seconds_sum')).toEqual([
    'operator_reconcile_duration_seconds_sum{kind="HarnessRun"} 0.04', 'operator_reconcile_duration_seconds_sum{kind="Workspace"} 0',
  ]);
});

test('calls are counted by what was asked and answered', async () => {
  const { metrics, lines } = metered();
  metrics.called('apply', 'harnessruns', 'ok');
  metrics.called('create', 'pods', 'Forbidden');
  expect(await lines('operator_api_calls_total')).toEqual([
    'operator_api_calls_total{verb="apply",resource="harnessruns",code="ok"} 1',
    'operator_api_calls_total{verb="create",resource="pods",code="Forbidden"} 1',
  ]);
});

describe('phases of runs', () => {
  test('are counted when they change, and the time of a run when it ends', async () => {
    const { metrics, lines } = metered();
    const times = { startTime: '2026-01-01T00:00:00Z', completionTime: '2026-01-01T00:01:30Z' };
    metrics.runChanged(runIn(), runIn('Pending'));
    metrics.runChanged(runIn('Pending'), runIn('Pending', { attempt: 1 }));
    metrics.runChanged(runIn('Pending'), runIn('Running'));
    metrics.runChanged(runIn('Running'), runIn('Failed', times));
    expect(await lines('paddock_harnessrun_phase_transitions_total')).toEqual([
      'paddock_harnessrun_phase_transitions_total{from="",to="Pending"} 1',
      'paddock_harnessrun_phase_transitions_total{from="Pending",to="Running"} 1',
      'paddock_harnessrun_phase_transitions_total{from="Running",to="Failed"} 1',
    ]);
    expect(await lines('paddock_harnessrun_duration_seconds_sum')).toEqual(['paddock_harnessrun_duration_seconds_sum{phase="Failed"} 90']);
    expect(await lines('paddock_harnessrun_duration_seconds_bucket{le="4096"')).toHaveLength(1);
  });

  test.each<[string, Pick<Run, 'status'> | undefined, Pick<Run, 'status'> | undefined]>([
    ['a run that was over before it was known', undefined, runIn('Succeeded', { startTime: '2026-01-01T00:00:00Z', completionTime: '2026-01-01T00:01:30Z' })],
    ['a run that is gone', runIn('Running'), undefined],
    ['a run without a phase', runIn(), runIn()],
  ])('say nothing of %s', async (_, before, after) => {
    const { metrics, lines } = metered();
    metrics.runChanged(before, after);
    expect(await lines('paddock_harnessrun_phase_transitions_total')).toEqual([]);
    expect(await lines('paddock_harnessrun_duration_seconds_sum')).toEqual([]);
  });

  test('a run that never started has no time', async () => {
    const { metrics, lines } = metered();
    metrics.runChanged(runIn('Pending'), runIn('Failed', { completionTime: '2026-01-01T00:01:30Z' }));
    expect(await lines('paddock_harnessrun_phase_transitions_total')).toHaveLength(1);
    expect(await lines('paddock_harnessrun_duration_seconds_sum')).toEqual([]);
  });
});

test('gauges are read when the metrics are', async () => {
  const { metrics, lines } = metered();
  const now = { depth: 3, oldestAge: 1500, leads: true, unknown: 2, lacks: true };
  metrics.observe({
    queue: now, leading: () => now.leads, runs: () => [], unknownNamespaces: () => now.unknown, lackingDefinitions: () => now.lacks,
  });
  const names = ['operator_queue_depth', 'operator_queue_oldest_age_seconds', 'operator_leading', 'operator_unknown_namespaces', 'operator_definitions_lack_fields'];
  const read = async () => (await Promise.all(names.map(lines))).flat().map((line) => line.split(' ')[1]);
  expect(await read()).toEqual(['3', '1.5', '1', '2', '1']);
  Object.assign(now, { depth: 0, oldestAge: 0, leads: false, unknown: 0, lacks: false });
  expect(await read()).toEqual(['0', '0', '0', '0', '0']);
});

describe('runs that are not over', () => {
  const NOTHING = { queue: { depth: 0, oldestAge: 0 }, unknownNamespaces: () => 0, lackingDefinitions: () => false };

  function waiting(reason: string, phase?: Run['status']['phase']): Pick<Run, 'status'> {
    const status = phase !== undefined && isTerminal(phase) ? 'True' : 'False';
    return runIn(phase, { conditions: [{ type: 'Completed', status, reason, message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }] });
  }

  function followed(runs: readonly Pick<Run, 'status'>[], leads = true) {
    const { metrics, lines } = metered();
    const now = { runs, leads };
    metrics.observe({ ...NOTHING, leading: () => now.leads, runs: () => now.runs });
    return { now, read: () => lines('operator_open_runs{') };
  }

  test('are counted by phase and by what they wait for', async () => {
    const { read } = followed([waiting('BrokerUnavailable', 'Pending'), waiting('InProgress', 'Running'), waiting('BrokerUnavailable', 'Pending')]);
    expect(await read()).toEqual(['operator_open_runs{phase="Pending",reason="BrokerUnavailable"} 2', 'operator_open_runs{phase="Running",reason="InProgress"} 1']);
  });

  test('leave when they are over, go on to something else, or are gone', async () => {
    const { now, read } = followed([waiting('BrokerUnavailable', 'Pending'), waiting('BrokerUnavailable', 'Pending'), waiting('Unschedulable', 'Pending')]);
    await read();
    now.runs = [waiting('InProgress', 'Running'), waiting('Succeeded', 'Succeeded')];
    expect(await read()).toEqual(['operator_open_runs{phase="Running",reason="InProgress"} 1']);
    now.runs = [];
    expect(await read()).toEqual([]);
  });

  test('are not told by a replica that stands by: they would be counted once for each', async () => {
    const { now, read } = followed([waiting('BrokerUnavailable', 'Pending')], false);
    expect(await read()).toEqual([]);
    now.leads = true;
    expect(await read()).toHaveLength(1);
    now.leads = false;
    expect(await read()).toEqual([]);
  });

  test('have no label but those that this version knows, whatever their status says', async () => {
    const strange = ['NoSuchReason', 'constructor', '', 'run-7', 'Succeeded'].map((reason) => waiting(reason, 'Pending'));
    const { read } = followed([...strange, runIn(), waiting('InProgress', 'NoSuchPhase' as 'Idle')]);
    expect(await read()).toEqual(['operator_open_runs{phase="Pending",reason="other"} 6', 'operator_open_runs{phase="other",reason="InProgress"} 1']);
  });

  test('have at most one line for each phase and reason there is', async () => {
    const all = RUN_PHASES.flatMap((phase) => [...WAITING_REASONS, 'a', 'b'].map((reason) => waiting(reason, phase)));
    const { read } = followed([...all, ...all]);
    expect(await read()).toHaveLength((RUN_PHASES.length - TERMINAL_RUN_PHASES.length) * (WAITING_REASONS.length + 1));
  });
});
