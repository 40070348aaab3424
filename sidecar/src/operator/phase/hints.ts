import { RUN_CONTAINERS } from '../../../../src/protocol/runs';
import type { ContainerState } from '../objects/pod';

/** What people can do, by what the message says; the first that fits. */
type Hints = readonly (readonly [RegExp, string])[];

const CONFIG: Hints = [
  [/couldn't find key/i, 'a Secret or ConfigMap lacks a key that the template or the run names; add the key'],
  [/(secret|configmap) .*not found/i, 'a Secret or ConfigMap that the template or the run names is not in the namespace; create it'],
  [/subPath/i, 'a path within a volume cannot be mounted; check the mounts of the template'],
];

/** As containerd, CRI-O, Docker and gVisor say it, by runc and crun. */
const START: Hints = [
  [/executable .*(not found|no such file)|\bexec:? .*no such file/i, 'the command, or the interpreter that its file names, is not in the image; check the command of the template and PATH'],
  [/\bexec(utable)?:? .*permission denied/i, 'the user of the pod may not execute the command of the template; check its mode in the image'],
  [/exec format error/i, 'the command of the template is made for other machines than the node, or is a script that names no interpreter'],
];

const EVICTION: Hints = [
  [/emptydir|ephemeral/i, 'the run has written more than its disk may hold; give the template more ephemeral storage'],
  [/memory/i, 'the node was short of memory; request as much memory as the agent uses'],
  [/pids/i, 'the node was short of process ids; let the agent begin fewer processes'],
];

/** An agent's own limits are met. */
const OWN_LIMIT = 10;

/** The highest exit code that programs give by themselves, and shells for what they may not execute. */
const CANNOT_EXECUTE = 126;

/** That of shells for a program that they do not find. */
const NOT_FOUND = 127;

/** Exit codes that say something of themselves, as shells and init processes of agents give them. A command that is not in the image ends with none: the runtime cannot start it. */
const EXIT_CODES: ReadonlyMap<number, string> = new Map([
  [OWN_LIMIT, 'the agent has met one of its own limits (time, turns or calls of models); raise the limits or ask for less'],
  [CANNOT_EXECUTE, 'a shell in the agent ends so when it may not execute a program that it has found; check the mode and the interpreter of that'],
  [NOT_FOUND, 'a shell in the agent ends so when it does not find a program; check that the image has it, and PATH'],
  [137, 'the agent was killed (SIGKILL); if that was for want of memory, raise limits.memory'],
  [139, 'the agent has crashed (SIGSEGV)'],
  [143, 'the agent was told to end (SIGTERM)'],
]);

/** Codes for which another attempt ends the same way: a limit is met again, a program stays missing. */
const FINAL_CODES: readonly number[] = [OWN_LIMIT, CANNOT_EXECUTE, NOT_FOUND];

export const MEMORY_HINT = 'the agent has used more memory than limits.memory of the template or the run allows; raise it';

export function configHint(message: string): string {
  return hintOf(CONFIG, message) ?? 'the kubelet cannot put the container together from what the template names: check Secrets, ConfigMaps and mounts';
}

/** Whose images are not those of a template, so that no template can help. */
const PLATFORM_IMAGES: ReadonlyMap<string, string> = new Map([
  [RUN_CONTAINERS.fence, 'the image of the platform itself'],
  [RUN_CONTAINERS.seed, 'the image by which the platform clones'],
]);

/** What can be done about an image that cannot be pulled, by the container that it is for. */
export function pullHint(container: string): string {
  const image = PLATFORM_IMAGES.get(container);
  if (image === undefined) return 'check the name and the tag of the image, the imagePullSecrets of the template and whether the node reaches the registry';
  return `it is ${image}, not of the template: who adds the namespace to the platform names its pull Secret there (imagePullSecrets); check also whether the node reaches the registry`;
}

/** What can be done about a container that the runtime cannot start. */
export function startHint(message = ''): string {
  return hintOf(START, message) ?? 'check that its command is in the image';
}

export function evictionHint(message: string): string | undefined {
  return hintOf(EVICTION, message);
}

export function exitHint(code: number | undefined): string | undefined {
  return code === undefined ? undefined : EXIT_CODES.get(code);
}

/** Milliseconds from its start within which an agent that ends has most likely come upon what no pod of a run allows. */
const EARLY = 30_000;

/**
 * What the pod allows, for an agent that has ended early by an exit code of its own. Every pod of a run names its user, so the kubelet never
 * refuses an image that expects root: its program is refused what it wants to write.
 */
export function earlyHint({ exitCode = 0, startedAt, finishedAt }: ContainerState, user: number | undefined): string | undefined {
  const isOwn = exitCode > 0 && exitCode <= CANNOT_EXECUTE && exitCode !== OWN_LIMIT;
  if (!isOwn || user === undefined || startedAt === undefined || finishedAt === undefined || finishedAt - startedAt > EARLY) return undefined;
  return `if it could not write: it ran as user ${user} with a read-only image, and can write to HOME, /tmp and its workspace`;
}

export function isFinalCode(code: number | undefined): boolean {
  return code !== undefined && FINAL_CODES.includes(code);
}

function hintOf(hints: Hints, message: string): string | undefined {
  return hints.find(([pattern]) => pattern.test(message))?.[1];
}
