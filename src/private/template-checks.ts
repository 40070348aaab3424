import { IHarnessTemplate, TemplateKind } from '../harness-template-ref';
import { imageProblems } from './image-checks';
import { cutProblems } from './limit-checks';
import { runSecretProblems } from './pull-secrets';
import type { AllowedImages } from '../manifests/allowed-images';
import type { HarnessTemplateSpec } from '../protocol/resources';
import { mountProblems } from '../protocol/resources/mount-paths';
import { interactiveTimeouts, resolveTemplate } from '../protocol/resources/template-defaults';

/** What is wrong with a template beyond its schema: it needs the base template or the defaults to be seen. */
export function templateProblems(spec: HarnessTemplateSpec, allowed?: AllowedImages, base?: IHarnessTemplate): string[] {
  // Without what the base template says the defaults would be compared in its place.
  const baseUnknown = base !== undefined && base._spec === undefined;
  const resolved = resolveTemplate(spec, base?._spec);
  return [
    ...baseProblems(base),
    ...imageProblems(resolved, allowed),
    ...baseUnknown ? [] : limitProblems(spec, resolved),
    ...mountProblems(resolved, baseUnknown),
    ...runSecretProblems('pod.imagePullSecrets', (spec.pod?.imagePullSecrets ?? []).map(({ name }) => name)),
  ];
}

/** The template as its runs see it; undefined when it or its base is made outside this app. */
export function resolvedTemplate({ _spec, _base }: IHarnessTemplate): HarnessTemplateSpec | undefined {
  const unknown = _spec === undefined || (_base !== undefined && _base._spec === undefined);
  return unknown ? undefined : resolveTemplate(_spec, _base?._spec);
}

function baseProblems(base: IHarnessTemplate | undefined): string[] {
  if (base === undefined || base.templateKind === TemplateKind.CLUSTER) return [];
  return [`baseTemplate must be a ClusterHarnessTemplate, got the ${base.templateKind} '${base.templateName}'`];
}

function limitProblems(own: HarnessTemplateSpec, resolved: HarnessTemplateSpec): string[] {
  return own.interactive === undefined ? [] : cutProblems(own.interactive, interactiveTimeouts(resolved));
}
