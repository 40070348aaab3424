import { Construct } from 'constructs';
import type { ClusterHarnessTemplateProps, HarnessTemplateProps } from './harness-template-props';
import { IHarnessTemplate, TemplateKind } from './harness-template-ref';
import { coveredTemplate } from './private/coverage';
import { addCustomResource } from './private/custom-resource';
import { extendedResourceProblems } from './private/extended-resources';
import { resourceProblems } from './private/quantities';
import { templateProblems } from './private/template-checks';
import { templateSpec } from './private/template-spec';
import type { HarnessTemplateSpec } from './protocol/resources';

/** A kind of agent that runs of one namespace can start. */
export class HarnessTemplate extends Construct implements IHarnessTemplate {
  /** A template that another tool or application makes. Its name must be that of a template in the namespace of the runs that use it. */
  public static fromName(templateName: string): IHarnessTemplate {
    return { templateName, templateKind: TemplateKind.NAMESPACED };
  }

  /** Name of the object. */
  public readonly templateName: string;

  /** Kind of the object. */
  public readonly templateKind = TemplateKind.NAMESPACED;

  /** @internal */
  public readonly _namespaceName: string;

  /** @internal */
  public readonly _spec: HarnessTemplateSpec;

  /** @internal */
  public readonly _base?: IHarnessTemplate;

  constructor(scope: Construct, id: string, props: HarnessTemplateProps) {
    super(scope, id);
    const { namespace, baseTemplate } = props;
    this.templateName = props.name ?? id;
    this._namespaceName = namespace.namespaceName;
    this._base = baseTemplate;
    this._spec = templateSpec(props, baseTemplate);
    const objectId = { platform: namespace.platformName, part: 'runs', name: this.templateName, namespace: namespace.namespaceName } as const;
    addCustomResource(this, 'HarnessTemplate', objectId, this._spec, [
      ...templateProblems(this._spec, namespace._allowedImages, baseTemplate),
      ...resourceProblems(props.resources), ...extendedResourceProblems(props.extendedResources),
    ]);
    namespace._addTemplate(coveredTemplate(this, this.node.path));
  }
}

/** A kind of agent that runs of every namespace can start, and that namespaced templates can complete. */
export class ClusterHarnessTemplate extends Construct implements IHarnessTemplate {
  /** A cluster template that another tool or application makes. */
  public static fromName(templateName: string): IHarnessTemplate {
    return { templateName, templateKind: TemplateKind.CLUSTER };
  }

  /** Name of the object. */
  public readonly templateName: string;

  /** Kind of the object. */
  public readonly templateKind = TemplateKind.CLUSTER;

  /** @internal */
  public readonly _spec: HarnessTemplateSpec;

  constructor(scope: Construct, id: string, props: ClusterHarnessTemplateProps) {
    super(scope, id);
    this.templateName = props.name ?? id;
    this._spec = templateSpec(props);
    const objectId = { platform: props.platform.platformName, part: 'runs', name: this.templateName } as const;
    addCustomResource(this, 'ClusterHarnessTemplate', objectId, this._spec, [
      ...templateProblems(this._spec, props.platform._allowedImages),
      ...resourceProblems(props.resources), ...extendedResourceProblems(props.extendedResources),
    ]);
    props.platform._addClusterTemplate?.(coveredTemplate(this, this.node.path));
  }
}
