import { errorCodes, type FastifyInstance, type FastifyReply } from 'fastify';
import type { ServerLimits } from './limits';
import { OpenReplies } from './open-replies';

/**
 * Answers for handlers that take too long, from the headers of a request on. Fastify's own `handlerTimeout` stops
 * counting when a body has been read, because Node closes the request then; and its timer and signal for each request
 * cost a tenth of an answer. One timer looks at the oldest instead, so an answer comes late by up to `checkInterval`.
 */
export function answerOverdue(app: FastifyInstance, { handlerTimeout, checkInterval }: Pick<ServerLimits, 'handlerTimeout' | 'checkInterval'>): void {
  const open = new OpenReplies();
  const timer = setInterval(() => {
    const latest = performance.now() - handlerTimeout;
    for (const { reply, since } of open.all()) {
      // A client that went away ends no answer, so nothing else would forget it.
      if (reply.raw.destroyed) {open.remove(reply);} else if (since <= latest) {
        open.remove(reply);
        giveUp(reply, handlerTimeout);
      }
    }
  }, checkInterval).unref();
  app.decorateReply('place', undefined);
  app.addHook('onRequest', (_request, reply, done) => {
    open.add(reply, performance.now());
    done();
  });
  app.addHook('onResponse', (_request, reply, done) => {
    open.remove(reply);
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
