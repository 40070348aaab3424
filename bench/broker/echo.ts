import { createServer } from 'node:http';

/** The unit of cost: node:http that parses a small body and answers a small JSON, and nothing else. `echo.js <port>` */
createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { host } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { host: string };
    const body = JSON.stringify({ allowed: true, host });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
