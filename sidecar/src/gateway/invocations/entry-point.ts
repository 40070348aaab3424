import type { SessionEntryPoint } from '../../../../src/protocol/session-record';

/**
 * The entry point whose path is the longest that the path begins with, whole segments only: `/api` takes `/api` and
 * `/api/files`, never `/apix`. Undefined when none does.
 */
export function entryPointFor(entryPoints: readonly SessionEntryPoint[], path: string): SessionEntryPoint | undefined {
  let best: SessionEntryPoint | undefined;
  for (const one of entryPoints) {
    if (covers(one.path, path) && (best === undefined || trimmed(one.path).length > trimmed(best.path).length)) best = one;
  }
  return best;
}

/** Where the entry point is, as an origin. IPv6 addresses are in brackets: https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2 */
export function originOf({ protocol, port }: SessionEntryPoint, address: string): string {
  return `${protocol === 'HTTPS' ? 'https' : 'http'}://${address.includes(':') ? `[${address}]` : address}:${port}`;
}

function covers(prefix: string, path: string): boolean {
  const start = trimmed(prefix);
  return path.startsWith(start) && (path.length === start.length || path[start.length] === '/');
}

/** Without a slash at its end, so that `/` is the start of every path. */
function trimmed(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}
