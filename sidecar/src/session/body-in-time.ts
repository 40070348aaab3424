import type { onRequestHookHandler } from 'fastify';
import type { After } from './processes';
import { announcesBody } from '../server/http/request-checks';

/** Cuts off a request whose body has not come after the milliseconds, however steadily it comes. */
export function bodyInTime(milliseconds: number, timer: After): onRequestHookHandler {
  return ({ raw }, _reply, done) => {
    if (announcesBody(raw)) {
      // A body that nobody reads may come to its end without an event. Destroying the request takes its connection along.
      const stopTimer = timer(milliseconds, () => raw.complete || raw.destroy());
      raw.once('end', stopTimer);
      raw.once('close', stopTimer);
    }
    done();
  };
}
