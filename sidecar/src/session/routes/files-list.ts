import { fstatSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { flag, FLAG } from './path-parameters';
import { SESSION_ROUTES } from '../../../../src/protocol/session-api';
import { FileEntry, FileList } from '../../../../src/protocol/session-work';
import { entryOf } from '../files/file-entry';
import { namesOf, placeOf } from '../files/folders';
import { listFolder } from '../files/list-folder';
import { refusing, shown } from '../refusal-of';
import { refuse } from '../refuse';
import type { Work } from '../work-deps';

interface ListQuery {
  readonly path?: string;
  readonly recursive?: string;
  readonly stat?: string;
  readonly limit?: string;
  readonly after?: string;
}

const QUERY = {
  type: 'object',
  additionalProperties: false,
  properties: { path: { type: 'string' }, recursive: FLAG, stat: FLAG, limit: { type: 'string', pattern: '^[1-9][0-9]{0,5}$' }, after: { type: 'string' } },
} as const;

/** `GET /api/files?path=`: what is in a folder; with `stat` what the path itself is. */
export function listRoute(api: FastifyInstance, work: Work): void {
  api.get<{ Querystring: ListQuery }>(SESSION_ROUTES.files, { schema: { querystring: QUERY } }, async ({ query }): Promise<FileList | FileEntry> => {
    const { path, recursive, stat, limit, after } = query;
    if (path === undefined || path === '') throw refuse('BAD_REQUEST', "Missing 'path' parameter");
    if (flag(stat)) return statOf(work, path);
    const { maxListed } = work.limits;
    return listed(work, path, { recursive: flag(recursive), limit: Math.min(Number(limit ?? maxListed), maxListed), after });
  });
}

function listed({ beneath }: Work, path: string, listing: Parameters<typeof listFolder>[1]): Promise<FileList> {
  return refusing(path, async () => {
    const folder = await beneath.directory(namesOf(path).join('/')).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? refuse('DIRECTORY_NOT_FOUND', `${shown(path)} is not there`) : error;
    });
    try {
      return await listFolder(folder, listing);
    } finally {
      folder.close();
    }
  });
}

/** Of a link, the link itself. */
function statOf({ beneath }: Work, path: string): Promise<FileEntry> {
  return refusing(path, async () => {
    if (namesOf(path).length === 0) return entryOf('.', fstatSync(beneath.root.fd));
    const { folder, name } = await placeOf(beneath, path, 'fail');
    try {
      return entryOf(name, folder.lstat(name));
    } finally {
      folder.close();
    }
  });
}
