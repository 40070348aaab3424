import type { Writing } from './cache';
import type { KubeObject, Resource } from '../../kube/client';
import type { OperatorDeps } from '../operator-deps';

type Client = OperatorDeps['client'];

/** Says that an object is about to be written; undefined for one that is not followed. */
export type BeginWrite = (resource: Resource, name: string) => Writing<KubeObject> | undefined;

/** A client whose writes are known from their beginning, so that their answers can be put in place. */
export function withAnswers(client: Client, begin: BeginWrite): Client {
  const written = async (resource: Resource, name: string, call: () => Promise<KubeObject>): Promise<KubeObject> => {
    const writing = begin(resource, name);
    let answer: KubeObject | undefined;
    try {
      answer = await call();
      return answer;
    } finally {
      writing?.ended(answer);
    }
  };
  return {
    get: (...given) => client.get(...given),
    list: (...given) => client.list(...given),
    delete: (...given) => client.delete(...given),
    apply: (resource, object, options) => written(resource, object.metadata.name, () => client.apply(resource, object, options)),
    create: (resource, object, options) => written(resource, nameOf(object), () => client.create(resource, object, options)),
    jsonPatch: (resource, name, steps, options) => written(resource, name, () => client.jsonPatch(resource, name, steps, options)),
    replace: (resource, object, options) => written(resource, object.metadata.name, () => client.replace(resource, object, options)),
  };
}

/** Empty for a review, which is kept nowhere. */
function nameOf(object: { readonly metadata?: { readonly name?: string } }): string {
  return object.metadata?.name ?? '';
}
