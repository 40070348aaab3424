import { executeRoute } from './execute';
import { changeRoutes } from './files-change';
import { downloadRoute } from './files-download';
import { listRoute } from './files-list';
import { putRoute } from './files-put';
import { uploadRoute } from './files-upload';
import { endWhenUntaken } from '../client';
import { removeAbandoned } from '../files/remove-tree';
import type { ApiRoutes } from '../session-deps';
import { WorkDeps, workOf } from '../work-deps';

/** The routes of commands and files. Each reads bodies in its own manner. */
export function workRoutes(deps: WorkDeps): ApiRoutes {
  const work = workOf(deps);
  return (api, session) => {
    api.addHook('onSend', (_request, reply, payload, done) => {
      endWhenUntaken(reply, work.limits.stalledMs);
      done(null, payload);
    });
    void api.register((scope, _options, done) => {
      executeRoute(scope, work, session);
      done();
    });
    for (const add of [uploadRoute, putRoute, listRoute, downloadRoute, changeRoutes]) {
      void api.register((scope, _options, done) => {
        add(scope, work);
        done();
      });
    }
    api.addHook('onReady', (done) => {
      removeAbandoned(work.beneath.root, work.temporary).then(
        (removed) => removed > 0 && api.log.info({ removed }, 'unfinished uploads of an earlier run were removed'),
        (err: unknown) => api.log.warn({ err }, 'unfinished uploads of an earlier run were not all removed'),
      );
      done();
    });
  };
}
