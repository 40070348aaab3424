import { POD_SECURITY_VERSION } from './manifests/config';
import { unpacked } from './manifests/lists';
import { PodSecurityOptions } from './manifests/pod-security';
import { objectSecurity } from './manifests/pod-security/objects';
import { podSecurityOptions } from './private/pod-security-options';

/** The Pod Security Standards. See https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
export enum PodSecurityStandard {
  /** Prevents known ways for a pod to take over its node. */
  BASELINE = 'baseline',
  /** Follows the current practice of hardening pods. Holds every rule of the baseline. */
  RESTRICTED = 'restricted',
}

/** A rule that some pods need not pass, and why. */
export interface PodSecurityWaiver {
  /** Id of the rule, such as `restricted/run-as-non-root`. */
  readonly rule: string;

  /** Why it is waived: shown wherever the finding would be. Must not be empty. */
  readonly reason: string;
}

/** Properties of `PodSecurityValidation`: in `cdk8s.yaml`, what stands under `properties`. */
export interface PodSecurityValidationProps {
  /**
   * The standard that every pod has to pass.
   *
   * @default PodSecurityStandard.RESTRICTED
   */
  readonly level?: PodSecurityStandard;

  /**
   * Version of the rules, such as `v1.30`, or `latest`.
   *
   * @default 'v1.30'
   */
  readonly version?: string;

  /**
   * Rules that no pod needs to pass.
   *
   * @default - none
   */
  readonly waivers?: PodSecurityWaiver[];
}

/**
 * A validation plugin for the cdk8s CLI: `cdk8s synth` fails when a pod of any chart does
 * not pass. See https://cdk8s.io/docs/latest/cli/synth/#validations
 */
export class PodSecurityValidation {
  private readonly options: PodSecurityOptions;

  /**
   * @param props What the CLI reads under `properties`.
   */
  constructor(props: PodSecurityValidationProps = {}) {
    const { level = PodSecurityStandard.RESTRICTED, version = POD_SECURITY_VERSION, waivers = [], ...unknown } = props;
    this.options = podSecurityOptions({ level, version, waivers, unknown: Object.keys(unknown) });
  }

  /**
   * Reads every manifest and reports what does not pass. The CLI calls it.
   *
   * @param context The `ValidationContext` of cdk8s-cli.
   */
  public async validate(context: any): Promise<void> {
    let pods = 0;
    let failed = false;
    for (const manifestPath of context.manifests as string[]) {
      for (const object of context.parseManifest(manifestPath).flatMap(unpacked)) {
        const security = objectSecurity(object, this.options);
        pods += security.pods;
        security.waived.forEach((line) => context.logger.log(`${object.kind} ${object.metadata?.name}: ${line}`));
        for (const { rule, findings } of security.violations) {
          failed = true;
          context.report.addViolation({
            ruleName: rule.id,
            recommendation: rule.title,
            fix: `${findings.map(({ message }) => message).join('; ')}; see ${rule.link}`,
            violatingResources: [{ resourceName: object.metadata?.name, manifestPath, locations: findings.map(({ path }) => path) }],
          });
        }
      }
    }
    context.report.submit(failed ? 'failure' : 'success', { pods: String(pods), level: this.options.level, version: this.options.version });
  }
}
