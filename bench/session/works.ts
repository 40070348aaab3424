import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Daemon } from './servers';
import type { LoadRequest } from '../broker/load';

/** A kind of request, at so many connections, and the cost to reach in units of the echo. */
export interface Work {
  readonly name: string;
  readonly connections: number;
  readonly requests: readonly LoadRequest[];
  readonly target?: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** Uploads go to a file for each connection. */
const MOST_CONNECTIONS = 50;

export function sessionWorks({ authorization }: Daemon, workspace: string): readonly Work[] {
  writeFileSync(join(workspace, 'down-4k'), Buffer.alloc(4 * KIB, 'a'));
  writeFileSync(join(workspace, 'down-1m'), Buffer.alloc(MIB, 'a'));
  writeFileSync(join(workspace, 'down-5m'), Buffer.alloc(5 * MIB, 'a'));
  const request = (method: LoadRequest['method'], path: string, body: string | Buffer = ''): LoadRequest => ({ method, path, headers: { authorization }, body });
  const execute = request('POST', '/api/execute', JSON.stringify({ command: ['/bin/true'] }));
  const content = Buffer.alloc(4 * KIB, 'a').toString('base64');
  const uploads = (body: (path: string) => LoadRequest): LoadRequest[] => Array.from({ length: MOST_CONNECTIONS }, (_, at) => body(`up-${at}`));
  const megabyte = Buffer.alloc(MIB, 'a');
  return [
    { name: 'health', connections: 10, requests: [request('GET', '/health')] },
    { name: 'health', connections: 50, requests: [request('GET', '/health')] },
    { name: 'execute true', connections: 1, requests: [execute], target: 38 },
    { name: 'execute true', connections: 10, requests: [execute], target: 38 },
    { name: 'execute true', connections: 50, requests: [execute], target: 38 },
    { name: 'upload 4 KiB', connections: 10, requests: uploads((path) => request('POST', '/api/files', JSON.stringify({ path, content }))), target: 10 },
    { name: 'download 4 KiB', connections: 10, requests: [request('GET', '/api/files/down-4k')], target: 3 },
    { name: 'upload 1 MiB', connections: 10, requests: uploads((path) => request('PUT', `/api/files/${path}`, megabyte)) },
    { name: 'download 1 MiB', connections: 10, requests: [request('GET', '/api/files/down-1m')], target: 25 },
    { name: 'download 5 MiB', connections: 10, requests: [request('GET', '/api/files/down-5m')] },
  ];
}
