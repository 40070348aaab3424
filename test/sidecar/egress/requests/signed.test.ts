import { createHash } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { ask, BEARER, ECHO, forwardWorld, type Substitute, upstream } from './forward-world';
import { MAX_SIGNED_BODY } from '../../../../src/protocol/egress-api';
import { Loopback } from '../loopback';

const loopback = new Loopback();
afterEach(() => loopback.close());

const signedFor = (service: string) => ({
  'authorization': `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host;x-amz-date, Signature=00`,
  'x-amz-date': '20260101T000000Z',
  'x-amz-security-token': BEARER,
});

/** Signs whatever it is asked about. */
const sign: Substitute = async ({ headers = {} }) => ({
  setHeaders: { 'authorization': 'AWS4-HMAC-SHA256 signed', 'x-amz-security-token': 'real-session-token', 'x-amz-date': headers['x-amz-date'] },
  allowedHeaders: Object.keys(headers),
});

/** Keeps headers and body of what comes. */
const keptIn = (seen: unknown[]): RequestListener => (asked, answer) => {
  const chunks: Buffer[] = [];
  asked.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
    seen.push(asked.headers, Buffer.concat(chunks).toString());
    answer.end('ok');
  });
};

const seenBy = async (headers: Record<string, string>, body: string, substitute = sign) => {
  const world = await forwardWorld(loopback, await upstream(loopback, ECHO), { substitute });
  const answer = await ask(world.port, '/', { method: 'POST', headers, body });
  return { world, answer };
};

test('a body of a signed request is hashed before the broker signs, and goes on whole', async () => {
  const body = 'Action=ListUsers';
  const seen: unknown[] = [];
  const world = await forwardWorld(loopback, await upstream(loopback, keptIn(seen)), { substitute: sign });
  const answer = await ask(world.port, '/', { method: 'POST', headers: { ...signedFor('iam'), 'transfer-encoding': 'chunked', 'accept-encoding': 'gzip' }, body });
  const hash = createHash('sha256').update(body).digest('hex');
  expect(answer.text).toBe('ok');
  expect(world.asked[0].headers).toMatchObject({ 'x-amz-content-sha256': hash, 'content-length': '16', 'accept-encoding': 'identity' });
  expect(seen[0]).toMatchObject({ 'authorization': 'AWS4-HMAC-SHA256 signed', 'x-amz-security-token': 'real-session-token', 'x-amz-content-sha256': hash, 'content-length': '16' });
  expect(seen[0]).not.toHaveProperty('transfer-encoding');
  expect(seen[1]).toBe(body);
});

const chunked = (...chunks: string[]) => `${[...chunks, ''].map((chunk) => `${chunk.length.toString(16)};chunk-signature=${'0'.repeat(64)}\r\n${chunk}\r\n`).join('')}`;
const S3 = (length: number) => ({ ...signedFor('s3'), 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'content-encoding': 'aws-chunked', 'x-amz-decoded-content-length': String(length) });

test('signed chunks go on without their signatures, with the length of what is in them', async () => {
  const seen: unknown[] = [];
  const world = await forwardWorld(loopback, await upstream(loopback, keptIn(seen)), { substitute: sign });
  const answer = await ask(world.port, '/bucket/key', { method: 'PUT', headers: S3(10), body: chunked('hello', 'world') });
  expect(answer.text).toBe('ok');
  expect(seen).toEqual([expect.objectContaining({ 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'content-length': '10' }), 'helloworld']);
});

test.each<[string, Record<string, string>, string, number, string]>([
  ['a bearer in its body', signedFor('iam'), `key=${BEARER}`, 403, 'BEARER_MISPLACED'],
  ['a bearer over the chunks of its body', S3(BEARER.length), chunked(BEARER.slice(0, 9), BEARER.slice(9)), 403, 'BEARER_MISPLACED'],
  ['chunks that are none', S3(10), 'hello there', 400, 'BAD_REQUEST'],
  ['a body that is too long to be signed', { ...signedFor('iam'), 'content-length': String(MAX_SIGNED_BODY + 1) }, 'x', 413, 'BAD_REQUEST'],
])('a signed request with %s is refused', async (_what, headers, body, status, code) => {
  const { answer } = await seenBy(headers, body);
  expect(answer).toMatchObject({ status, headers: { 'x-agent-platform-code': code } });
  expect(answer.text).not.toContain(BEARER);
});
