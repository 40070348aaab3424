import { CREDENTIAL, HOST, runName, RUNS, TOKEN } from './documents';
import type { LoadRequest } from './load';

/** A kind of request, and what the broker is to reach with it. Costs in units of the echo. */
export interface Work {
  readonly name: string;
  readonly requests: readonly LoadRequest[];
  readonly target: { readonly cost: number; readonly p50?: number };
}

export const ECHO: readonly LoadRequest[] = [{ method: 'POST', path: '/', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ host: HOST, port: 443 }) }];

/** What the broker is asked; substitution needs a bearer of each run. */
export async function brokerWorks(url: string, firstRun = 0): Promise<readonly Work[]> {
  const bearers = await issueAll(url, CREDENTIAL, firstRun);
  const all = (path: string, body: (index: number) => object): LoadRequest[] => Array.from({ length: RUNS }, (_, index) => (
    { method: 'POST', path, headers: headersOf(firstRun + index), body: JSON.stringify(body(index)) }));
  return [
    { name: 'validate-egress', requests: all('/v1/validate-egress', () => ({ host: HOST, port: 443 })), target: { cost: 3, p50: 1 } },
    {
      name: 'substitute-auth',
      requests: all('/v1/substitute-auth', (index) => ({ host: HOST, port: 443, incomingXApiKey: bearers[index] })),
      target: { cost: 6, p50: 2 },
    },
    { name: 'issue', requests: all('/v1/issue', () => ({ name: CREDENTIAL })), target: { cost: 7 } },
  ];
}

function headersOf(index: number): Record<string, string> {
  return { 'authorization': `Bearer ${TOKEN}`, 'x-paddock-run': runName(index), 'content-type': 'application/json' };
}

/** A bearer for each run; a few requests at a time. */
export async function issueAll(url: string, credential: string, firstRun = 0): Promise<string[]> {
  const bearers: string[] = [];
  const issueEvery = async (first: number, step: number): Promise<void> => {
    for (let index = first; index < RUNS; index += step) bearers[index] = await issued(url, credential, firstRun + index);
  };
  await Promise.all(Array.from({ length: 20 }, (_, first) => issueEvery(first, 20)));
  return bearers;
}

/** Asks for a credential of one run. */
export function issue(url: string, credential: string, run: number): Promise<Response> {
  return fetch(`${url}/v1/issue`, { method: 'POST', headers: headersOf(run), body: JSON.stringify({ name: credential }) });
}

async function issued(url: string, credential: string, run: number): Promise<string> {
  const answer = await issue(url, credential, run);
  if (answer.status !== 200) throw new Error(`the broker does not issue: ${answer.status} ${await answer.text()}`);
  return (await answer.json() as { value: string }).value;
}
