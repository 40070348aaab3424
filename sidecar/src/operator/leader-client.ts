import type { OperatorDeps } from './operator-deps';

/** A replica that leads no more does nothing more; another has begun where it stopped. */
export class NotLeading extends Error {
  constructor() {
    super('another replica may lead by now');
    this.name = 'NotLeading';
  }
}

/** The client of a replica that is asked before each call whether it still leads. */
export function leaderClient(client: OperatorDeps['client'], isLeader: () => boolean): OperatorDeps['client'] {
  const guarded = <Arguments extends readonly unknown[], Answer>(call: (...given: Arguments) => Promise<Answer>) =>
    (...given: Arguments): Promise<Answer> => (isLeader() ? call(...given) : Promise.reject(new NotLeading()));
  return {
    get: guarded((...given) => client.get(...given)),
    list: guarded((...given) => client.list(...given)),
    apply: guarded((...given) => client.apply(...given)),
    create: guarded((...given) => client.create(...given)),
    jsonPatch: guarded((...given) => client.jsonPatch(...given)),
    replace: guarded((...given) => client.replace(...given)),
    delete: guarded((...given) => client.delete(...given)),
  };
}
