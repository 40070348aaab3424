import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, IncomingHttpHeaders, IncomingMessage, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { chunked, cut, line } from './chunked';
import type { Hold } from '../../../../sidecar/src/egress/aws/held-bodies';
import { type AwsPayload, awsPayload as payloadOf, isAwsSigned } from '../../../../sidecar/src/egress/aws/payload';
import { refuse } from '../../../../sidecar/src/egress/refusals/refuse';
import type { ApiError } from '../../../../sidecar/src/server/http/errors';
import { MAX_SIGNED_BODY } from '../../../../src/protocol/egress-api';

const SURROGATE = 'pdk-aws-eyJ.x.x.x.x';
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const signature = (service: string) => `AWS4-HMAC-SHA256 Credential=none/20260504/eu-central-1/${service}/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`;

/** Room is what few of the tests are about. */
const awsPayload = (request: IncomingMessage, hold: Hold = () => undefined): Promise<AwsPayload> => payloadOf(request, hold);

function message(service: string, headers: IncomingHttpHeaders, body?: readonly Buffer[]): IncomingMessage {
  const framing = body === undefined || 'content-length' in headers ? {} : { 'transfer-encoding': 'chunked' };
  return Object.assign(Readable.from(body ?? [], { objectMode: false }), { headers: { 'authorization': signature(service), 'x-amz-security-token': SURROGATE, ...framing, ...headers } }) as never;
}

async function whole(body: null | Buffer | Readable): Promise<string> {
  if (body === null || Buffer.isBuffer(body)) return String(body);
  return Buffer.concat(await body.toArray()).toString();
}

const refusal = (asked: Promise<unknown>) => asked.then(() => 'none', ({ code, status, message: text }: ApiError) => `${code} ${status} ${text}`);

describe('a request is signed for AWS', () => {
  test.each([signature('s3'), signature('dynamodb'), signature('execute-api').replace(/, /g, ',')])('with a bearer of ours as session token and %s', (authorization) => {
    expect(isAwsSigned({ authorization, 'x-amz-security-token': SURROGATE })).toBe(true);
  });

  test.each<[string, IncomingHttpHeaders]>([
    ['without a session token', { authorization: signature('s3') }],
    ['with a session token that is not ours', { 'authorization': signature('s3'), 'x-amz-security-token': 'FwoGZXIvYXdzE' }],
    ['without a signature', { 'x-amz-security-token': SURROGATE }],
    ['with a bearer', { 'authorization': `Bearer ${SURROGATE}`, 'x-amz-security-token': SURROGATE }],
    ['with a signature of version 4A', { 'authorization': signature('s3').replace('HMAC', 'ECDSA-P256'), 'x-amz-security-token': SURROGATE }],
    ['with a scope that is cut off', { 'authorization': 'AWS4-HMAC-SHA256 Credential=none/20260504/eu-central-1/s3', 'x-amz-security-token': SURROGATE }],
  ])('but not %s', (_, headers) => {
    expect(isAwsSigned(headers)).toBe(false);
  });
});

describe('to S3', () => {
  test.each([sha256('abc'), 'UNSIGNED-PAYLOAD', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'])('a body with %s goes on as it comes', async (said) => {
    const request = message('s3', { 'x-amz-content-sha256': said }, [Buffer.from('abc')]);
    expect(await awsPayload(request)).toEqual({ headers: { 'x-amz-content-sha256': said }, body: request });
  });

  test('a request that says nothing of its body has it unsigned', async () => {
    expect(await awsPayload(message('s3', {}))).toEqual({ headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }, body: null });
  });

  test.each(['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'])('the chunks of %s are taken off', async (said) => {
    const sent = { 'x-amz-content-sha256': said, 'x-amz-decoded-content-length': '6', 'content-encoding': 'aws-chunked, gzip' };
    const { headers, body } = await awsPayload(message('s3express', sent, cut(chunked([Buffer.from('abc'), Buffer.from('def')]), [1, 50, 60, 7])));
    expect(headers).toEqual({
      'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
      'content-encoding': 'gzip',
      'content-length': '6',
      'transfer-encoding': undefined,
      'x-amz-decoded-content-length': undefined,
      'x-amz-trailer': undefined,
      'x-amz-sdk-checksum-algorithm': undefined,
    });
    expect(await whole(body)).toBe('abcdef');
  });

  test('an encoding that is nothing but the chunks is dropped', async () => {
    const sent = { 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'x-amz-decoded-content-length': '0', 'content-encoding': 'AWS-Chunked' };
    expect((await awsPayload(message('s3', sent, [chunked([])]))).headers['content-encoding']).toBeUndefined();
  });

  test.each<[string, IncomingHttpHeaders, string]>([
    ['chunks without the length of what is in them', { 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' }, 'BAD_REQUEST 411'],
    ['chunks with a length that is none', { 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'x-amz-decoded-content-length': '-1' }, 'BAD_REQUEST 411'],
    ['chunks with signatures of version 4A', { 'x-amz-content-sha256': 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD' }, 'BAD_REQUEST 400'],
    ['what is no hash', { 'x-amz-content-sha256': 'abc' }, 'BAD_REQUEST 400'],
  ])('%s are refused', async (_, headers, expected) => {
    expect(await refusal(awsPayload(message('s3', headers, [Buffer.from('x')])))).toContain(expected);
  });

  test('a malformed chunk ends the stream with a refusal, and all before it has passed', async () => {
    const sent = { 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'x-amz-decoded-content-length': '6' };
    const { body } = await awsPayload(message('s3', sent, [Buffer.from(`${line(3)}abc\r\n`), Buffer.from('oops\r\n')]));
    const passed: Buffer[] = [];
    const reading = (async () => {
      for await (const data of body as Readable) passed.push(data);
    })();
    expect(await refusal(reading)).toContain('BAD_REQUEST 400 the body is not aws-chunked');
    expect(Buffer.concat(passed).toString()).toBe('abc');
  });
});

describe('to other services', () => {
  test('a body is read to its end and hashed, whatever the client said of it', async () => {
    const { headers, body } = await awsPayload(message('dynamodb', { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }, [Buffer.from('{"a"'), Buffer.from(':1}')]));
    expect(headers).toEqual({ 'x-amz-content-sha256': sha256('{"a":1}'), 'content-length': '7', 'transfer-encoding': undefined });
    expect(body).toEqual(Buffer.from('{"a":1}'));
  });

  test('a request without a body has the hash of none', async () => {
    expect(await awsPayload(message('execute-api', {}))).toEqual({ headers: { 'x-amz-content-sha256': EMPTY }, body: null });
  });

  test('the longest body that is signed is', async () => {
    const { headers } = await awsPayload(message('lambda', {}, [Buffer.alloc(MAX_SIGNED_BODY)]));
    expect(headers['content-length']).toBe(String(MAX_SIGNED_BODY));
  });

  test('room is asked for as the body comes, and without it the body is refused', async () => {
    const held: number[] = [];
    await awsPayload(message('lambda', {}, [Buffer.from('abc'), Buffer.from('de')]), (bytes) => held.push(bytes));
    expect(held).toEqual([3, 2]);
    const full = awsPayload(message('lambda', {}, [Buffer.from('abc')]), () => { throw refuse('SERVER_OVERLOADED', 'full'); });
    expect(await refusal(full)).toBe('SERVER_OVERLOADED 503 full');
  });

  test('a longer one is refused, by what it announces as by what comes', async () => {
    const expected = `BAD_REQUEST 413 a body that is signed has at most ${MAX_SIGNED_BODY} bytes`;
    const announced = message('lambda', { 'content-length': String(MAX_SIGNED_BODY + 1) }, []);
    expect(await refusal(awsPayload(announced))).toBe(expected);
    expect(announced.readableDidRead).toBe(false);
    expect(await refusal(awsPayload(message('lambda', {}, [Buffer.alloc(MAX_SIGNED_BODY), Buffer.from('x')])))).toBe(expected);
  });

  test.each<IncomingHttpHeaders>([
    { 'content-type': 'application/vnd.amazon.eventstream' },
    { 'content-type': 'Application/vnd.amazon.eventstream; charset=utf-8' },
    { 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-EVENTS' },
    { 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' },
  ])('%j is refused', async (headers) => {
    expect(await refusal(awsPayload(message('transcribe', headers, [Buffer.from('x')])))).toContain('BAD_REQUEST 400 event streams');
  });

  test('a request without a signature is none of them', async () => {
    expect(await refusal(awsPayload(message('x', { authorization: undefined })))).toContain('BAD_REQUEST 400');
  });
});

test('whoever sends too much hears why: the connection is still there for the answer', async () => {
  const server = createServer((request, response) => {
    awsPayload(request).catch(({ status, code }: ApiError) => response.writeHead(status, { connection: 'close' }).end(code));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = send({ port: (server.address() as AddressInfo).port, method: 'POST', headers: { 'authorization': signature('lambda'), 'x-amz-security-token': SURROGATE } });
  client.on('error', () => undefined);
  const answered = once(client, 'response') as Promise<[IncomingMessage]>;
  for (let sent = 0; sent <= MAX_SIGNED_BODY; sent += 1024 * 1024) client.write(Buffer.alloc(1024 * 1024));
  const [answer] = await answered;
  expect([answer.statusCode, Buffer.concat(await answer.toArray()).toString()]).toEqual([413, 'BAD_REQUEST']);
  client.destroy();
  server.close();
});
