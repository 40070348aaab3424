import type { FastifyInstance, FastifyRequest } from 'fastify';
import { SHORT_BODY } from '../../../../src/protocol/session-work';
import { announcesBody } from '../../server/http/request-checks';
import { departure } from '../client';
import { refusalOf } from '../refusal-of';
import { refuse } from '../refuse';
import type { Work } from '../work-deps';

/**
 * Long bodies that are kept in memory are read in their turn, so that no number of them fills it. The time of one that
 * stands still is over after a while.
 */
export function readBodiesInTurn(api: FastifyInstance, work: Work): void {
  api.addHook('preParsing', async (request, reply, payload) => {
    const bytes = bytesOf(request);
    if (bytes <= SHORT_BODY || isMultipart(request)) return payload;
    const turn = work.bodies.take(Math.min(bytes, work.limits.maxBodyBytes), departure(reply).signal);
    if (turn === undefined) throw refuse('TOO_MANY_COMMANDS', 'as many bodies wait to be read as may', { retryAfterSeconds: 1 });
    const release = await turn.catch((error: unknown) => {
      throw refusalOf(error, '');
    });
    reply.raw.once('close', release);
    endWhenStalled(request, work.limits.stalledMs);
    return payload;
  });
}

/** How much is kept of a body: all that is announced, or as much as it may be. What is announced as longer is refused at once. */
function bytesOf({ raw, routeOptions }: FastifyRequest): number {
  if (!announcesBody(raw)) return 0;
  const announced = Number(raw.headers['content-length'] ?? Infinity);
  const { bodyLimit = Infinity } = routeOptions;
  if (announced === Infinity) return bodyLimit;
  return announced > bodyLimit ? 0 : announced;
}

export function isMultipart({ headers }: FastifyRequest): boolean {
  return headers['content-type']?.toLowerCase().startsWith('multipart/form-data') === true;
}

/** Ends the connection of a body that stands still, until it has been read. */
export function endWhenStalled({ raw, server }: FastifyRequest, stalledMs: number): void {
  const { socket } = raw;
  socket.setTimeout(stalledMs);
  raw.once('end', () => socket.setTimeout(server.initialConfig.connectionTimeout ?? 0));
}
