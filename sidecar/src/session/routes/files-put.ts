import { fstatSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { bodyOf, stored } from './files-upload';
import { filePath, flag, FLAG, PathParameters } from './path-parameters';
import { SESSION_ROUTES } from '../../../../src/protocol/session-api';
import { FileEntry, FileResult } from '../../../../src/protocol/session-work';
import { errnoError } from '../errno-error';
import { entryOf } from '../files/file-entry';
import { fileMode } from '../files/file-mode';
import { madeDirectory, namesOf } from '../files/folders';
import { refusing, shown } from '../refusal-of';
import { refuse } from '../refuse';
import type { Work } from '../work-deps';

interface PutQuery {
  readonly mode?: string;
  readonly directory?: string;
}

const QUERY = { type: 'object', additionalProperties: false, properties: { mode: { type: 'string', pattern: '^0?[0-7]{3}$' }, directory: FLAG } } as const;

/** `PUT /api/files/<path>`: the body is the file, of any size; with `directory` a folder is made. */
export function putRoute(api: FastifyInstance, work: Work): void {
  api.removeAllContentTypeParsers();
  api.addContentTypeParser('*', (_request, _payload, done) => done(null));

  api.put<PathParameters & { Querystring: PutQuery }>(`${SESSION_ROUTES.files}/*`, { schema: { querystring: QUERY } }, async (request): Promise<FileResult | FileEntry> => {
    const path = filePath(request);
    if (flag(request.query.directory)) return madeFolder(work, path);
    await refuseWhatDoesNotFit(work, path, request);
    return stored(work, path, fileMode(request.query.mode), bodyOf(request, work));
  });
}

function madeFolder({ beneath }: Work, path: string): Promise<FileEntry> {
  return refusing(path, async () => {
    const names = namesOf(path);
    const folder = await madeDirectory(beneath, names).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOTDIR' ? errnoError('EEXIST', path) : error;
    });
    try {
      return entryOf(names.at(-1) ?? '.', fstatSync(folder.fd));
    } finally {
      folder.close();
    }
  });
}

/** Before gigabytes are sent in vain. What comes meanwhile is told when it happens. */
async function refuseWhatDoesNotFit({ beneath, limits }: Work, path: string, { headers }: FastifyRequest): Promise<void> {
  const length = Number(headers['content-length'] ?? 0);
  if (length > limits.maxFileBytes) throw refuse('TOO_LARGE', `${shown(path)} has ${length} bytes; allowed: at most ${limits.maxFileBytes}`);
  if (length < WORTH_ASKING) return;
  const { bavail, bsize } = await statfs(beneath.root.path);
  if (length > bavail * bsize) throw refuse('NO_SPACE', `${shown(path)} has ${length} bytes; the volume has room for ${bavail * bsize}`);
}

const WORTH_ASKING = 1024 * 1024;
