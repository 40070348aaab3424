import { PodSecurityOptions, PodSecurityWaiver, waiverProblems } from '../manifests/pod-security';
import { minorOf } from '../manifests/pod-security/versions';

/** What a user or a file says, before it is checked. */
interface Given {
  readonly level: string;
  readonly version: string;
  readonly waivers: readonly PodSecurityWaiver[];
  /** Names of properties that nobody knows: a misspelt one must not be ignored. */
  readonly unknown?: readonly string[];
}

/** The options of a check, or an error that lists what is wrong with them. */
export function podSecurityOptions({ level, version, waivers, unknown = [] }: Given): PodSecurityOptions {
  minorOf(version);
  if (level !== 'baseline' && level !== 'restricted') throw new Error(`level must be 'baseline' or 'restricted', got ${JSON.stringify(level)}`);
  if (!Array.isArray(waivers)) throw new Error(`waivers must be a list, got ${JSON.stringify(waivers)}`);
  const found = [...unknown.map((name) => `there is no property ${JSON.stringify(name)}`), ...waiverProblems(waivers)];
  if (found.length > 0) throw new Error(found.join('; '));
  return { level, version, waivers };
}
