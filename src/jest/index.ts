import { Chart } from 'cdk8s';
import { POD_SECURITY_VERSION } from '../manifests/config';
import { unpacked } from '../manifests/lists';
import { PodSecurityWaiver } from '../manifests/pod-security';
import { objectSecurity } from '../manifests/pod-security/objects';
import { podSecurityOptions } from '../private/pod-security-options';

/** What can be chosen about the check. */
export interface PodSecurityMatcherOptions {
  /**
   * Version of the rules, such as `v1.34`, or `latest`.
   *
   * @default 'v1.30'
   */
  readonly version?: string;

  /**
   * Rules that need not be passed, each with a reason.
   *
   * @default - none
   */
  readonly waivers?: readonly PodSecurityWaiver[];
}

/** How a matcher answers jest. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/**
 * Whether every pod passes a Pod Security Standard. Takes a chart, an object or a list of
 * objects. Where there is no pod at all nothing can be said, and the test fails either way.
 */
export function toPassPodSecurity(received: unknown, level: 'baseline' | 'restricted', options: PodSecurityMatcherOptions = {}): MatcherResult {
  const { version = POD_SECURITY_VERSION, waivers = [], ...unknown } = options;
  const checked = podSecurityOptions({ level, version, waivers, unknown: Object.keys(unknown) });
  const found = objectsOf(received).flatMap(unpacked).map((object) => ({ object, security: objectSecurity(object, checked) }));
  if (found.every(({ security }) => security.pods === 0)) throw new Error(`toPassPodSecurity found no pod in ${found.length} objects`);
  const lines = found.flatMap(({ object, security }) => security.problems.map((problem) => `${object?.kind} ${object?.metadata?.name}: ${problem}`));
  const pods = found.reduce((sum, { security }) => sum + security.pods, 0);
  return {
    pass: lines.length === 0,
    message: () => lines.length === 0
      ? `expected pods that do not pass ${level} of ${version}, but all ${pods} pass`
      : `expected pods that pass ${level} of ${version}, but:\n${lines.map((line) => `  ${line}`).join('\n')}`,
  };
}

/** A chart is synthesized as `cdk8s synth` would, with what its constructs have against it. */
function objectsOf(received: unknown): any[] {
  if (Chart.isChart(received)) return (received as Chart).toJson();
  return Array.isArray(received) ? received : [received];
}

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace jest {
    interface Matchers<R> {
      /** Whether every pod of a chart, an object or a list of objects passes a Pod Security Standard. */
      toPassPodSecurity(level: 'baseline' | 'restricted', options?: PodSecurityMatcherOptions): R;
    }
  }
}

expect.extend({ toPassPodSecurity });
