import { readFileSync } from 'node:fs';
import { createServer, RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';

/** Hosts of the internet: one with TLS, one without, one that answers anything with a few bytes, one that then sends without end. `upstream.js <folder of a certificate> <4 ports>` */
const [folder, ...ports] = process.argv.slice(2);
const [secure, plain, short, endless] = ports.map(Number);

const CHUNK = Buffer.alloc(64 * 1024, 'a');
const MIB = Buffer.alloc(1024 * 1024, 'a');

/** `/mib` is answered with 1 MiB, all else with a small JSON. */
const answer: RequestListener = (request, response) => {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on('end', () => {
    const body = request.url === '/mib' ? MIB : Buffer.from(JSON.stringify({ id: 'message', type: 'message', bytes }));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    response.end(body);
  });
};

const KEPT = { keepAliveTimeout: 60_000 };
createSecureServer({ cert: readFileSync(`${folder}/tls.crt`), key: readFileSync(`${folder}/tls.key`), ...KEPT }, answer).listen(secure, '127.0.0.1');
createServer(KEPT, answer).listen(plain, '127.0.0.1');

createTcpServer((socket) => {
  socket.on('error', () => socket.destroy()).once('data', () => socket.write('here'));
}).listen(short, '127.0.0.1');

createTcpServer((socket) => {
  const send = (): void => {
    while (!socket.destroyed && socket.write(CHUNK));
  };
  socket.on('error', () => socket.destroy()).on('drain', send).once('data', send);
}).listen(endless, '127.0.0.1');
