import type { VersionedConfigMap } from './config-map-slot-store';
import type { KubeClient, KubeObject } from '../../kube/client';
import { hasCode } from '../../kube/kube-error';

/** A ConfigMap behind the API server. Labels and annotations, which belong to whoever deployed it, stay as they are. */
export function kubeConfigMap(kube: Pick<KubeClient, 'get' | 'update'>, { namespace, name }: { readonly namespace: string; readonly name: string }): VersionedConfigMap {
  const resource = { group: '', version: 'v1', plural: 'configmaps', namespace };
  let seen: KubeObject | undefined;
  return {
    async get() {
      seen = await kube.get(resource, name);
      return { resourceVersion: seen.metadata.resourceVersion ?? '', data: dataOf(seen) };
    },
    async update({ resourceVersion, data }) {
      if (seen === undefined || seen.metadata.resourceVersion !== resourceVersion) return 'conflict';
      try {
        await kube.update(resource, { ...seen, data: { ...dataOf(seen), ...data } });
        return 'written';
      } catch (error) {
        if (hasCode(error, 'Conflict')) return 'conflict';
        throw error;
      }
    },
  };
}

function dataOf({ data }: KubeObject): Readonly<Record<string, string>> {
  return typeof data === 'object' && data !== null ? data as Readonly<Record<string, string>> : {};
}
