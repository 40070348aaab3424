import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** Repositories of a folder over HTTP, as a code host has them: `git http-backend` behind a check of the credential. */
export interface GitServer {
  readonly origin: string;
  /** Of the requests so far, with the value of the Authorization header where there is one. */
  readonly seen: { readonly path: string; readonly authorization?: string }[];
  close(): void;
}

/** What repositories below `/private` ask for, of the user `robot`. */
export const PASSWORD = 'pdk-surrogate-0123456789';

export async function gitServer(root: string): Promise<GitServer> {
  const seen: GitServer['seen'] = [];
  const server = createServer((request, response) => {
    const { authorization, host } = request.headers;
    const { pathname } = new URL(request.url!, `http://${host}`);
    seen.push({ path: pathname, ...(authorization === undefined ? {} : { authorization }) });
    // Never answers what comes after the first request, as a host that hangs in the middle of a clone.
    if (pathname.startsWith('/slow') && request.method === 'POST') return;
    if (pathname.startsWith('/moved')) {
      const target = new URL(request.url!.slice('/moved/'.length), 'http://unused');
      response.writeHead(302, { location: `http://localhost:${(server.address() as AddressInfo).port}${target.pathname}${target.search}` }).end();
      return;
    }
    if (pathname.startsWith('/private') && authorization !== `Basic ${Buffer.from(`robot:${PASSWORD}`).toString('base64')}`) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
      return;
    }
    backend(root, request, response);
  });
  await listening(server);
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, close: () => { server.close(); server.closeAllConnections(); } };
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, resolve));
}

function backend(root: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url!, 'http://unused');
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: decodeURIComponent(pathname),
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'],
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
      HTTP_GIT_PROTOCOL: request.headers['git-protocol'] as string,
    },
  });
  // Who has ended takes nothing more.
  request.pipe(child.stdin).on('error', () => undefined);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.on('close', () => {
    const answer = Buffer.concat(chunks);
    const end = answer.indexOf('\r\n\r\n');
    const headers = answer.subarray(0, end).toString().split('\r\n').map((line) => line.split(/: /, 2));
    const status = headers.find(([name]) => name === 'Status')?.[1];
    for (const [name, value] of headers) if (name !== 'Status') response.setHeader(name, value);
    response.writeHead(status === undefined ? 200 : Number.parseInt(status, 10)).end(answer.subarray(end + 4));
  });
}

/** A bare repository with three commits on `main` and one more on `other`; `name` may be a path. */
export function bareRepository(root: string, name: string): void {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  const git = (args: readonly string[], input?: string): string => {
    const { status, stdout, stderr } = spawnSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], { cwd: folder, encoding: 'utf8', input });
    if (status !== 0) throw new Error(stderr);
    return stdout.trim();
  };
  git(['init', '--quiet', '--bare', '--initial-branch=main']);
  const blob = git(['hash-object', '-w', '--stdin'], name);
  const tree = git(['mktree'], `100644 blob ${blob}\tREADME\n`);
  const commits = ['one', 'two', 'three', 'four'].reduce<string[]>((before, message) => [
    ...before, git(['commit-tree', tree, '-m', message, ...before.slice(-1).flatMap((parent) => ['-p', parent])]),
  ], []);
  git(['update-ref', 'refs/heads/main', commits[2]]);
  git(['update-ref', 'refs/heads/other', commits[3]]);
}
