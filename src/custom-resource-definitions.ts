import { Construct } from 'constructs';
import { customResourceDefinitions } from './manifests/crds';
import { addManifest } from './private/api-objects';
import { claim } from './private/claims';
import { ValidationError } from './private/validation';

/** Properties of `CustomResourceDefinitions`. */
export interface CustomResourceDefinitionsProps {
  /**
   * Name of the platform that the definitions are labelled with.
   *
   * @default 'agent-platform'
   */
  readonly platformName?: string;
}

/**
 * The definitions of the custom resources of `paddock.dev/v1alpha1`. They are
 * cluster-scoped and exist once: an app has one of these, alone or inside the first
 * `AgentPlatform` that owns them.
 */
export class CustomResourceDefinitions extends Construct {
  /**
   * Adds the definitions unless this app has them already.
   * @internal
   */
  public static _once(scope: Construct, id: string, platformName: string): void {
    const earlier = claim(scope, CLAIM);
    if (earlier === undefined) new CustomResourceDefinitions(scope, id, { platformName });
  }

  constructor(scope: Construct, id: string, props: CustomResourceDefinitionsProps = {}) {
    super(scope, id);
    const earlier = claim(this, CLAIM);
    if (earlier !== undefined && earlier !== scope) {
      throw new ValidationError(this, `the definitions exist already at '${earlier.node.path}'; an app has them once`);
    }
    for (const manifest of customResourceDefinitions(props.platformName ?? 'agent-platform')) {
      addManifest(this, manifest.metadata.name, manifest);
    }
  }
}

const CLAIM = 'customresourcedefinitions';
