import { checkPodSecurity, PodSecurityOptions, PodSecurityOutcome, podSecurityProblems, waivedFindings } from '../pod-security';
import { hardened } from './harden';
import { PodWithin, podsIn } from './pods-in';

/** What the rules say of the pods of an object. */
export interface ObjectSecurity {
  /** How many pods or pod templates were looked at. */
  readonly pods: number;
  /** Findings that count, by rule, with their place in the object. */
  readonly violations: readonly PodSecurityOutcome[];
  /** The same, one line each. */
  readonly problems: readonly string[];
  /** Findings that a waiver lets pass, one line each with its reason. */
  readonly waived: readonly string[];
}

/** Checks every pod that an object makes. An object without pods has no problems. */
export function objectSecurity(object: unknown, options: PodSecurityOptions): ObjectSecurity {
  const pods = podsIn(object);
  const outcomes = pods.flatMap(({ path, pod }) => checkPodSecurity(pod, options).map((outcome) => within(path, outcome)));
  return {
    pods: pods.length,
    violations: outcomes.filter(({ outcome, waived }) => outcome === 'finding' && waived === undefined),
    problems: podSecurityProblems(outcomes),
    waived: waivedFindings(outcomes),
  };
}

/** Findings with their place in the object instead of that in its pod. */
function within(path: readonly string[], outcome: PodSecurityOutcome): PodSecurityOutcome {
  return { ...outcome, findings: outcome.findings.map((finding) => ({ ...finding, path: [...path, finding.path].join('.') })) };
}

/** The object with its pods hardened; `except` names the rules that are waived. */
export function hardenedObject(object: any, except: readonly string[]): any {
  return podsIn(object).reduce((whole, { path, pod }: PodWithin) => replaced(whole, path, hardened(pod, except)), object);
}

function replaced(value: any, [field, ...rest]: readonly string[], by: unknown): any {
  if (field === undefined) return by;
  const inner = replaced(value?.[field], rest, by);
  return Array.isArray(value) ? Object.assign([...value], { [field]: inner }) : { ...value, [field]: inner };
}
