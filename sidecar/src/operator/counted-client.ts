import type { ApiVerb, OperatorMetrics } from './metrics';
import type { OperatorDeps } from './operator-deps';
import type { Resource } from '../kube/client';
import { KubeError } from '../kube/kube-error';

type Client = OperatorDeps['client'];

/** A client whose calls are counted. */
export function countedClient(client: Client, metrics: Pick<OperatorMetrics, 'called'>): Client {
  const counted = <Rest extends readonly unknown[], Answer>(verb: ApiVerb, call: (resource: Resource, ...rest: Rest) => Promise<Answer>) =>
    async (resource: Resource, ...rest: Rest): Promise<Answer> => {
      try {
        const answer = await call(resource, ...rest);
        metrics.called(verb, resource.plural, 'ok');
        return answer;
      } catch (error) {
        metrics.called(verb, resource.plural, error instanceof KubeError ? error.code : 'Unavailable');
        throw error;
      }
    };
  return {
    get: counted('get', (...given) => client.get(...given)),
    list: counted('list', (...given) => client.list(...given)),
    create: counted('create', (...given) => client.create(...given)),
    apply: counted('apply', (...given) => client.apply(...given)),
    jsonPatch: counted('patch', (...given) => client.jsonPatch(...given)),
    replace: counted('update', (...given) => client.replace(...given)),
    delete: counted('delete', (...given) => client.delete(...given)),
  };
}
