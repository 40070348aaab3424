import { type IncomingMessage, type OutgoingHttpHeader, type OutgoingHttpHeaders, type RequestListener, type Server, ServerResponse } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { namedBy } from './hop-by-hop';
import { splice } from './splice';
import { announcesBody } from '../http/request-checks';

const upgrading = new WeakSet<IncomingMessage>();

/** Whether the client waits for a change to WebSocket: https://www.rfc-editor.org/rfc/rfc6455#section-4.1 */
export function isUpgrading(request: IncomingMessage): boolean {
  return upgrading.has(request);
}

/**
 * Leads requests for WebSocket to the listener, so that they pass the same checks as all others. Other protocols are not
 * offered, so those requests are served as if they had not asked: the server is given their connection once more.
 */
export function takeUpgrades(server: Server, serve: RequestListener): void {
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    // A connection may ask more than once.
    socket.off('error', endOnError).on('error', endOnError);
    if (!isWebSocket(request)) return serveAnyway(server, request, socket, head);
    if (head.length > 0) socket.unshift(head);
    upgrading.add(request);
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    seeEnd(socket);
    response.once('finish', () => response.statusCode === 101 || socket.destroySoon());
    serve(request, response);
  });
}

/** Answers 101 and joins the two ends. */
export function changeProtocols(response: ServerResponse, headers: OutgoingHttpHeaders | OutgoingHttpHeader[], upstream: Socket): void {
  const client = response.socket!;
  response.setHeader('connection', 'Upgrade').setHeader('upgrade', 'websocket').writeHead(101, headers).end();
  splice(client.removeAllListeners('readable'), upstream);
}

/** The client has got no change of protocols: what else it sends is nothing, and its end is all that matters. */
export function discard(client: Socket): void {
  client.removeAllListeners('readable').resume();
}

function endOnError(this: Socket): void {
  this.destroy();
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

const ASKING: readonly string[] = ['connection', 'http2-settings', 'upgrade'];

/** Gives the request back to the server without what asks for another protocol. What else `Connection` says stays said. */
function serveAnyway(server: Server, { method, url, httpVersion, headers, rawHeaders }: IncomingMessage, socket: Socket, head: Buffer): void {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (!ASKING.includes(rawHeaders[at].toLowerCase())) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  }
  const others = [...namedBy(headers.connection) ?? []].filter((name) => !ASKING.includes(name));
  if (others.length > 0) lines.push(`connection: ${others.join()}`);
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit(server instanceof HttpsServer ? 'secureConnection' : 'connection', socket);
}
