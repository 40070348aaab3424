import { readFileSync } from 'node:fs';
import { Agent, createServer, IncomingMessage, request as requestHttp, ServerResponse } from 'node:http';
import { Agent as SecureAgent, request as requestHttps } from 'node:https';
import { connect, Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';

/*
 * The least that a forward proxy in Node can do: it knows nobody, asks nobody and bounds nothing. For one host it ends the TLS of the
 * client and makes one of its own, with connections to the upstream that are kept. `bare.js <port> <that host> <folder of its certificate> <ca file> <ports>`
 */
const [port, host, folder, caFile, ports] = process.argv.slice(2);
const portOf = JSON.parse(ports) as Readonly<Record<string, number>>;
const secureContext = createSecureContext({ cert: readFileSync(`${folder}/tls.crt`), key: readFileSync(`${folder}/tls.key`) });
const agent = new Agent({ keepAlive: true });
const secureAgent = new SecureAgent({ keepAlive: true, ca: readFileSync(caFile), servername: host });

const inner = createServer((request, response) => {
  const { method, url: path, headers } = request;
  const options = { agent: secureAgent, host: '127.0.0.1', port: portOf[`${host}:443`], method, path, headers };
  request.pipe(requestHttps(options, (answer) => passOn(answer, response)));
});

const outer = createServer((request, response) => {
  const { method, headers } = request;
  const { 'proxy-authorization': _credential, ...passed } = headers;
  const { host: name, pathname } = new URL(request.url!);
  request.pipe(requestHttp({ agent, host: '127.0.0.1', port: portOf[`${name}:80`], method, path: pathname, headers: passed }, (answer) => passOn(answer, response)));
});

outer.on('connect', ({ url }: IncomingMessage, socket: Socket) => {
  socket.on('error', () => socket.destroy());
  if (url === `${host}:443`) {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const tls = new TLSSocket(socket, { isServer: true, secureContext });
    tls.on('error', () => tls.destroy());
    return void inner.emit('connection', tls);
  }
  const upstream = connect(portOf[url!], '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    socket.pipe(upstream).pipe(socket);
  });
  upstream.on('error', () => socket.destroy()).on('close', () => socket.destroy());
  return void socket.on('close', () => upstream.destroy());
});
outer.listen(Number(port), '127.0.0.1');

function passOn(answer: IncomingMessage, response: ServerResponse): void {
  response.writeHead(answer.statusCode!, answer.rawHeaders);
  answer.pipe(response);
}
