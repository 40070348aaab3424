import { setTimeout as sleep } from 'node:timers/promises';
import { Places, POOL } from './servers';
import { CreateSessionResponse, SESSION_HEADER, SESSIONS_ROUTES } from '../../src/protocol/sessions-api';
import type { Server } from '../broker/servers';

/** Milliseconds of one session: until it was created, until the first byte of its first command, and of its second command alone. */
export interface ClaimTimes {
  readonly create: number;
  readonly firstByte: number;
  readonly next: number;
}

/** Time in which the pool is full again. */
const REFILL_MS = 700;

/** Sessions one after the other, each from a warm worker to its first command. */
export async function claimTimes(gateway: Server, { apiKeys }: Places, count: number): Promise<readonly ClaimTimes[]> {
  const times: ClaimTimes[] = [];
  for (let session = 0; session < count; session++) {
    await sleep(REFILL_MS);
    times.push(await claimOnce(gateway.url, { authorization: `Bearer ${apiKeys[0]}` }));
  }
  return times;
}

async function claimOnce(url: string, headers: Readonly<Record<string, string>>): Promise<ClaimTimes> {
  const start = performance.now();
  const { sessionId } = await (await ask(url + SESSIONS_ROUTES.create['code-interpreter'], headers, POOL_OF_SESSION)).json() as CreateSessionResponse;
  const create = performance.now() - start;
  const path = `${url}/v1/namespaces/${POOL.namespace}/code-interpreters/${POOL.name}/invocations/api/execute`;
  const execute = async (): Promise<void> => {
    const answer = await ask(path, { ...headers, [SESSION_HEADER]: sessionId }, { command: ['/bin/true'] });
    await answer.body!.getReader().read();
  };
  await execute();
  const firstByte = performance.now() - start;
  await execute();
  const next = performance.now() - start - firstByte;
  await fetch(`${url}${SESSIONS_ROUTES.session.replace(':sessionId', sessionId)}`, { method: 'DELETE', headers });
  return { create, firstByte, next };
}

const POOL_OF_SESSION = { name: POOL.name, namespace: POOL.namespace };

async function ask(url: string, headers: Readonly<Record<string, string>>, body: object): Promise<Response> {
  const answer = await fetch(url, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status} ${await answer.text()}`);
  return answer;
}
