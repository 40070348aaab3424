import { once } from 'node:events';
import { ClientRequest, createServer, IncomingMessage, request, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as fc from 'fast-check';
import type { ControllerAnswer, ControllerRequest } from '../../../../sidecar/src/gateway/controller-client';
import type { Entrance } from '../../../../sidecar/src/gateway/deps';
import { OpenRequests, RequestLimits } from '../../../../sidecar/src/gateway/limits/open-requests';
import { refuse } from '../../../../sidecar/src/server/http/sessions-errors';
import { SESSION_HEADER } from '../../../../src/protocol/sessions-api';
import { eventually } from '../../../helpers/temp-folder';
import { BASE, closeWorlds, gateway, ID, World } from '../world';

const workers: Server[] = [];

afterEach(async () => {
  await closeWorlds();
  for (const worker of workers.splice(0)) {
    worker.close();
    worker.closeAllConnections();
  }
});

/** A gateway with real limits. Who asks is what the header says. */
async function limited(limits: Partial<RequestLimits>, controls?: (asked: ControllerRequest) => Promise<ControllerAnswer>) {
  const requests = new OpenRequests({ requestsPerSecond: 10_000, concurrentPerClient: 2, concurrent: 3, ...limits }, Date.now);
  const entrance: Entrance = {
    authenticate: ({ headers }) => {
      const owner = headers['x-test-owner'];
      if (typeof owner !== 'string') throw refuse('UNAUTHORIZED', 'nobody');
      return { owner, admin: false, key: owner };
    },
    enter: (principal) => requests.enter(principal),
  };
  return { requests, world: await gateway({ entrance, controls }) };
}

/** A worker that begins an answer and ends it when it is told. */
async function slowWorker(): Promise<{ port: number; end: () => void }> {
  let end: () => void = () => undefined;
  const worker = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: a\n\n');
    end = () => response.end();
  });
  workers.push(worker);
  await new Promise<void>((resolve) => worker.listen(0, '127.0.0.1', resolve));
  return { port: (worker.address() as AddressInfo).port, end: () => end() };
}

function send({ port }: World, path: string, { method = 'GET', body, owner = 'alice' }: { method?: string; body?: string; owner?: string } = {}): ClientRequest {
  const headers = { 'x-test-owner': owner, [SESSION_HEADER]: ID, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  return request({ host: '127.0.0.1', port, path, method, headers, agent: false }).on('error', () => undefined).end(body);
}

async function answerOf(sent: ClientRequest): Promise<{ status: number; text: string; retryAfter?: string }> {
  const [answer] = await once(sent, 'response') as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return { status: answer.statusCode!, text: Buffer.concat(chunks).toString(), retryAfter: answer.headers['retry-after'] };
}

test('a stream has its slot for as long as it lasts', async () => {
  const { requests, world } = await limited({});
  const worker = await slowWorker();
  await world.session(worker.port);
  const [answer] = await once(send(world, `${BASE}/x`), 'response') as [IncomingMessage];
  await once(answer, 'data');
  expect(requests.size).toBe(1);
  worker.end();
  answer.resume();
  await once(answer, 'end');
  await eventually(() => requests.size === 0);
});

test('a stream whose client goes away gives its slot back', async () => {
  const { requests, world } = await limited({});
  await world.session((await slowWorker()).port);
  const sent = send(world, `${BASE}/x`);
  await once(sent, 'response');
  expect(requests.size).toBe(1);
  sent.destroy();
  await eventually(() => requests.size === 0);
});

test('a client at its limit is told so before anything is done for it, and another is served', async () => {
  const { requests, world } = await limited({}, async () => ({ status: 200, body: { sessions: [] } }));
  await world.session((await slowWorker()).port);
  const open = [1, 2].map(() => send(world, `${BASE}/x`));
  await Promise.all(open.map((one) => once(one, 'response')));
  expect(requests.size).toBe(2);
  const refused = await answerOf(send(world, '/v1/code-interpreter', { method: 'POST', body: '{}' }));
  expect([refused.status, JSON.parse(refused.text).code, refused.retryAfter]).toEqual([429, 'TOO_MANY_REQUESTS', '1']);
  expect(world.asked).toEqual([]);
  expect((await answerOf(send(world, '/v1/sessions', { owner: 'bob' }))).status).toBe(200);
  open.forEach((one) => one.destroy());
  await eventually(() => requests.size === 0);
});

test('who is not known takes no slot', async () => {
  const { requests, world } = await limited({});
  const { status } = await answerOf(request({ host: '127.0.0.1', port: world.port, path: '/v1/sessions', agent: false }).end());
  expect([status, requests.size]).toEqual([401, 0]);
});

test('however requests end, every slot comes back once', async () => {
  const ways = ['answer', 'refusal', 'defect', 'bad-body', 'no-route', 'gone'] as const;
  const never = new Promise<ControllerAnswer>(() => undefined);
  const { requests, world } = await limited({ concurrentPerClient: 100, concurrent: 100 }, async ({ body }) => {
    const { way } = JSON.parse(body!) as { way: (typeof ways)[number] };
    if (way === 'refusal') throw refuse('POOL_EMPTY', 'no worker is free');
    if (way === 'defect') throw new Error('planted');
    return way === 'gone' ? never : { status: 200, body: {} };
  });
  await fc.assert(fc.asyncProperty(fc.array(fc.constantFrom(...ways), { maxLength: 12 }), async (all) => {
    await Promise.all(all.map(async (way) => {
      const body = way === 'bad-body' ? '{' : JSON.stringify({ way });
      const sent = send(world, way === 'no-route' ? '/v1/nowhere' : '/v1/code-interpreter', { method: 'POST', body });
      if (way !== 'gone') return answerOf(sent);
      await once(sent, 'finish');
      sent.destroy();
      return undefined;
    }));
    await eventually(() => requests.size === 0);
  }), { numRuns: 20 });
  expect(requests.size).toBe(0);
});
