import { Size, SizeRoundingBehavior } from 'cdk8s';
import { quantity } from './quantities';
import { dnsLabelProblem, integerProblem, objectNameProblem, problems, secondsProblem } from './validation';
import { AuditRetention } from '../audit-retention';
import { BrokerCaller } from '../broker-caller';
import { BrokerLimits } from '../broker-limits';
import { RATES } from '../protocol/env';
import { MIN_AUDIT_MEBIBYTES, RETENTION_RANGE, RETENTION_SECONDS } from '../protocol/limits';

/** What is wrong with the callers of a broker. */
export function callerProblems(callers: readonly BrokerCaller[] = []): string[] {
  const names = callers.map(nameOf);
  return callers.flatMap(({ namespace, serviceAccount, capabilities, subjects }, index) => problems(
    dnsLabelProblem(`callers[${index}].namespace`, namespace),
    objectNameProblem(`callers[${index}].serviceAccount`, serviceAccount),
    capabilities.length > 0 ? undefined : `callers[${index}].capabilities must name one or more`,
    new Set(capabilities).size === capabilities.length ? undefined : `callers[${index}].capabilities must differ, got ${capabilities.join(', ')}`,
    subjects?.length === 0 ? `callers[${index}].subjects must name one or more, or be left out` : undefined,
    new Set(subjects).size === (subjects?.length ?? 0) ? undefined : `callers[${index}].subjects must differ, got ${subjects!.join(', ')}`,
    names.indexOf(names[index]) === index ? undefined : `callers[${index}] is ${names[index]}, which is there already`,
  ));
}

/** What the broker reads about one caller. */
interface CallerEntry {
  readonly capabilities: readonly string[];
  readonly subjects?: readonly string[];
}

/** The file that the broker reads: `namespace/serviceAccount` to what it may do, sorted. */
export function callerEntries(callers: readonly BrokerCaller[]): Record<string, CallerEntry> {
  const entries = callers.map((caller): [string, CallerEntry] => {
    const { capabilities, subjects } = caller;
    return [nameOf(caller), { capabilities: [...capabilities].sort(), ...(subjects === undefined ? {} : { subjects: [...subjects].sort() }) }];
  });
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What is wrong with the size of the audit log. */
export function auditSizeProblem(size: Size | undefined): string | undefined {
  if (size === undefined || mebibytes(size) >= MIN_AUDIT_MEBIBYTES) return undefined;
  return `auditStorage.size must be ${MIN_AUDIT_MEBIBYTES}Mi or more, got ${quantity(size)}`;
}

/** What is wrong with the time for which events are kept. */
export function auditRetentionProblem(retention: AuditRetention | undefined, usesApi: boolean): string | undefined {
  if (!usesApi && retention !== undefined) return 'auditRetention must be left out with BrokerCatalog.directory, with which no AuditEvents are made';
  return secondsProblem('auditRetention', retention?.time, ...RETENTION_RANGE);
}

/** Age in seconds at which events are removed; undefined when they are kept. */
export function auditRetentionSeconds(retention: AuditRetention | undefined): number | undefined {
  return retention === undefined ? RETENTION_SECONDS : retention.time?.toSeconds();
}

/**
 * Most that the log may take of a folder of the pod, in MiB. The broker cannot see the limit of such a folder, and
 * the kubelet ends a pod that exceeds it.
 */
export function auditMebibytes(size: Size): string {
  return String(Math.floor(mebibytes(size) * 3 / 4));
}

/** What is wrong with the limits of a broker. */
export function limitProblems(limits: BrokerLimits = {}): string[] {
  const given = Object.entries(limits as Record<string, number | undefined>);
  return problems(...given.map(([limit, rate]) => (rate === undefined ? undefined : integerProblem(`limits.${limit}`, rate, ...RATES))));
}

/** Variables of the broker for the limits that differ from its defaults. */
export function limitSettings({ issuePerSecond, validateEgressPerSecond, substituteAuthPerSecond }: BrokerLimits = {}): Record<string, string> {
  const rates = { ISSUE_PER_SECOND: issuePerSecond, VALIDATE_PER_SECOND: validateEgressPerSecond, SUBSTITUTE_PER_SECOND: substituteAuthPerSecond };
  return Object.fromEntries(Object.entries(rates).flatMap(([name, rate]) => (rate === undefined ? [] : [[name, String(rate)]])));
}

function mebibytes(size: Size): number {
  return size.toKibibytes({ rounding: SizeRoundingBehavior.NONE }) / 1024;
}

function nameOf({ namespace, serviceAccount }: BrokerCaller): string {
  return `${namespace}/${serviceAccount}`;
}
