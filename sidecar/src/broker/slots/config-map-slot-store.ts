import type { SlotStore } from './slot-store';
import { parseSlots, renderSlots } from './slot-text';

/** What of a ConfigMap is read and written. */
export interface VersionedData {
  readonly resourceVersion: string;
  readonly data: Readonly<Record<string, string>>;
}

/** One ConfigMap that exists. https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions */
export interface VersionedConfigMap {
  /** As the API server has it now, not from a cache. */
  get(): Promise<VersionedData>;
  /** Replaces the data if the object is still of that version. */
  update(wanted: VersionedData): Promise<'written' | 'conflict'>;
}

const KEY = 'slots.json';

/** Slots in a ConfigMap; the API server does the comparing. An empty one, as it is synthesized, means that no slot was ever leased. */
export function configMapSlotStore(configMap: VersionedConfigMap): SlotStore {
  return {
    async read() {
      const { resourceVersion, data } = await configMap.get();
      return { version: resourceVersion, slots: data[KEY] === undefined ? new Map() : parseSlots(data[KEY]) };
    },
    write: (version, slots) => configMap.update({ resourceVersion: version, data: { [KEY]: renderSlots(slots) } }),
  };
}
