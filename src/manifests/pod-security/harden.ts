import { isMissing, isWindows } from './fields';
import { UncheckedPod } from './rule';

/** What each rule asks of a field that a pod or container may leave out. */
const OF_POD = {
  'restricted/run-as-non-root': { runAsNonRoot: true },
  'restricted/seccomp': { seccompProfile: { type: 'RuntimeDefault' } },
};
const OF_CONTAINER = {
  'restricted/privilege-escalation': { allowPrivilegeEscalation: false },
};

/** Rules whose fields exist only for Linux pods. */
const LINUX_ONLY = ['restricted/seccomp', 'restricted/privilege-escalation', 'restricted/capabilities'];

/**
 * The pod with every field of the `restricted` standard filled in that it leaves out. What it
 * says stays: somebody meant it, and the rules report it. `except` names rules that are waived;
 * their fields stay as they are, or the pod could not do what the waiver is for.
 */
export function hardened(pod: UncheckedPod, except: readonly string[]): UncheckedPod {
  const { spec } = pod;
  if (!isObject(spec)) return pod;
  const left = [...except, ...(isWindows(pod) ? LINUX_ONLY : [])];
  const lists = ['initContainers', 'containers'].filter((list) => Array.isArray(spec[list]));
  return {
    ...pod,
    spec: {
      ...spec,
      ...filledContext(spec, chosen(OF_POD, left)),
      ...Object.fromEntries(lists.map((list) => [list, spec[list].map((container: unknown) => hardenedContainer(container, left))])),
    },
  };
}

function hardenedContainer(container: any, left: readonly string[]): any {
  if (!isObject(container) || !isObject(container.securityContext ?? {})) return container;
  const given = container.securityContext?.capabilities;
  const dropped = left.includes('restricted/capabilities') ? {} : { capabilities: filled(given ?? {}, { drop: ['ALL'] }) };
  // A container that is privileged cannot be denied escalation: the API refuses the pair with another message than the rule's.
  const fields = container.securityContext?.privileged === true ? {} : chosen(OF_CONTAINER, left);
  const own = filledContext(container, fields).securityContext ?? container.securityContext;
  const securityContext = { ...own, ...dropped };
  return Object.keys(securityContext).length === 0 ? container : { ...container, securityContext };
}

function chosen(table: Readonly<Record<string, object>>, left: readonly string[]): object {
  return Object.assign({}, ...Object.entries(table).filter(([rule]) => !left.includes(rule)).map(([, fields]) => fields));
}

function filledContext(holder: any, fields: object): { securityContext?: any } {
  return Object.keys(fields).length === 0 ? {} : { securityContext: filled(holder.securityContext ?? {}, fields) };
}

/** The fields that are missing are added; null counts as missing, as in the API. */
function filled(given: any, fields: object): any {
  if (!isObject(given)) return given;
  return { ...given, ...Object.fromEntries(Object.entries(fields).filter(([field]) => isMissing(given[field]))) };
}

function isObject(value: unknown): value is Record<string, any> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
