import { createServer } from 'node:http';

/** Stands for what runs in a worker: reads what it gets and answers a small JSON. `stub.js <port>` */
createServer((request, response) => {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on('end', () => {
    const body = JSON.stringify({ bytes });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
