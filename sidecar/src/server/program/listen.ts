import type { AddressInfo, Server } from 'node:net';
import type { Listen } from './config';

/** A server that does not listen yet. */
export interface Listening {
  readonly server: Pick<Server, 'address'>;
  listen(options: { readonly host: string; readonly port: number }): Promise<unknown>;
}

/**
 * Listens and returns the address as a client writes it. Without a host all addresses of both
 * families are served, or those of IPv4 on a machine that has no other.
 */
export async function listenOn(app: Listening, { host, port }: Listen): Promise<string> {
  if (host !== undefined) {
    // For the name Fastify would open a second server that has none of our bounds.
    await app.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port });
  } else {
    await app.listen({ host: '::', port }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EAFNOSUPPORT' && error.code !== 'EADDRNOTAVAIL') throw error;
      return app.listen({ host: '0.0.0.0', port });
    });
  }
  const { address, family, port: actual } = app.server.address() as AddressInfo;
  return family === 'IPv6' ? `[${address}]:${actual}` : `${address}:${actual}`;
}
