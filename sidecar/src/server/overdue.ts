import { errorCodes, type FastifyInstance, type FastifyReply } from 'fastify';
import type { ServerLimits } from './limits';

/**
 * Answers for handlers that take too long, from the headers of a request on. Fastify's own `handlerTimeout` stops
 * counting when a body has been read, because Node closes the request then; and its timer and signal for each request
 * cost a tenth of an answer. One timer looks at the oldest instead, so an answer comes late by up to `checkInterval`.
 */
export function answerOverdue(app: FastifyInstance, { handlerTimeout, checkInterval }: Pick<ServerLimits, 'handlerTimeout' | 'checkInterval'>): void {
  // In the order in which they came.
  const open = new Map<FastifyReply, number>();
  const timer = setInterval(() => {
    const latest = performance.now() - handlerTimeout;
    for (const [reply, since] of open) {
      // A client that went away ends no answer, so nothing else would forget it.
      if (reply.raw.destroyed) {open.delete(reply);} else if (since <= latest) {
        open.delete(reply);
        giveUp(reply, handlerTimeout);
      }
    }
  }, checkInterval).unref();
  app.addHook('onRequest', (_request, reply, done) => {
    open.set(reply, performance.now());
    done();
  });
  app.addHook('onResponse', (_request, reply, done) => {
    open.delete(reply);
    done();
  });
  app.addHook('onClose', (_app, done) => {
    clearInterval(timer);
    done();
  });
}

function giveUp(reply: FastifyReply, milliseconds: number): void {
  if (reply.sent) return;
  // What has begun cannot become a refusal any more.
  if (reply.raw.headersSent) reply.raw.destroy();
  else reply.send(new errorCodes.FST_ERR_HANDLER_TIMEOUT(String(milliseconds), ''));
}
