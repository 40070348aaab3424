import type { IncomingMessage } from 'node:http';
import { refuse } from '../refusals/refuse';

export type HttpHead = Pick<IncomingMessage, 'headersDistinct' | 'httpVersion'>;

/**
 * Throws `BAD_REQUEST` for what two readers could take for two requests: one of HTTP/0.9, which the parser of Node takes with headers
 * behind it, and one with several hosts, or without the one that it must have. https://www.rfc-editor.org/rfc/rfc9112#section-3.2
 */
export function requireHttp({ headersDistinct, httpVersion }: HttpHead): void {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') throw refuse('BAD_REQUEST', 'the version must be HTTP/1.1 or HTTP/1.0', { status: 505 });
  const hosts = headersDistinct.host?.length ?? 0;
  if (hosts > 1 || (hosts === 0 && httpVersion !== '1.0')) throw refuse('BAD_REQUEST', `the header host must be there once, got ${hosts}`);
}
