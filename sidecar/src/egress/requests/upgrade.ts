import { type IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { FRAMING, type Header } from './passed-headers';
import { namedBy } from '../../server/hop-by-hop';
import { announcesBody } from '../../server/request-checks';
import { splice } from '../../server/splice';

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

/** Bytes that went through a WebSocket. */
export interface Exchanged {
  readonly sent: number;
  readonly received: number;
}

/** Answers 101 and joins the two ends; tells what went through when both are closed. */
export function changeProtocols(
  response: ServerResponse, headers: readonly Header[], upstream: Socket, closed: (exchanged: Exchanged) => void,
): void {
  const client = response.socket!;
  // What came along with the answer is of the new protocol.
  const before = { read: upstream.bytesRead - upstream.readableLength, written: upstream.bytesWritten };
  response.writeHead(101, [...headers.flat(), 'connection', 'Upgrade', 'upgrade', 'websocket']);
  response.end();
  let open = 2;
  for (const socket of [client, upstream]) {
    socket.once('close', () => {
      open -= 1;
      if (open === 0) closed({ sent: upstream.bytesWritten - before.written, received: upstream.bytesRead - before.read });
    });
  }
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

/** Gives the request back to the server without what asks for another protocol. */
function serveAnyway(server: Server, { method, url, httpVersion, headers, rawHeaders }: IncomingMessage, socket: Socket, head: Buffer): void {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  // Nobody would know afterwards what it has named.
  const named = namedBy(headers.connection);
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at].toLowerCase();
    if (!ASKING.includes(name) && !(named?.has(name) === true && !FRAMING.includes(name))) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}
