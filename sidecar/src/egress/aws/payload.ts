import { hash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { decodedChunks } from './chunks';
import type { Hold } from './held-bodies';
import { AWS_HEADERS, awsScope, isS3, PAYLOAD_HASH_PATTERN, UNSIGNED_CHUNKS, UNSIGNED_PAYLOAD } from '../../../../src/protocol/aws-signature';
import { MAX_SIGNED_BODY } from '../../../../src/protocol/egress-api';
import { isOurs } from '../../crypto/sealed-token';
import { announcesBody } from '../../server/http/request-checks';
import { refuse } from '../refusals/refuse';

const HASH = new RegExp(PAYLOAD_HASH_PATTERN);

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html, and with a checksum behind the chunks sigv4-streaming-trailers.html */
const SIGNED_CHUNKS: readonly string[] = ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'];

const DECODED_LENGTH = 'x-amz-decoded-content-length';

/** https://smithy.io/2.0/aws/amazon-eventstream.html */
const EVENT_STREAM = /^application\/vnd\.amazon\.eventstream\b/i;

/** What of a request changes before the broker signs it anew. */
export interface AwsPayload {
  /** New values by lower-case name; undefined for what is dropped. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** What goes on in place of the body; null when there is none. A stream fails with an `ApiError` when its chunks are malformed. */
  readonly body: null | Buffer | Readable;
}

/** Whether a request is signed for AWS, with a bearer of ours in place of the session token. */
export function isAwsSigned({ authorization = '', [AWS_HEADERS.token]: token = '' }: IncomingHttpHeaders): boolean {
  return awsScope(authorization) !== undefined && isOurs(String(token));
}

/**
 * Makes the body of a signed request one that can be signed again. S3 takes bodies that no signature covers, so they are
 * passed on as they come; of other services the body is read to its end and hashed. The header with the hash is always there
 * afterwards, for the broker signs it. `hold` is asked for room before anything is kept. Rejects with `ApiError`.
 */
export async function awsPayload(request: IncomingMessage, hold: Hold): Promise<AwsPayload> {
  const { headers } = request;
  const scope = awsScope(headers.authorization ?? '');
  if (scope === undefined) throw refuse('BAD_REQUEST', 'authorization is not a signature of AWS4-HMAC-SHA256');
  return isS3(scope) ? unsigned(request) : hashed(request, hold);
}

function unsigned(request: IncomingMessage): AwsPayload {
  const { headers } = request;
  const said = String(headers[AWS_HEADERS.payload] ?? UNSIGNED_PAYLOAD);
  const passes = said === UNSIGNED_PAYLOAD || said === UNSIGNED_CHUNKS || HASH.test(said);
  if (passes) return { headers: { [AWS_HEADERS.payload]: said }, body: announcesBody(request) ? request : null };
  if (!SIGNED_CHUNKS.includes(said)) throw refuse('BAD_REQUEST', `${AWS_HEADERS.payload} is none that can be signed again: ${JSON.stringify(said.slice(0, 64))}`);
  const length = decodedLength(headers);
  return {
    headers: {
      [AWS_HEADERS.payload]: UNSIGNED_PAYLOAD,
      'content-encoding': withoutChunks(headers['content-encoding']),
      'content-length': String(length),
      'transfer-encoding': undefined,
      // What speaks of the chunks and of the checksum behind them, which is dropped with them.
      [DECODED_LENGTH]: undefined,
      'x-amz-trailer': undefined,
      'x-amz-sdk-checksum-algorithm': undefined,
    },
    body: Readable.from(decodedChunks(request.iterator({ destroyOnReturn: false }), length), { objectMode: false }),
  };
}

async function hashed(request: IncomingMessage, hold: Hold): Promise<AwsPayload> {
  const { headers } = request;
  const said = String(headers[AWS_HEADERS.payload] ?? '');
  if (said.startsWith('STREAMING-') || EVENT_STREAM.test(headers['content-type'] ?? '')) {
    throw refuse('BAD_REQUEST', 'event streams and signed chunks cannot be signed again for this service');
  }
  if (!announcesBody(request)) return { headers: { [AWS_HEADERS.payload]: hash('sha256', '', 'hex') }, body: null };
  const body = await wholeBody(request, hold);
  return {
    headers: { [AWS_HEADERS.payload]: hash('sha256', body, 'hex'), 'content-length': String(body.length), 'transfer-encoding': undefined },
    body,
  };
}

function decodedLength(headers: IncomingHttpHeaders): number {
  const text = String(headers[DECODED_LENGTH] ?? '');
  if (!/^[0-9]{1,15}$/.test(text)) throw refuse('BAD_REQUEST', `${DECODED_LENGTH} must say how long the body is without its chunks`, { status: 411 });
  return Number(text);
}

/** A body may be encoded otherwise besides, and that is what the object's encoding is. */
function withoutChunks(encoding = ''): string | undefined {
  const others = encoding.split(',').map((one) => one.trim()).filter((one) => one !== '' && one.toLowerCase() !== 'aws-chunked');
  return others.length === 0 ? undefined : others.join(',');
}

async function wholeBody(request: IncomingMessage, hold: Hold): Promise<Buffer> {
  const tooLong = refuse('BAD_REQUEST', `a body that is signed has at most ${MAX_SIGNED_BODY} bytes`, { status: 413 });
  if (Number(request.headers['content-length'] ?? 0) > MAX_SIGNED_BODY) throw tooLong;
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MAX_SIGNED_BODY) throw tooLong;
    hold(part.length);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
