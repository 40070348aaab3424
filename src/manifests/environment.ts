import type { EnvVar } from 'kubernetes-types/core/v1';
import type { EnvTable } from '../protocol/env';

/** A value, or the field of the pod that holds it. */
export type EnvSetting = string | { readonly fieldPath: string };

/** The `env` list of a container of a role. Only variables of the role's table compile. */
export function environment<Table extends EnvTable>(_table: Table, settings: { readonly [Name in keyof Table]?: EnvSetting }): EnvVar[] {
  return Object.entries(settings as Record<string, EnvSetting>).map(([name, setting]) =>
    isField(setting) ? { name, valueFrom: { fieldRef: setting } } : { name, value: setting });
}

/** Asked this way round because a text may still be a token that synth resolves. */
function isField(setting: EnvSetting): setting is { readonly fieldPath: string } {
  return typeof setting === 'object' && 'fieldPath' in setting;
}
