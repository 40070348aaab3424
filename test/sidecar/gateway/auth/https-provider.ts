import { createServer, Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { CertifiedKey } from '../../../../sidecar/src/crypto/certificate-facts';
import { makeAuthority, makeServingPair } from '../../../../sidecar/src/crypto/self-made-certificate';

export interface HttpsProvider {
  readonly url: string;
  /** PEM of the authority that has signed its certificate. */
  readonly ca: string;
  /** Body of the answer to each path; anything else is 404. */
  readonly pages: Map<string, string>;
  readonly asked: string[];
  close(): void;
}

/** An OpenID provider on loopback, with a certificate of its own. */
export async function httpsProvider(names: readonly string[] = ['localhost']): Promise<HttpsProvider> {
  const validity = { now: Date.now(), notAfter: Date.now() + 3_600_000 };
  const authority: CertifiedKey = await makeAuthority('provider', validity);
  const pair = await makeServingPair(authority, names, validity);
  const pages = new Map<string, string>();
  const asked: string[] = [];
  const server: Server = createServer({ cert: pair.cert, key: pair.key }, (request, response) => {
    asked.push(request.url ?? '');
    const page = pages.get(request.url ?? '');
    if (page === 'never') return;
    if (page?.startsWith('https:') === true) response.writeHead(302, { location: page }).end();
    else response.writeHead(page === undefined ? 404 : 200).end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    ca: authority.cert.toString(),
    pages,
    asked,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
