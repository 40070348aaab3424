import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

/** Says yes to everything, at once: what the proxy costs without a broker. `broker-stub.js <port> <folder of a certificate> <host of the credential> <credential>` */
const [port, folder, host, credential] = process.argv.slice(2);

createServer({ cert: readFileSync(`${folder}/tls.crt`), key: readFileSync(`${folder}/tls.key`) }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const asked = JSON.parse(Buffer.concat(chunks).toString()) as { readonly host: string; readonly headers?: Readonly<Record<string, string>> };
    const answer = request.url === '/v1/validate-egress'
      ? { allowed: true, matchedPolicy: 'policy', validForSeconds: 10, auditId: 'stub', ...(asked.host === host ? { substituteAuth: true } : {}) }
      : { setHeaders: { 'x-api-key': credential }, allowedHeaders: Object.keys(asked.headers ?? {}), allowedQueryParams: [], auditId: 'stub' };
    const body = JSON.stringify(answer);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  });
}).listen(Number(port), '127.0.0.1');
