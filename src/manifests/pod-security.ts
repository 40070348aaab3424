import { HOST_RULES } from './pod-security/baseline-host';
import { KERNEL_RULES } from './pod-security/baseline-kernel';
import { RESTRICTED_RULES } from './pod-security/restricted';
import { NOT_APPLICABLE, PodSecurityFinding, PodSecurityLevel, PodSecurityRule, UncheckedPod } from './pod-security/rule';
import { minorOf } from './pod-security/versions';

export type { PodSecurityFinding, PodSecurityLevel, PodSecurityRule, UncheckedPod } from './pod-security/rule';

/**
 * The Pod Security Standards as data: what the API server's Pod Security admission checks,
 * usable before there is a cluster. https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export const POD_SECURITY_RULES: readonly PodSecurityRule[] = [...HOST_RULES, ...KERNEL_RULES, ...RESTRICTED_RULES];

/** A rule that is not enforced for some pod, and why. The reason is shown wherever the finding would be. */
export interface PodSecurityWaiver {
  /** Id of the rule, such as `restricted/run-as-non-root`. */
  readonly rule: string;
  readonly reason: string;
}

/** How strictly, by the rules of which version, and with which exceptions. */
export interface PodSecurityOptions {
  readonly level: PodSecurityLevel;
  /** Such as `v1.30`, or `latest`. */
  readonly version: string;
  readonly waivers?: readonly PodSecurityWaiver[];
}

/** What one rule says of one pod. */
export interface PodSecurityOutcome {
  readonly rule: PodSecurityRule;
  readonly outcome: 'ok' | 'finding' | 'not applicable';
  readonly findings: readonly PodSecurityFinding[];
  /** Reason of the waiver that lets the findings pass. */
  readonly waived?: string;
}

/** One outcome for each rule of the level. Throws on an unknown version and on a waiver that is not one. */
export function checkPodSecurity(pod: UncheckedPod, options: PodSecurityOptions): PodSecurityOutcome[] {
  const minor = minorOf(options.version);
  const waivers = options.waivers ?? [];
  const wrong = waiverProblems(waivers);
  if (wrong.length > 0) throw new Error(wrong.join('; '));
  return POD_SECURITY_RULES
    .filter(({ level }) => level === 'baseline' || options.level === 'restricted')
    .map((rule) => {
      const said = answer(rule, pod, minor);
      const waived = waivers.find((waiver) => waiver.rule === rule.id)?.reason;
      if (said === NOT_APPLICABLE) return { rule, outcome: NOT_APPLICABLE, findings: [] };
      if (said.length === 0) return { rule, outcome: 'ok', findings: [] };
      return { rule, outcome: 'finding', findings: said, ...(waived === undefined ? {} : { waived }) };
    });
}

/** A rule that cannot read the pod has not seen it pass: whatever it throws is a finding. */
function answer(rule: PodSecurityRule, pod: UncheckedPod, minor: number): ReturnType<PodSecurityRule['check']> {
  if (minor < rule.since) return NOT_APPLICABLE;
  try {
    return rule.check(pod, minor);
  } catch (error) {
    return [{ path: 'spec', message: `cannot be read: ${error instanceof Error ? error.message : String(error)}` }];
  }
}

/** What is wrong with waivers: an unknown rule waives nothing, and a waiver nobody explained cannot be reviewed. */
export function waiverProblems(waivers: readonly PodSecurityWaiver[]): string[] {
  const ids = POD_SECURITY_RULES.map(({ id }) => id);
  return waivers.flatMap(({ rule, reason }) => [
    ...(ids.includes(rule) ? [] : [`a waiver must name one of the rules ${ids.join(', ')}, got ${JSON.stringify(rule)}`]),
    ...(typeof reason === 'string' && reason.trim() !== '' ? [] : [`the waiver of ${JSON.stringify(rule)} must have a reason`]),
  ]);
}

/** The findings that no waiver lets pass, one line each: `restricted/seccomp: spec... must be ...`. */
export function podSecurityProblems(outcomes: readonly PodSecurityOutcome[]): string[] {
  return outcomes.filter(({ outcome, waived }) => outcome === 'finding' && waived === undefined).flatMap(lines);
}

/** The findings that a waiver lets pass, one line each with its reason. */
export function waivedFindings(outcomes: readonly PodSecurityOutcome[]): string[] {
  return outcomes.filter(({ waived }) => waived !== undefined)
    .flatMap((outcome) => lines(outcome).map((line) => `${line} (waived: ${outcome.waived})`));
}

function lines({ rule, findings }: PodSecurityOutcome): string[] {
  return findings.map(({ path, message }) => `${rule.id}: ${path} ${message}`);
}
