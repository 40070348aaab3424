import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { fenceServer } from './fence';
import { httpServer } from './http-server';
import { Http2Sessions } from './http2-sessions';
import { Pipelined } from './pipelined';
import { ProxyListener } from './proxy-listener';
import { BASE_URL, PLAIN, type Router } from './route';
import { serve, type ServeDeps, type ServedConnection } from './serve';
import { terminator, type TerminatorDeps } from './terminated';
import { Upstreams } from './upstreams';
import type { Logger } from '../../server/telemetry/log';
import { takeUpgrades } from '../../server/wire/upgrade';
import { clientAddressOf } from '../identity/client-address';
import { connectHandler, type ConnectDeps } from '../tunnels/connect';
import { OpenTunnels } from '../tunnels/open-tunnels';

export interface ListenersDeps extends ServeDeps, Pick<TerminatorDeps, 'leaves' | 'dial'>, Pick<ConnectDeps, 'caps' | 'inspectAll'> {
  readonly log: Logger;
  /** Told when the proxy begins to stop. */
  readonly drain: () => void;
}

/** What the proxy listens with; none of it listens yet. */
export interface Listeners {
  readonly proxy: ProxyListener;
  readonly baseUrl: ProxyListener;
  readonly fence: ProxyListener;
}

export function egressListeners(deps: ListenersDeps): Listeners {
  const { after, drain } = deps;
  const open = new OpenTunnels();
  const connections = new WeakMap<Duplex, ServedConnection>();
  const inner = httpServer(after);
  // It listens to nothing, and looks after slow and idle connections only once it does.
  inner.emit('listening');
  serveAll(inner, deps, (socket) => connections.get(socket));

  const proxy = routed(deps, PLAIN);
  const http2 = new Http2Sessions(after);
  const terminate = terminator({ ...deps, server: inner, connections, http2 });
  proxy.on('connect', connectHandler({ ...deps, open, terminate, giveBack: (socket) => proxy.emit('connection', socket) }));
  const end = (): void => {
    open.endAll();
    http2.close();
    inner.closeIdleConnections();
    inner.close();
  };
  return {
    proxy: new ProxyListener(proxy, { after, drain, end }),
    baseUrl: new ProxyListener(routed(deps, BASE_URL), { after }),
    fence: new ProxyListener(fenceServer(), { after }),
  };
}

/** A server whose connections are clients. */
function routed(deps: ListenersDeps, router: Router): Server {
  const server = httpServer(deps.after);
  const connections = new WeakMap<Socket, ServedConnection>();
  serveAll(server, deps, (socket) => {
    const known = connections.get(socket);
    if (known !== undefined) return known;
    const upstreams = new Upstreams(deps.dial);
    socket.once('close', () => upstreams.destroy());
    const made = { clientAddress: clientAddressOf(socket), router, upstreams };
    connections.set(socket, made);
    return made;
  });
  return server;
}

function serveAll(server: Server, deps: ServeDeps, connectionOf: (socket: Socket) => ServedConnection | undefined): void {
  const pipelined = new Pipelined();
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const connection = connectionOf(request.socket);
    if (connection === undefined || !pipelined.takes(request.socket, response)) return void request.socket.destroy();
    void serve(deps, connection, request, response);
  };
  server.on('request', listener);
  takeUpgrades(server, listener);
}
