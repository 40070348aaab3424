import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

/** Says yes to everything, at once, and tells what it was asked so far: what the operator costs without a broker. `broker-stub.js <port> <folder of a certificate>` */
const [port, folder] = process.argv.slice(2);

const asked: Record<string, number> = {};

/** Longer than any run. */
const LIFE = 24 * 60 * 60 * 1000;

function answerTo(path: string, run: string, body: { readonly name?: string }): object {
  const expiresAt = new Date(Date.now() + LIFE).toISOString().replace(/\.\d+Z$/, 'Z');
  if (path === '/v1/issue-egress') return { value: `egress-of-${run}`, expiresAt };
  if (path !== '/v1/issue') return {};
  const leaseId = `lease-${run}-${body.name!.toLowerCase().replaceAll('_', '-')}`;
  return { value: `surrogate-of-${run}`, leaseId, expiresAt, provider: 'UserSuppliedSecret', deliveryMode: 'ProxyInjected', hosts: ['api.example.com'] };
}

createServer({ cert: readFileSync(`${folder}/tls.crt`), key: readFileSync(`${folder}/tls.key`) }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const isQuestion = request.method === 'GET';
    if (!isQuestion) asked[request.url!] = (asked[request.url!] ?? 0) + 1;
    const answer = isQuestion ? asked : answerTo(request.url!, String(request.headers['x-paddock-run']), JSON.parse(Buffer.concat(chunks).toString()));
    const body = JSON.stringify(answer);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  });
}).listen(Number(port), '127.0.0.1');
