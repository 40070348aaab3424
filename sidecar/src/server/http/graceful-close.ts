import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyInstance {
    /** Whether each answer asks its client to connect anew. For answers that pass the hooks by. */
    readonly draining: boolean;
    /** From now on each answer asks its client to connect anew, which leads it to another replica. */
    drain(): void;
  }
}

/** Time for a request whose first bytes are on their way when the server stops listening. */
const LINGER_MILLISECONDS = 200;

/**
 * Makes `app.close()` end soon without cutting an answer off: answers carry `Connection: close`
 * from then on, idle connections are closed at once, and connections that never asked anything,
 * which Node does not count as idle, after a moment.
 */
export function closeWhenDone(app: FastifyInstance): void {
  const sockets = new Map<string, Socket>();
  const answering = new Map<Socket, number>();
  let draining = false;

  app.decorate('drain', () => {
    draining = true;
  });
  app.decorate('draining', { getter: () => draining });
  app.server.on('connection', (socket: Socket) => track(sockets, socket));
  // Takes the place of the plain socket beneath it, which must not be closed on its own.
  app.server.on('secureConnection', (socket: Socket) => track(sockets, socket));
  app.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw;
    answering.set(socket, (answering.get(socket) ?? 0) + 1);
    reply.raw.once('close', () => {
      const left = answering.get(socket)! - 1;
      if (left > 0) answering.set(socket, left);
      else answering.delete(socket);
    });
    done();
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (draining) reply.header('connection', 'close');
    done(null, payload);
  });
  app.addHook('preClose', (done) => {
    draining = true;
    setTimeout(() => sockets.forEach((socket) => answering.has(socket) || socket.destroy()), LINGER_MILLISECONDS).unref();
    done();
  });
}

function track(sockets: Map<string, Socket>, socket: Socket): void {
  const peer = `${socket.remoteAddress} ${socket.remotePort}`;
  sockets.set(peer, socket);
  socket.once('close', () => {
    if (sockets.get(peer) === socket) sockets.delete(peer);
  });
}
