import { type IncomingMessage, type OutgoingHttpHeaders, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { announcesBody } from '../../server/request-checks';
import { splice } from '../../server/splice';

const upgrading = new WeakSet<IncomingMessage>();

/** Whether the client waits for a change to WebSocket: https://www.rfc-editor.org/rfc/rfc6455#section-4.1 */
export function isUpgrading(request: IncomingMessage): boolean {
  return request.headers.upgrade !== undefined && upgrading.has(request);
}

/**
 * Leads requests for WebSocket to the routes, so that they pass the same checks as all others and are refused by the
 * same answers. Other protocols are not offered, so those requests are served as if they had not asked.
 */
export function takeUpgrades(app: FastifyInstance): void {
  const open = new Set<Socket>();
  app.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    if (!isWebSocket(request)) return serveAnyway(app.server, request, socket, head);
    if (head.length > 0) socket.unshift(head);
    upgrading.add(request);
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    seeEnd(socket);
    response.once('finish', () => response.statusCode === 101 || socket.destroySoon());
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

/** Answers 101 and joins the two ends. */
export function changeProtocols(response: ServerResponse, headers: OutgoingHttpHeaders, worker: Duplex): void {
  const client = response.socket!;
  response.writeHead(101, { ...headers, connection: 'Upgrade', upgrade: 'websocket' });
  response.end();
  splice(client.removeAllListeners('readable'), worker as Socket);
}

/** The client has got no change of protocols: what else it sends is nothing, and its end is all that matters. */
export function discard(client: Socket): void {
  client.removeAllListeners('readable').resume();
}

/** Nobody reads a connection that waits for its change of protocols, so the end of it has to be looked for. */
function seeEnd(client: Socket): void {
  let isSpliced = false;
  client.on('readable', () => client.readableLength === 0 && client.read());
  client.once('pipe', () => { isSpliced = true; });
  client.once('end', () => isSpliced || client.destroy());
}

function isWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket' && !announcesBody({ headers });
}

/** Gives the request back to the server without what asks for another protocol. */
function serveAnyway(server: Server, { method, url, httpVersion, rawHeaders }: IncomingMessage, socket: Socket, head: Buffer): void {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (!ASKING.includes(rawHeaders[at].toLowerCase())) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit(socket instanceof TLSSocket ? 'secureConnection' : 'connection', socket);
}

const ASKING: readonly string[] = ['connection', 'http2-settings', 'upgrade'];
