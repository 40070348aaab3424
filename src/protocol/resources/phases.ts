/** Phases of a HarnessRun, as paddock's clients know them. */
export const RUN_PHASES = ['Pending', 'Running', 'Idle', 'Succeeded', 'Failed', 'Cancelled'] as const;
export type RunPhase = (typeof RUN_PHASES)[number];

/** Whether a run in the phase is over for good. The compiler checks that no phase is forgotten. */
const TERMINAL: Readonly<Record<RunPhase, boolean>> = {
  Pending: false,
  Running: false,
  Idle: false,
  Succeeded: true,
  Failed: true,
  Cancelled: true,
};

export const TERMINAL_RUN_PHASES: readonly RunPhase[] = RUN_PHASES.filter((phase) => TERMINAL[phase]);

export function isTerminal(phase: RunPhase): boolean {
  return TERMINAL[phase];
}

/** Phases of the agent in a run's pod. */
export const AGENT_PHASES = ['created', 'provisioning', 'cloning', 'starting', 'running', 'stopping', 'stopped', 'error'] as const;
export type AgentPhase = (typeof AGENT_PHASES)[number];

/** How the agent container ended, from its exit code; there is no third way. */
export const TERMINAL_AGENT_PHASES: readonly AgentPhase[] = ['stopped', 'error'];

/** Phases of a Workspace. */
export const WORKSPACE_PHASES = ['Seeding', 'Active', 'Failed', 'Terminating'] as const;
