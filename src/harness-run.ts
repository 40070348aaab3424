import { Construct } from 'constructs';
import type { HarnessRunProps } from './harness-run-props';
import type { IHarnessTemplate } from './harness-template-ref';
import { coveredTemplate } from './private/coverage';
import { addCustomResource } from './private/custom-resource';
import { extendedResourceProblems } from './private/extended-resources';
import { resourceProblems } from './private/quantities';
import { durationText, optional, plain } from './private/render';
import { runProblems } from './private/run-checks';
import { statedResources, limitsSpec } from './private/template-spec';
import type { HarnessRunSpec } from './protocol/resources';

/** One piece of work for an agent. Its spec cannot change once it is applied. */
export class HarnessRun extends Construct {
  /** Name of the object. */
  public readonly runName: string;

  /** @internal */
  public readonly _spec: HarnessRunSpec;

  /** @internal */
  public readonly _template: IHarnessTemplate;

  constructor(scope: Construct, id: string, props: HarnessRunProps) {
    super(scope, id);
    const { namespace, template } = props;
    this.runName = props.name ?? id;
    this._template = template;
    this._spec = render(props);
    const objectId = { platform: namespace.platformName, part: 'runs', name: this.runName, namespace: namespace.namespaceName } as const;
    addCustomResource(this, 'HarnessRun', objectId, this._spec, [
      ...runProblems(this._spec, props), ...resourceProblems(props.resources), ...extendedResourceProblems(props.extendedResources),
    ]);
    const { templateName, templateKind } = template;
    const seed = props.workspace?._spec?.seed;
    namespace._addRun({ name: this.runName, path: this.node.path, spec: this._spec, seed, templateName, templateKind }, coveredTemplate(template));
  }
}

function render(props: HarnessRunProps): HarnessRunSpec {
  const { template, mode } = props;
  return plain({
    templateRef: { name: template.templateName, kind: template.templateKind },
    workspaceRef: props.workspace?.workspaceName,
    ...props.prompt._spec,
    timeout: optional(props.timeout, durationText),
    retries: props.retries,
    resources: statedResources(props),
    extraEnv: optional(props.extraEnv, sortedEnv),
    model: props.model,
    ttlSecondsAfterFinished: props.ttlAfterFinished?.toSeconds({ integral: false }),
    mode: mode?._mode,
    interactiveOverrides: optional(mode?._limits, limitsSpec),
  });
}

/** Sorted, because the spec of a run cannot change: variables written in another order are the same run. */
function sortedEnv(env: Record<string, string>) {
  return Object.keys(env).sort().map((name) => ({ name, value: env[name] }));
}
