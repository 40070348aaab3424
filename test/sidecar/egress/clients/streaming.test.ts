import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { fetch, ProxyAgent } from 'undici';
import { eventually } from '../../../helpers/temp-folder';
import { CREDENTIALS, HOSTS } from '../world/catalog';
import { egressWorld } from '../world/world';

const world = egressWorld();
const EVENTS = ['message_start', 'content_block_delta', 'message_stop'];

/** How a client reaches a host: through the proxy, or by its base URL. */
const WAYS = {
  proxy: (host: string) => {
    const dispatcher = new ProxyAgent({ uri: world.one.proxyUrl, requestTls: { ca: world.place.bundle } });
    world.clients.push(dispatcher);
    return { url: `https://${host}`, dispatcher };
  },
  baseUrl: (host: string) => ({ url: world.one.baseUrl(host), dispatcher: undefined }),
};

/** As the SDKs of Anthropic and OpenAI send it. */
const SDKS = {
  anthropic: { host: HOSTS.anthropic, path: '/v1/messages', headers: () => ({ 'x-api-key': world.one.bearers.anthropic, 'anthropic-version': '2023-06-01' }), real: `x-api-key: ${CREDENTIALS.anthropic}` },
  openai: { host: HOSTS.api, path: '/v1/chat/completions', headers: () => ({ authorization: `Bearer ${world.one.bearers.api}` }), real: `authorization: bearer ${CREDENTIALS.api}` },
};

const CASES = Object.keys(WAYS).flatMap((way) => Object.keys(SDKS).map((sdk) => [sdk, way] as [keyof typeof SDKS, keyof typeof WAYS]));

test.each(CASES)('each event of %s comes as soon as it is sent, by %s', async (sdk, way) => {
  const { host, path, headers, real } = SDKS[sdk];
  let stream: ServerResponse | undefined;
  world.upstreams.answer = (request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' }).flushHeaders();
      stream = response;
    });
  };
  const { url, dispatcher } = WAYS[way](host);
  const answer = await fetch(`${url}${path}`, {
    dispatcher, method: 'POST', headers: { ...headers(), 'content-type': 'application/json', 'accept': 'text/event-stream' }, body: '{"stream":true}',
  });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  const reader = answer.body!.getReader();
  for (const event of EVENTS) {
    stream!.write(`event: ${event}\ndata: {}\n\n`);
    // Nothing more is sent before this one has come.
    const { value } = await reader.read();
    expect(Buffer.from(value as Uint8Array).toString()).toBe(`event: ${event}\ndata: {}\n\n`);
  }
  stream!.end();
  expect((await reader.read()).done).toBe(true);
  expect(world.upstreams.text.toLowerCase()).toContain(real);
  expect(world.upstreams.text).toContain(`POST ${path} HTTP/1.1`);
  expect(world.upstreams.text.toLowerCase()).toContain(`host: ${host}\r\n`);
});

test('a client that leaves in the middle of a stream ends it at the upstream', async () => {
  let closed = false;
  world.upstreams.answer = (request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    response.on('close', () => { closed = true; });
  };
  const leaving = new AbortController();
  const { url, dispatcher } = WAYS.proxy(HOSTS.api);
  const answer = await fetch(url, { dispatcher, headers: SDKS.openai.headers(), signal: leaving.signal });
  await answer.body!.getReader().read();
  leaving.abort();
  await eventually(() => closed);
  expect(closed).toBe(true);
});

test('a client that does not read holds the upstream back', async () => {
  const piece = Buffer.alloc(64 * 1024, 'x');
  let sent = 0;
  let isHeldBack = false;
  world.upstreams.answer = (request, response) => {
    request.resume();
    const fill = (): void => {
      while (sent < 512 && response.write(piece)) sent += 1;
      isHeldBack = sent < 512;
    };
    response.on('drain', fill);
    fill();
  };
  const wire = await world.one.tunnel(HOSTS.api);
  wire.socket.pause();
  wire.send(`GET / HTTP/1.1\r\nhost: ${HOSTS.api}\r\nauthorization: Bearer ${world.one.bearers.api}\r\n\r\n`);
  await eventually(() => isHeldBack);
  const before = sent;
  await new Promise((resolve) => setTimeout(resolve, 300));
  // Buffers of the kernel and of three hops; the whole would be 32 MiB.
  expect([sent - before < 128, sent < 400]).toEqual([true, true]);
});

describe('by base URL', () => {
  const ask = (host: string, headers: Record<string, string>) => fetch(`${world.one.baseUrl(host)}/v1`, { headers });
  const codeOf = async (answer: Awaited<ReturnType<typeof ask>>) => [answer.status, (await answer.json() as { code: string }).code];

  test('a key in the query is exchanged', async () => {
    const answer = await fetch(`${world.one.baseUrl(HOSTS.maps)}/tiles?key=${world.one.bearers.maps}&z=1`);
    expect([answer.status, await answer.text()]).toEqual([200, 'hello from the upstream']);
    expect(world.upstreams.text).toContain(`key=${CREDENTIALS.maps}`);
  });

  test('a request without surrogate is refused', async () => {
    expect(await codeOf(await ask(HOSTS.api, {}))).toEqual([401, 'BEARER_MISSING']);
    world.expectUntouched();
  });

  test('the run token is no surrogate for a host, and does not pass', async () => {
    const answer = await ask(HOSTS.api, { authorization: `Bearer ${world.one.token}` });
    expect([403, 401]).toContain(answer.status);
    await answer.body?.cancel();
    expect(world.upstreams.text).toBe('');
  });

  test('a host outside the lease of the surrogate is refused', async () => {
    expect(await codeOf(await ask(HOSTS.hub, { authorization: `token ${world.one.bearers.api}` }))).toEqual([403, 'CREDENTIAL_REFUSED']);
    expect(world.upstreams.text).toBe('');
  });

  test('a host without substitution does not get the surrogate', async () => {
    const answer = await ask(HOSTS.files, { authorization: `Bearer ${world.one.bearers.api}` });
    expect(await codeOf(answer)).toEqual([403, expect.stringMatching(/^(BEARER_MISPLACED|CREDENTIAL_REFUSED)$/)]);
    expect(world.upstreams.text).toBe('');
  });

  test('a surrogate that comes from the address of another pod is refused', async () => {
    const wire = await world.one.dial('baseUrl', '127.0.0.2');
    const answer = await wire.send(`GET /${HOSTS.api}/ HTTP/1.1\r\nhost: proxy\r\nauthorization: Bearer ${world.one.bearers.api}\r\n\r\n`).answer();
    world.expectRefusal(answer, 'TOKEN_REFUSED');
    world.expectUntouched();
  });

  test('a connection stays open between requests', async () => {
    const wire = await world.one.dial('baseUrl');
    for (let count = 0; count < 3; count += 1) {
      wire.send(`GET /${HOSTS.api}/${count} HTTP/1.1\r\nhost: proxy\r\nauthorization: Bearer ${world.one.bearers.api}\r\n\r\n`);
      expect(await wire.answer()).toMatchObject({ status: 200, body: 'hello from the upstream' });
    }
    expect(world.upstreams.dialled).toHaveLength(1);
    wire.socket.end();
    await once(wire.socket, 'close');
  });
});
