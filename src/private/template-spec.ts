import type { ResourceRequirements } from 'kubernetes-types/core/v1';
import type { HarnessTemplateOptions } from '../harness-template-props';
import type { IHarnessTemplate } from '../harness-template-ref';
import type { InteractiveLimits } from '../interactive-limits';
import type { LimitTexts } from './limit-checks';
import { requirements } from './quantities';
import { durationText, optional, plain } from './render';
import { templatePodSpec } from './template-pod-spec';
import type { HarnessTemplateSpec } from '../protocol/resources';

type Resources = Pick<HarnessTemplateOptions, 'resources' | 'extendedResources'>;

/** The `spec` of a template. Members that are not set stay absent, because a set one would override the base template. */
export function templateSpec(options: HarnessTemplateOptions, base?: IHarnessTemplate): HarnessTemplateSpec {
  const { credentials, egress, interactive, workspace } = options;
  return plain({
    baseTemplateRef: optional(base, ({ templateName }) => ({ name: templateName })),
    harness: options.harness,
    image: options.image,
    command: options.command,
    args: options.args,
    runtime: optional(options.runtime, ({ image, imagePullPolicy }) => ({ image, imagePullPolicy })),
    defaults: unlessEmpty({
      model: options.model,
      timeout: optional(options.timeout, durationText),
      resources: statedResources(options),
      terminationGracePeriodSeconds: options.terminationGracePeriod?.toSeconds({ integral: false }),
    }),
    requires: unlessEmpty({
      credentials: credentials?.map((name) => ({ name })),
      egress: egress?.map(({ host, ports }) => ({ host, ports })),
    }),
    workspace: optional(workspace, ({ required, mountPath }) => ({ required, mountPath })),
    pod: optional(options.pod, templatePodSpec),
    interactive: optional(interactive, ({ mode, limits, maxRecentEvents }) => ({ mode, ...limitsSpec(limits), maxRecentEvents })),
  });
}

/** What the agent asks for; undefined when nothing is said, so that the base template or the template holds. */
export function statedResources({ resources, extendedResources }: Resources): ResourceRequirements | undefined {
  return resources === undefined && extendedResources === undefined ? undefined : requirements(resources ?? {}, extendedResources);
}

/** The limits as a template or a run states them. */
export function limitsSpec(limits: InteractiveLimits = {}): LimitTexts {
  return plain<LimitTexts>({
    idleTimeout: optional(limits.idleTimeout, durationText),
    detachIdleTimeout: optional(limits.detachIdleTimeout, durationText),
    detachTimeout: optional(limits.detachTimeout, durationText),
    maxLifetime: optional(limits.maxLifetime, durationText),
  });
}

function unlessEmpty<T extends object>(object: T): T | undefined {
  return Object.values(object).every((value) => value === undefined) ? undefined : object;
}
