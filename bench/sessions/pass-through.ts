import { createServer, ServerResponse } from 'node:http';
import { Dispatcher, Pool } from 'undici';

/** The least that passing a request through can cost in Node: it knows nobody, signs nothing, limits nothing. `pass-through.js <port> <origin>` */
const [port, origin] = [Number(process.argv[2]), process.argv[3]];
const pool = new Pool(origin);

/** What comes back, as it comes. */
function answerTo(response: ServerResponse): Dispatcher.DispatchHandler {
  return {
    onRequestStart: () => undefined,
    onResponseStart: (_controller, status, headers) => {
      delete headers.connection;
      delete headers['keep-alive'];
      response.writeHead(status, headers as Record<string, string | string[]>);
    },
    onResponseData: (controller, chunk) => {
      if (response.write(chunk)) return;
      controller.pause();
      response.once('drain', () => controller.resume());
    },
    onResponseEnd: () => response.end(),
    onResponseError: () => response.destroy(),
  };
}

createServer((request, response) => {
  const { method, url, headers } = request;
  const { connection, ...passed } = headers;
  const body = method === 'GET' ? null : request;
  pool.dispatch({ method: method as Dispatcher.HttpMethod, path: url!, headers: passed, body }, answerTo(response));
}).listen(port, '127.0.0.1');
