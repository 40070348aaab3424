import type { FastifyRequest } from 'fastify';

/** Of the routes of one file: what follows `/api/files/`, decoded. */
export interface PathParameters {
  readonly Params: { readonly '*': string };
}

export function filePath(request: FastifyRequest<PathParameters>): string {
  return request.params['*'];
}

/** Schema of a parameter of the query that is on or off. */
export const FLAG = { type: 'string', enum: ['true', 'false'] } as const;

export function flag(value: string | undefined): boolean {
  return value === 'true';
}
