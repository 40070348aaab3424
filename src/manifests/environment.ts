import type { EnvVar } from 'kubernetes-types/core/v1';
import type { EnvTable } from '../protocol/env';

/** A key of a Secret in the namespace of the pod. */
export interface SecretSetting {
  readonly secretKeyRef: { readonly name: string; readonly key: string };
}

/** A value, the field of the pod that holds it, or the Secret. */
export type EnvSetting = string | { readonly fieldPath: string } | SecretSetting;

/** The `env` list of a container of a role. Only variables of the role's table compile. */
export function environment<Table extends EnvTable>(_table: Table, settings: { readonly [Name in keyof Table]?: EnvSetting }): EnvVar[] {
  return Object.entries(settings as Record<string, EnvSetting>).map(([name, setting]) => ({ name, ...sourceOf(setting) }));
}

/** Asked this way round because a text may still be a token that synth resolves. */
function sourceOf(setting: EnvSetting): Omit<EnvVar, 'name'> {
  if (typeof setting === 'object' && 'fieldPath' in setting) return { valueFrom: { fieldRef: setting } };
  if (typeof setting === 'object' && 'secretKeyRef' in setting) return { valueFrom: { secretKeyRef: setting.secretKeyRef } };
  return { value: setting };
}
