import type { FastifyInstance } from 'fastify';
import { readBodiesInTurn } from './bodies-in-turn';
import { filePath, flag, FLAG, PathParameters } from './path-parameters';
import { SESSION_ROUTES } from '../../../../src/protocol/session-api';
import { FileResult, MoveRequest } from '../../../../src/protocol/session-work';
import { errnoError } from '../errno-error';
import { resultOf } from '../files/file-entry';
import { placeOf, syncFolder } from '../files/folders';
import { statsOf } from '../files/new-file';
import { remove } from '../files/remove-tree';
import { refusing } from '../refusal-of';
import type { Work } from '../work-deps';

const QUERY = { type: 'object', additionalProperties: false, properties: { recursive: FLAG } } as const;

const BODY = {
  type: 'object', additionalProperties: false, required: ['path'], properties: { path: { type: 'string', minLength: 1 }, overwrite: { type: 'boolean' } },
} as const;

/** `DELETE` and `PATCH /api/files/<path>`: a file or folder goes, or gets another path. */
export function changeRoutes(api: FastifyInstance, work: Work): void {
  readBodiesInTurn(api, work);

  api.delete<PathParameters & { Querystring: { readonly recursive?: string } }>(`${SESSION_ROUTES.files}/*`, { schema: { querystring: QUERY } }, async (request, reply) => {
    await removed(work, filePath(request), flag(request.query.recursive));
    return reply.code(204).send();
  });

  api.patch<PathParameters & { Body: MoveRequest }>(`${SESSION_ROUTES.files}/*`, { schema: { body: BODY } }, (request) => moved(work, filePath(request), request.body));
}

function removed({ beneath }: Work, path: string, recursive: boolean): Promise<void> {
  return refusing(path, async () => {
    const { folder, name } = await placeOf(beneath, path, 'fail');
    try {
      await remove(folder, name, recursive);
      await syncFolder(folder);
    } finally {
      folder.close();
    }
  });
}

function moved({ beneath }: Work, path: string, { path: to, overwrite = false }: MoveRequest): Promise<FileResult> {
  return refusing(path, async () => {
    const source = await placeOf(beneath, path, 'fail');
    try {
      source.folder.lstat(source.name);
      return await refusing(to, async () => {
        const target = await placeOf(beneath, to, 'make');
        try {
          // Between looking and renaming no other request comes; commands of the session can.
          if (!overwrite && statsOf(target.folder, target.name) !== undefined) throw errnoError('EEXIST', to);
          source.folder.rename(source.name, target.folder, target.name);
          await syncFolder(target.folder);
          await syncFolder(source.folder);
          return resultOf(target.path, target.folder.lstat(target.name));
        } finally {
          target.folder.close();
        }
      });
    } finally {
      source.folder.close();
    }
  });
}
