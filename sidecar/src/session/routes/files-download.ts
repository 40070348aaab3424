import { closeSync, Stats } from 'node:fs';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { filePath, PathParameters } from './path-parameters';
import { SESSION_ROUTES } from '../../../../src/protocol/session-api';
import { AnswerWriter } from '../client';
import { ByteRange, byteRange } from '../files/byte-range';
import { attachment } from '../files/content-disposition';
import { entityTag, modifiedOf } from '../files/file-entry';
import { namesOf } from '../files/folders';
import { mediaTypeOf } from '../files/media-type';
import { isFresh, wholeWanted } from '../files/preconditions';
import { readPart, sendFile } from '../files/send-file';
import { refusing } from '../refusal-of';
import { refuse } from '../refuse';
import type { Work } from '../work-deps';

/** Bytes of a part that is answered as a whole. */
const SHORT = 64 * 1024;

type DownloadRequest = FastifyRequest<PathParameters>;

/** `GET` and `HEAD /api/files/<path>`: a file, or a part of it. */
export function downloadRoute(api: FastifyInstance, work: Work): void {
  api.route<PathParameters>({
    method: ['GET', 'HEAD'],
    url: `${SESSION_ROUTES.files}/*`,
    handler: (request, reply) => {
      const path = filePath(request);
      return refusing(path, async () => {
        const { fd, stats } = await work.beneath.file(namesOf(path).join('/'));
        try {
          return await answer(work, request, reply, { fd, stats, path });
        } finally {
          closeSync(fd);
        }
      });
    },
  });
}

interface Found {
  readonly fd: number;
  readonly stats: Stats;
  readonly path: string;
}

async function answer(work: Work, request: DownloadRequest, reply: FastifyReply, { fd, stats, path }: Found): Promise<FastifyReply> {
  const tag = entityTag(stats);
  reply.headers({ 'etag': tag, 'last-modified': modifiedOf(stats).toUTCString(), 'accept-ranges': 'bytes' });
  if (isFresh(request.headers, tag, stats.mtimeMs)) return reply.code(304).send();
  const range = wholeWanted(request.headers, tag, stats.mtimeMs) ? undefined : byteRange(request.headers.range, stats.size);
  if (range === 'none') throw refuse('RANGE_NOT_SATISFIABLE', `the file has ${stats.size} bytes`, { headers: { 'content-range': `bytes */${stats.size}` } });
  const name = namesOf(path).at(-1)!;
  reply.headers({
    'content-type': mediaTypeOf(name),
    'content-disposition': attachment(name),
    'content-description': 'File Transfer',
    'content-transfer-encoding': 'binary',
  });
  if (range !== undefined) reply.code(206).header('content-range', `bytes ${range.first}-${range.last}/${stats.size}`);
  const part = range ?? { first: 0, last: stats.size - 1 };
  const length = part.last - part.first + 1;
  if (request.method === 'HEAD') return reply.header('content-length', length).send();
  return length <= SHORT ? reply.send(readPart(fd, part)) : streamedPart(work, reply, fd, part);
}

/** A file that is cut off meanwhile cuts its answer off: the length has been told. */
async function streamedPart({ limits, timer, pieces }: Work, reply: FastifyReply, fd: number, part: ByteRange): Promise<FastifyReply> {
  reply.hijack();
  reply.raw.writeHead(reply.statusCode, { ...reply.getHeaders() as Record<string, string>, 'content-length': part.last - part.first + 1 });
  try {
    await sendFile(new AnswerWriter(reply.raw, limits.stalledMs, timer), pieces, fd, part);
    reply.raw.end();
  } catch (error) {
    reply.raw.destroy();
    reply.request.log.info({ err: error }, 'the file was not sent to its end');
  }
  return reply;
}
