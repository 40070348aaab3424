/** What people can do, by what the message says; the first that fits. */
type Hints = readonly (readonly [RegExp, string])[];

const CONFIG: Hints = [
  [/runAsNonRoot/i, 'no pod of a run is root: the template must name an image and a runAsUser that is not 0'],
  [/couldn't find key/i, 'a Secret or ConfigMap lacks a key that the template or the run names; add the key'],
  [/(secret|configmap) .*not found/i, 'a Secret or ConfigMap that the template or the run names is not in the namespace; create it'],
  [/subPath/i, 'a path within a volume cannot be mounted; check the mounts of the template'],
];

const EVICTION: Hints = [
  [/emptydir|ephemeral/i, 'the run has written more than its disk may hold; give the template more ephemeral storage'],
  [/memory/i, 'the node was short of memory; request as much memory as the agent uses'],
  [/pids/i, 'the node was short of process ids; let the agent begin fewer processes'],
];

/** Exit codes that say something of themselves, as shells and init processes of agents give them. */
const EXIT_CODES: ReadonlyMap<number, string> = new Map([
  [10, 'the agent has met one of its own limits (time, turns or calls of models); raise the limits or ask for less'],
  [126, 'the command of the template is in the image but cannot be executed; check its mode and its interpreter'],
  [127, 'the command of the template is not in the image; check the command and PATH'],
  [137, 'the agent was killed (SIGKILL); if that was for want of memory, raise limits.memory'],
  [139, 'the agent has crashed (SIGSEGV)'],
  [143, 'the agent was told to end (SIGTERM)'],
]);

/** Codes for which another attempt ends the same way: a limit is met again, a command stays missing. */
const FINAL_CODES: readonly number[] = [10, 126, 127];

export const MEMORY_HINT = 'the agent has used more memory than limits.memory of the template or the run allows; raise it';

export function configHint(message: string): string {
  return hintOf(CONFIG, message) ?? 'the kubelet cannot put the container together from what the template names: check Secrets, ConfigMaps and mounts';
}

export function evictionHint(message: string): string | undefined {
  return hintOf(EVICTION, message);
}

export function exitHint(code: number | undefined): string | undefined {
  return code === undefined ? undefined : EXIT_CODES.get(code);
}

export function isFinalCode(code: number | undefined): boolean {
  return code !== undefined && FINAL_CODES.includes(code);
}

function hintOf(hints: Hints, message: string): string | undefined {
  return hints.find(([pattern]) => pattern.test(message))?.[1];
}
