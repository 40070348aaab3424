import { KeyObject } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { jwtVerify, JWTPayload } from 'jose';
import { selfSigned } from '../../server/certificate';

/** A request for a token, as a stand-in of GitHub has seen it. */
export interface SeenRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: { readonly repositories?: readonly string[]; readonly permissions?: Readonly<Record<string, string>> };
  /** What the App showed of itself, its signature verified. */
  readonly app: JWTPayload;
}

export type Answer = (response: ServerResponse, request: SeenRequest) => void;

/**
 * The part of GitHub's REST API that mints tokens, over TLS. Like GitHub it answers with what was asked for, unless a test says
 * otherwise. https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
 */
export async function startGitHub(appKey: KeyObject, clock: () => number, owner = 'acme') {
  const { cert, key } = selfSigned('api.github.test');
  const requests: SeenRequest[] = [];
  const world = { answer: undefined as Answer | undefined, appKey };
  const server = createServer({ cert, key }, (request, response) => void receive(request, response).catch(() => reply(response, 401, { message: 'planted-body' })));

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
    const { payload } = await jwtVerify(token, world.appKey, { algorithms: ['RS256'], currentDate: new Date(clock()), requiredClaims: ['iss', 'iat', 'exp'] });
    const seen = { method: request.method, path: request.url, headers: request.headers, body: JSON.parse(text), app: payload };
    requests.push(seen);
    (world.answer ?? grant)(response, seen);
  }

  function grant(response: ServerResponse, { body: { repositories, permissions } }: SeenRequest): void {
    reply(response, 201, tokenFields(`ghs_planted${requests.length}`, clock() + 3600_000, permissions, repositories?.map((name) => `${owner}/${name}`)));
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: cert,
    requests,
    world,
    close: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(resolve);
    }),
  };
}

/** The body of an answer that grants a token. */
export function tokenFields(token: string, expiresAt: number, permissions: unknown, repositories?: readonly string[]): object {
  return {
    token,
    expires_at: new Date(expiresAt).toISOString().replace(/\.\d+/, ''),
    permissions,
    ...(repositories === undefined ? {} : { repositories: repositories.map((name) => ({ id: 1, full_name: name })) }),
  };
}

export function reply(response: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
