import type { HarnessTemplateSpec } from '../../../../src/protocol/resources';

type Part<Name extends keyof HarnessTemplateSpec, Field extends keyof NonNullable<HarnessTemplateSpec[Name]>> = {
  readonly [Kept in Name]?: Pick<NonNullable<HarnessTemplateSpec[Name]>, Field>;
};

/** What the broker looks at of a template, in the places where it is. */
export type StoredTemplate = Pick<HarnessTemplateSpec, 'baseTemplateRef' | 'image' | 'interactive'> & Part<'defaults', 'timeout'> & Part<'requires', 'credentials'>;

/** What the broker keeps of a template; a command, its arguments and the shape of the pod, up to 1.5 MiB of them, are not among it. */
export function storedTemplate({ baseTemplateRef, image, interactive, defaults, requires }: HarnessTemplateSpec): StoredTemplate {
  return {
    ...(baseTemplateRef && { baseTemplateRef }),
    ...(image !== undefined && { image }),
    ...(interactive && { interactive }),
    ...(defaults?.timeout !== undefined && { defaults: { timeout: defaults.timeout } }),
    ...(requires?.credentials && { requires: { credentials: requires.credentials } }),
  };
}
