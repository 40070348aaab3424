import { execFileSync, spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { basic } from './agent';
import type { Answer } from './upstreams';

/** A server of repositories, as git itself brings one: https://git-scm.com/docs/git-http-backend. It wants Basic credentials. */
export function gitUpstream(root: string, user: string, password: string): Answer {
  const wanted = basic(user, password);
  return (request, response) => {
    if (request.headers.authorization !== wanted) {
      request.resume();
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('who are you?');
      return;
    }
    const child = spawn('git', ['http-backend'], { env: { ...cgiEnvironment(request), PATH: process.env.PATH, GIT_PROJECT_ROOT: root, GIT_HTTP_EXPORT_ALL: '1' } });
    request.pipe(child.stdin).on('error', () => undefined);
    answerFrom(child.stdout, response);
  };
}

/** A bare repository that takes pushes. */
export function bareRepository(folder: string): void {
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', folder]);
  execFileSync('git', ['-C', folder, 'config', 'http.receivepack', 'true']);
}

/** https://www.rfc-editor.org/rfc/rfc3875#section-4.1 */
function cgiEnvironment({ url = '/', method = 'GET', headers }: IncomingMessage): Record<string, string> {
  const [path, query = ''] = url.split('?');
  return {
    PATH_INFO: path,
    QUERY_STRING: query,
    REQUEST_METHOD: method,
    REMOTE_USER: 'agent',
    CONTENT_TYPE: headers['content-type'] ?? '',
    GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
    ...(headers['content-length'] === undefined ? {} : { CONTENT_LENGTH: headers['content-length'] }),
    ...(headers['content-encoding'] === undefined ? {} : { HTTP_CONTENT_ENCODING: headers['content-encoding'] }),
  };
}

function answerFrom(output: NodeJS.ReadableStream, response: ServerResponse): void {
  let start = Buffer.alloc(0);
  output.on('data', (chunk: Buffer) => {
    if (response.headersSent) return void response.write(chunk);
    start = Buffer.concat([start, chunk]);
    const end = start.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const fields = start.subarray(0, end).toString().split('\r\n').map((line) => line.split(/: (.*)/s) as [string, string]);
    const status = fields.find(([name]) => name === 'Status')?.[1] ?? '200';
    response.writeHead(parseInt(status, 10), Object.fromEntries(fields.filter(([name]) => name !== 'Status')));
    return void response.write(start.subarray(end + 4));
  }).on('end', () => response.end());
}
