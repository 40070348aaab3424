import type { FastifyInstance, FastifyRequest } from 'fastify';
import { endWhenStalled, isMultipart, readBodiesInTurn } from './bodies-in-turn';
import { SESSION_ROUTES } from '../../../../src/protocol/session-api';
import { FileResult, MAX_UPLOAD_BODY, UploadRequest } from '../../../../src/protocol/session-work';
import { decodeBase64 } from '../base64';
import { resultOf } from '../files/file-entry';
import { fileMode } from '../files/file-mode';
import { placeOf } from '../files/folders';
import { receivedForm } from '../files/form-upload';
import { FormRefused } from '../files/multipart';
import { NewFile } from '../files/new-file';
import { refusing } from '../refusal-of';
import { refuse } from '../refuse';
import type { Work } from '../work-deps';

/** `POST /api/files`: a file as base64 in JSON, or as a form. */
export function uploadRoute(api: FastifyInstance, work: Work): void {
  readBodiesInTurn(api, work);
  api.addContentTypeParser(/^multipart\/form-data/i, (_request, _payload, done) => done(null));

  api.post(SESSION_ROUTES.files, { bodyLimit: MAX_UPLOAD_BODY }, (request) => {
    if (isMultipart(request)) return fromForm(work, request);
    const upload = checkedUpload(request.body);
    const bytes = decodeBase64(upload.content);
    if (bytes === undefined) throw refuse('BAD_REQUEST', 'Invalid base64 content: content is not base64');
    return stored(work, upload.path, fileMode(upload.mode), [bytes]);
  });
}

/** Writes a file, and makes the folders above it. */
export function stored(work: Work, path: string, mode: number, source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<FileResult> {
  return refusing(path, async () => {
    const place = await placeOf(work.beneath, path, 'make');
    try {
      const file = NewFile.create(place.folder, work.temporary);
      try {
        await file.fill(source, work.limits.maxFileBytes);
        return resultOf(place.path, await file.commit(place.folder, place.name, mode));
      } finally {
        file.discard();
      }
    } finally {
      place.folder.close();
    }
  });
}

/** Without ending the connection when reading stops: the answer goes over it. */
export function bodyOf(request: FastifyRequest, { limits }: Work): AsyncGenerator<Buffer> {
  endWhenStalled(request, limits.stalledMs);
  return request.raw.iterator({ destroyOnReturn: false }) as AsyncGenerator<Buffer>;
}

function fromForm(work: Work, request: FastifyRequest): Promise<FileResult> {
  return refusing('', () => receivedForm(work, bodyOf(request, work), request.headers['content-type']!)).catch((error: unknown) => {
    throw error instanceof FormRefused ? refuse('BAD_REQUEST', error.message) : error;
  });
}

/** In PicoD's words. A schema would be asked for forms too. */
function checkedUpload(body: unknown): UploadRequest {
  const { path, content, mode, ...others } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  if (typeof path !== 'string' || path === '') throw refuse('BAD_REQUEST', "Missing 'path' field");
  if (typeof content !== 'string') throw refuse('BAD_REQUEST', "Missing 'content' field");
  if (mode !== undefined && mode !== null && typeof mode !== 'string') throw refuse('BAD_REQUEST', 'mode must be a text of octal digits');
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw refuse('BAD_REQUEST', `body must NOT have additional properties: ${JSON.stringify(unknown.slice(0, 64))}`);
  return { path, content, mode };
}
