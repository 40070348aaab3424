import fc from 'fast-check';
import { endPhaseOf, runPhaseOf, terminalWins } from '../../../../sidecar/src/operator/phase/run-phase';
import type { Ended, Going } from '../../../../sidecar/src/operator/phase/verdict';
import { AGENT_PHASES, AgentPhase, isTerminal, RUN_PHASES, TERMINAL_AGENT_PHASES, TERMINAL_RUN_PHASES } from '../../../../src/protocol/resources/phases';
import { END_REASONS } from '../../../../src/protocol/runs';

const going = (agent: Going['agent']): Going => ({ kind: 'going', agent, reason: 'InProgress', message: 'it goes on', podReady: 'Pending' });
const ended = (reason: Ended['reason']): Ended => ({ kind: 'ended', agent: 'error', reason, message: 'it is over', retryable: false, stopsPod: false });

describe('the phase of the agent', () => {
  test.each<[AgentPhase, AgentPhase]>([
    ['created', 'provisioning'], ['provisioning', 'starting'], ['provisioning', 'cloning'], ['cloning', 'starting'], ['starting', 'running'], ['running', 'stopping'],
    ['running', 'stopped'], ['running', 'error'], ['stopping', 'stopped'], ['stopping', 'error'], ['created', 'error'], ['provisioning', 'stopping'],
  ])('%s goes on to %s', (previous, next) => expect(terminalWins(previous, next)).toBe(next));

  test.each<[AgentPhase, AgentPhase]>([
    ['running', 'starting'], ['running', 'provisioning'], ['running', 'cloning'], ['starting', 'cloning'], ['provisioning', 'created'], ['starting', 'provisioning'], ['stopping', 'running'],
    ['stopped', 'running'], ['stopped', 'error'], ['error', 'stopped'], ['error', 'provisioning'],
  ])('%s never goes back to %s', (previous, next) => expect(terminalWins(previous, next)).toBe(previous));

  test('another attempt begins with any phase', () => {
    for (const phase of AGENT_PHASES) expect(terminalWins(undefined, phase)).toBe(phase);
  });

  test('what is over stays over, whatever comes after it', () => {
    fc.assert(fc.property(fc.constantFrom(...TERMINAL_AGENT_PHASES), fc.array(fc.constantFrom(...AGENT_PHASES)), (end, later) => {
      expect(later.reduce(terminalWins, end)).toBe(end);
    }));
  });

  test('an agent that once ran is never seen on its way there again', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom(...AGENT_PHASES)), (later) => {
      expect(['running', 'stopping', 'stopped', 'error']).toContain(later.reduce<AgentPhase>(terminalWins, 'running'));
    }));
  });
});

describe('the phase of the run', () => {
  test('is Pending until the agent runs', () => {
    for (const agent of ['created', 'provisioning', 'cloning', 'starting'] as const) expect(runPhaseOf(undefined, going(agent))).toBe('Pending');
    expect(runPhaseOf('Pending', going('running'))).toBe('Running');
  });

  test('stays Running while the agent stops', () => expect(runPhaseOf('Running', going('stopping'))).toBe('Running'));

  test('does not become Running by being stopped before the agent runs', () => expect(runPhaseOf('Pending', going('stopping'))).toBe('Pending'));

  test('does not go back to Pending by an old observation', () => expect(runPhaseOf('Running', going('starting'))).toBe('Running'));

  test('is Succeeded or Cancelled for the reasons of that name alone, and Failed for all others', () => {
    const phases = new Map(END_REASONS.map((reason) => [reason, endPhaseOf(reason)]));
    expect([...phases].filter(([, phase]) => phase !== 'Failed')).toEqual([['Succeeded', 'Succeeded'], ['Cancelled', 'Cancelled']]);
  });

  test('stays what it ended with, whatever is observed later', () => {
    for (const phase of TERMINAL_RUN_PHASES) {
      for (const later of [going('running'), going('starting'), ended('Succeeded'), ended('PodLost')]) expect(runPhaseOf(phase, later)).toBe(phase);
    }
  });

  test('is terminal for each end, from any phase', () => {
    for (const before of RUN_PHASES) {
      for (const reason of END_REASONS) expect(isTerminal(runPhaseOf(before, ended(reason)))).toBe(true);
    }
  });
});
