import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { takeUpgrades } from '../../server/wire/upgrade';

/** Leads requests for WebSocket to the routes, where they are refused by the same answers as all others. */
export function routeUpgrades(app: FastifyInstance): void {
  const open = new Set<Socket>();
  takeUpgrades(app.server, (request, response) => {
    const { socket } = request;
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    app.routing(request, response);
  });
  // They have no end of their own, and whoever is cut off connects to another replica.
  app.addHook('preClose', (done) => {
    open.forEach((socket) => socket.destroy());
    done();
  });
}
