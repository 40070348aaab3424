import { KubeClient, KubeObject } from './client';
import { hasCode } from './kube-error';
import type { OwnedEntries } from './serving-certificate';

/** One ConfigMap that a role owns and fills, in the same way as its Secrets. */
export function ownedConfigMap(client: Pick<KubeClient, 'get' | 'update'>, namespace: string, name: string, fieldManager: string): OwnedEntries {
  const resource = { group: '', version: 'v1', plural: 'configmaps', namespace };
  return {
    async read() {
      const object: KubeObject = await client.get(resource, name);
      return { object, entries: new Map(Object.entries(Object(object.data ?? {})).map(([key, text]) => [key, Buffer.from(String(text))])) };
    },
    async replace({ object }, entries) {
      const data = Object.fromEntries([...entries].map(([key, content]) => [key, content.toString('utf8')]));
      try {
        await client.update(resource, { ...object, data }, { fieldManager });
        return true;
      } catch (error) {
        if (hasCode(error, 'Conflict')) return false;
        throw error;
      }
    },
  };
}
