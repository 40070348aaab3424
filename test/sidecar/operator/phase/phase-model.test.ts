import fc from 'fast-check';
import type { ContainerStatus } from 'kubernetes-types/core/v1';
import { condition, deleted, document, Look, NOW, said, terminated, verdictOf, waiting, running } from './pod-documents';
import { runPhaseOf, terminalWins } from '../../../../sidecar/src/operator/phase/run-phase';
import { MAX_MESSAGE } from '../../../../sidecar/src/operator/phase/sentence';
import type { Verdict } from '../../../../sidecar/src/operator/phase/verdict';
import { AGENT_PHASES, AgentPhase, isTerminal, RUN_PHASES, RunPhase, TERMINAL_AGENT_PHASES } from '../../../../src/protocol/resources/phases';
import { END_REASONS, RUN_CONTAINERS, WAITING_REASONS } from '../../../../src/protocol/runs';

/** What a container writes of its own end may be anything that it knows. */
const WRITTEN = 'sk-of-the-agent';

const word = fc.oneof(fc.constantFrom('Unschedulable', 'Evicted', 'NodeLost', 'DeadlineExceeded', 'OutOfcpu', 'ContainersNotReady', 'toString', ''), fc.string());
const text = fc.oneof(fc.string(), fc.string({ minLength: 900, maxLength: 3000 }), fc.constantFrom('persistentvolumeclaim', 'secret "a" not found', '\u{1F600}'.repeat(700)));
const reason = fc.oneof(fc.constantFrom('ContainerCreating', 'PodInitializing', 'ErrImagePull', 'InvalidImageName', 'CrashLoopBackOff', 'CreateContainerConfigError'), word);
const seconds = fc.integer({ min: -1000, max: 100_000 });

const status = (name: string): fc.Arbitrary<ContainerStatus> => fc.oneof(
  fc.tuple(reason, text).map(([why, message]) => waiting(name, why, message)),
  seconds.map((ago) => running(name, ago)),
  fc.tuple(fc.constantFrom(0, 1, 10, 126, 127, 137, 143), fc.constantFrom('Error', 'Completed', 'OOMKilled')).map(([code, why]) => terminated(name, code, { reason: why, message: WRITTEN })),
  fc.constant({ ...waiting(name, 'ContainerCreating'), state: {} }),
);
const { agent, seed, runtime } = RUN_CONTAINERS;
const someOf = (...names: string[]) => fc.subarray(names).chain((some) => fc.tuple(...some.map(status)));

const conditions = fc.uniqueArray(
  fc.record({ type: fc.constantFrom('PodScheduled', 'Ready', 'DisruptionTarget'), status: fc.constantFrom('True', 'False', 'Unknown'), reason: word, message: text })
    .map(({ type, status: holds, ...extra }) => condition(type, holds, extra)),
  { selector: ({ type }) => type },
);

const podDocument = fc.record({
  phase: fc.constantFrom('Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'),
  reason: fc.option(word, { nil: undefined }),
  message: fc.option(text, { nil: undefined }),
  conditions,
  // The fence quotes itself: it is ours.
  initContainerStatuses: someOf('istio-init', seed, runtime),
  containerStatuses: someOf('istio-proxy', agent),
}).chain((state) => fc.option(seconds, { nil: undefined }).map((ago) => document(state, ago === undefined ? {} : deleted(ago))));

const look: fc.Arbitrary<Look> = fc.record({
  pod: fc.option(podDocument, { nil: undefined, freq: 8 }),
  wasThere: fc.boolean(),
  stopping: fc.constantFrom(undefined, 'Cancelled' as const, 'DeadlineExceeded' as const),
  before: fc.tuple(fc.oneof(reason, fc.constantFrom('NodeUnreachable', 'Retrying')), fc.option(seconds, { nil: undefined }), text).map(([why, left, message]) => said(why, left, message)),
  cancelReason: fc.constantFrom(undefined, 'not needed', 'since it waited: for nothing'),
}, { requiredKeys: [] });

const checked = (verdict: Verdict): Verdict => {
  expect(verdict.message.trim()).not.toBe('');
  expect([...verdict.message].length).toBeLessThanOrEqual(MAX_MESSAGE);
  expect(verdict.message).not.toContain(WRITTEN);
  expect(verdict.message).toBe(Buffer.from(verdict.message).toString());
  if (verdict.kind === 'ended') {
    expect(END_REASONS).toContain(verdict.reason);
    expect(TERMINAL_AGENT_PHASES).toContain(verdict.agent);
  } else {
    expect(WAITING_REASONS).toContain(verdict.reason);
    expect(TERMINAL_AGENT_PHASES).not.toContain(verdict.agent);
    if (verdict.againAfter !== undefined) expect(verdict.againAfter).toBeGreaterThan(0);
    if (verdict.giveUpAt !== undefined) expect(verdict.giveUpAt).toBe(NOW + verdict.againAfter!);
  }
  return verdict;
};

test('whatever is observed has a phase of the union, a reason of the tables and a message that is clean', () => {
  fc.assert(fc.property(look, (row) => {
    checked(verdictOf(row));
  }), { numRuns: 1000 });
});

test('any course of observations, from any phase, ends once and for good', () => {
  const start = fc.tuple(fc.option(fc.constantFrom(...AGENT_PHASES), { nil: undefined }), fc.constantFrom(...RUN_PHASES));
  fc.assert(fc.property(start, fc.array(look, { maxLength: 12 }), ([from, run], looks) => {
    let phase: AgentPhase | undefined = from;
    let runPhase: RunPhase = run;
    for (const row of looks) {
      const verdict = checked(verdictOf(row));
      const next: AgentPhase = terminalWins(phase, verdict.agent);
      const wasOver = isTerminal(runPhase) ? runPhase : undefined;
      runPhase = runPhaseOf(runPhase, verdict);
      expect(runPhase).toBe(wasOver ?? runPhase);
      expect(AGENT_PHASES).toContain(next);
      expect(RUN_PHASES).toContain(runPhase);
      if (phase !== undefined && TERMINAL_AGENT_PHASES.includes(phase)) expect(next).toBe(phase);
      phase = next;
    }
  }), { numRuns: 300 });
});

test('an agent that has ended is over, whatever the rest of the pod says', () => {
  fc.assert(fc.property(podDocument, fc.constantFrom(0, 1, 143), fc.constantFrom(undefined, 'Cancelled' as const), (pod, code, stopping) => {
    const containerStatuses = [...(pod.status!.containerStatuses ?? []).filter(({ name }) => name !== agent), terminated(agent, code)];
    const verdict = verdictOf({ pod: { ...pod, status: { ...pod.status, containerStatuses } }, stopping });
    expect(verdict).toMatchObject({ kind: 'ended', agent: code === 0 ? 'stopped' : 'error' });
  }));
});

test('a run that had to stop is never tried again', () => {
  fc.assert(fc.property(look, fc.constantFrom('Cancelled' as const, 'DeadlineExceeded' as const), (row, stopping) => {
    const verdict = verdictOf({ ...row, stopping });
    if (verdict.kind === 'ended') expect(verdict.retryable).toBe(false);
    else expect(verdict.agent).toBe('stopping');
  }));
});
