import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export interface SignedBy {
  readonly keyId: string;
  readonly secret: string;
}

const hex = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const mac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();

/**
 * What a service finds wrong with the signature of a request; undefined when nothing is.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function signatureProblem({ method, url = '', headers }: IncomingMessage, body: Buffer, { keyId, secret }: SignedBy): string | undefined {
  const authorization = headers.authorization ?? '';
  const [, id, scope, names, signature] = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(authorization) ?? [];
  if (id !== keyId) return `it is signed by ${id}`;
  const payload = String(headers['x-amz-content-sha256']);
  if (/^[0-9a-f]{64}$/.test(payload) && payload !== hex(body)) return 'the hash is not that of the body';
  const [path, query = ''] = url.split('?');
  const lines = names.split(';').map((name) => `${name}:${String(headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`).join('');
  const request = [method, path, canonicalQuery(query), lines, names, payload].join('\n');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hex(request)].join('\n');
  const key = scope.split('/').reduce<string | Buffer>(mac, `AWS4${secret}`);
  return mac(key, text).toString('hex') === signature ? undefined : 'the signature is another one';
}

function canonicalQuery(query: string): string {
  const encoded = (text: string): string => encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
  return [...new URLSearchParams(query)].map(([name, value]) => `${encoded(name)}=${encoded(value)}`).sort().join('&');
}
