import { once } from 'node:events';
import * as fs from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import * as net from 'node:net';
import * as path from 'node:path';

/** The internet of this demo: one host with TLS, and the proxy by which it is reached, as companies have one. */
export interface Internet {
  readonly proxyUrl: string;
  /** Keys that the host was shown, in order. */
  readonly keysSeen: readonly (string | undefined)[];
  close(): void;
}

/** A host that tells nobody which key it got, but this demo. */
export async function openInternet(certificates: string, host: string): Promise<Internet> {
  const keysSeen: (string | undefined)[] = [];
  const read = (name: string) => fs.readFileSync(path.join(certificates, name));
  const upstream = https.createServer({ cert: read('tls.crt'), key: read('tls.key') }, (request, response) => {
    keysSeen.push(request.headers['x-api-key'] as string | undefined);
    response.end('the answer of the model\n');
  });
  const proxy = http.createServer().on('connect', (request: http.IncomingMessage, socket: net.Socket) => {
    if (request.url !== `${host}:443`) return void socket.end('HTTP/1.1 502 There Is No Such Host\r\n\r\n');
    const onward = net.connect((upstream.address() as net.AddressInfo).port, '127.0.0.1');
    for (const end of [socket, onward]) end.on('error', () => end.destroy());
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    return void socket.pipe(onward).pipe(socket);
  });
  for (const server of [upstream, proxy]) await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    proxyUrl: `http://127.0.0.1:${(proxy.address() as net.AddressInfo).port}`,
    keysSeen,
    close: () => {
      upstream.close().closeAllConnections();
      proxy.close();
    },
  };
}
