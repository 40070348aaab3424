import type { Places } from './servers';
import { SESSION_HEADER } from '../../src/protocol/sessions-api';
import type { LoadRequest } from '../broker/load';

/** A kind of request at so many connections, and the cost to reach in units of the echo. */
export interface Work {
  readonly name: string;
  readonly connections: number;
  readonly target: number;
  /** To the gateway, and the same to what only passes through. */
  readonly requests: readonly LoadRequest[];
  readonly bare: readonly LoadRequest[];
}

const BODY = Buffer.alloc(4 * 1024, 'a');

export function gatewayWorks({ apiKeys }: Places, sessionId: string): readonly Work[] {
  const path = '/v1/namespaces/bench/code-interpreters/stub/invocations/load';
  const headersOf = (key: string) => ({ authorization: `Bearer ${key}`, [SESSION_HEADER]: sessionId });
  const work = (name: string, connections: number, target: number, method: LoadRequest['method'], body: string | Buffer): Work => ({
    name,
    connections,
    target,
    requests: apiKeys.map((key) => ({ method, path, headers: headersOf(key), body })),
    bare: [{ method, path, headers: headersOf(apiKeys[0]), body }],
  });
  return [
    work('GET', 10, 2.5, 'GET', ''),
    work('GET', 50, 2.5, 'GET', ''),
    work('GET', 200, 3, 'GET', ''),
    work('POST 4 KiB', 50, 4, 'POST', BODY),
  ];
}
