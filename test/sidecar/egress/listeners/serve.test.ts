import { once } from 'node:events';
import { createServer, request as ask, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Router } from '../../../../sidecar/src/egress/listeners/route';
import { serve, type ServeDeps } from '../../../../sidecar/src/egress/listeners/serve';
import { refuse } from '../../../../sidecar/src/egress/refusals/refuse';
import type { ReportedEnd } from '../../../../sidecar/src/egress/reports/connection-report';
import type { Call } from '../../../../sidecar/src/egress/requests/call';

const VERDICT = { allowed: true, until: 5_000 };
const ROUTER: Router = {
  mode: 'plain',
  route: () => ({ target: { host: 'api.example.com', port: 80, kind: 'name', path: '/' }, token: 't', secure: false }),
};

interface World {
  readonly deps: ServeDeps;
  readonly ends: ReportedEnd[];
  readonly questions: unknown[];
  readonly errors: object[];
  readonly timers: Set<() => void>;
  places: number;
}

function world(over: Partial<ServeDeps> = {}): World {
  const timers = new Set<() => void>();
  const made: World = { ends: [], questions: [], errors: [], timers, places: 0, deps: undefined as never };
  const reports = () => ({
    id: 'id', target: () => undefined, mode: () => undefined, verdict: () => undefined, end: (end: ReportedEnd) => void made.ends.push(end),
  });
  const deps: ServeDeps = {
    gate: {
      admit: async (question, heard) => {
        made.questions.push(question);
        heard(VERDICT);
        return { question, verdict: VERDICT, dial: async () => { throw new Error('nobody dials'); } };
      },
    },
    caps: { enter: () => { made.places += 1; return { leave: () => { made.places -= 1; } }; } } as never,
    forward: async ({ response }: Call) => {
      response.end('answered');
      await once(response, 'finish');
      return { status: 200, sent: 1, received: 2, cutOff: false, auditId: 'a' };
    },
    reports,
    verdicts: { revalidate: async () => ({ outcome: 'refused' }) },
    clock: () => 0,
    after: (_ms, run) => {
      timers.add(run);
      return () => void timers.delete(run);
    },
    log: { error: (fields: object) => void made.errors.push(fields) } as never,
    ...over,
  };
  return Object.assign(made, { deps });
}

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((closed) => server!.close(closed));
});

async function asked({ deps }: World, { body, router = ROUTER }: { readonly body?: string; readonly router?: Router } = {}) {
  const connection = { clientAddress: '10.0.0.9', router, upstreams: { take: () => ({}) } as never };
  server = createServer((request, response) => void serve(deps, connection, request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = ask({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', method: body === undefined ? 'GET' : 'POST' }).end(body);
  // Who still sends when the test has its answer is cut off with the server.
  client.on('error', () => undefined);
  const [response] = await once(client, 'response') as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

test('a request that may go is sent on, and what it held is free again', async () => {
  const one = world();
  expect(await asked(one)).toMatchObject({ status: 200, body: 'answered' });
  expect(one.questions).toEqual([{ token: 't', clientAddress: '10.0.0.9', host: 'api.example.com', port: 80 }]);
  expect(one.ends).toEqual([{ outcome: 'ANSWERED', status: 200, sent: 1, received: 2, auditId: 'a' }]);
  expect([one.places, one.timers.size]).toEqual([0, 0]);
});

test.each([
  ['of a policy', { gate: { admit: async () => { throw refuse('HOST_NOT_ALLOWED', 'no'); } } }, 403, 'HOST_NOT_ALLOWED'],
  ['of the limits', { caps: { enter: () => { throw refuse('TOO_MANY_REQUESTS', 'no', { retryAfterSeconds: 3 }); } } as never }, 429, 'TOO_MANY_REQUESTS'],
  ['of the upstream', { forward: async () => { throw refuse('UPSTREAM_TIMEOUT', 'no'); } }, 504, 'UPSTREAM_TIMEOUT'],
  ['that nobody thought of', { forward: async () => { throw new Error('secret'); } }, 500, 'INTERNAL'],
])('a refusal %s is answered with its code, in the body and in a header', async (_case, over, status, code) => {
  const one = world(over);
  const answer = await asked(one);
  expect(answer).toMatchObject({ status, headers: { 'x-agent-platform-code': code } });
  expect(JSON.parse(answer.body)).toEqual({ code, message: expect.any(String) });
  expect(answer.body).not.toContain('secret');
  expect(one.ends).toEqual([{ outcome: code, status }]);
  expect(one.errors).toHaveLength(code === 'INTERNAL' ? 1 : 0);
  expect([one.places, one.timers.size]).toEqual([0, 0]);
});

test('a run has its place before a name is looked up, and gives it back when that fails', async () => {
  let during = 0;
  const one = world({
    gate: {
      admit: async (_question, heard) => {
        heard(VERDICT);
        during = one.places;
        throw refuse('NAME_UNRESOLVED', 'no');
      },
    },
  });
  expect(await asked(one)).toMatchObject({ status: 502 });
  expect([during, one.places]).toEqual([1, 0]);
});

test('what no policy allows takes no place', async () => {
  const enter = jest.fn();
  const one = world({
    caps: { enter },
    gate: {
      admit: async (_question, heard) => {
        heard({ allowed: false, until: 0 });
        throw refuse('HOST_NOT_ALLOWED', 'no');
      },
    },
  });
  expect(await asked(one)).toMatchObject({ status: 403 });
  expect(enter).not.toHaveBeenCalled();
});

test('a request without a route is refused before anybody is asked', async () => {
  const one = world();
  const router: Router = { mode: 'plain', route: () => { throw refuse('BAD_TARGET', 'no'); } };
  expect(await asked(one, { router })).toMatchObject({ status: 400 });
  expect(one.questions).toEqual([]);
  expect(one.ends).toEqual([{ outcome: 'BAD_TARGET', status: 400 }]);
});

test('what the client still sends does not take its refusal away', async () => {
  const one = world({ forward: async () => { throw refuse('BEARER_MISPLACED', 'no'); } });
  expect(await asked(one, { body: 'x'.repeat(4_000_000) })).toMatchObject({ status: 403, headers: { 'x-agent-platform-code': 'BEARER_MISPLACED' } });
});

test('a request that is not allowed any more is cut off, and says why', async () => {
  const one = world({ forward: async ({ request }: Call) => { await once(request.socket, 'close'); throw new Error('gone'); } });
  const answer = asked(one).catch(({ code }: NodeJS.ErrnoException) => code);
  while (one.timers.size === 0) await new Promise(setImmediate);
  [...one.timers].forEach((run) => run());
  expect(await answer).toBe('ECONNRESET');
  expect(one.ends[0]).toEqual({ outcome: 'REVOKED' });
  expect(one.places).toBe(0);
});
