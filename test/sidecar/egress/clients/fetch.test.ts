import { EnvHttpProxyAgent, fetch, ProxyAgent } from 'undici';
import { tempFolder } from '../../../helpers/temp-folder';
import { CREDENTIALS, HOSTS } from '../world/catalog';
import { agentEnvironment, run } from '../world/programs';
import { egressWorld } from '../world/world';

const world = egressWorld();
const folder = tempFolder();

function proxied(): ProxyAgent {
  const agent = new ProxyAgent({ uri: world.one.proxyUrl, requestTls: { ca: world.place.bundle }, connect: { localAddress: '127.0.0.1' } });
  world.clients.push(agent);
  return agent;
}

/** Without `proxyTunnel: false` it would ask for a tunnel for plain http too. */
function bySetting(): EnvHttpProxyAgent {
  const agent = new EnvHttpProxyAgent({ proxyTunnel: false, httpProxy: world.one.proxyUrl, httpsProxy: world.one.proxyUrl, noProxy: 'localhost', requestTls: { ca: world.place.bundle } });
  world.clients.push(agent);
  return agent;
}

const authorization = () => ({ authorization: `Bearer ${world.one.bearers.api}` });

test.each([['ProxyAgent', proxied], ['EnvHttpProxyAgent', bySetting]])('fetch by %s is substituted', async (_, agent) => {
  const answer = await fetch(`https://${HOSTS.api}/v1`, { dispatcher: agent(), headers: authorization() });
  expect([answer.status, await answer.text()]).toEqual([200, 'hello from the upstream']);
  expect(world.upstreams.text.toLowerCase()).toContain(`authorization: bearer ${CREDENTIALS.api}`);
});

test('fetch of plain http goes through too', async () => {
  const answer = await fetch(`http://${HOSTS.files}/plain`, { dispatcher: bySetting() });
  expect([answer.status, await answer.text()]).toEqual([200, 'hello from the upstream']);
});

test('twenty requests at once each get their own answer', async () => {
  world.upstreams.answer = (request, response) => void request.resume().on('end', () => setTimeout(() => response.end(request.url), 5));
  const dispatcher = proxied();
  const paths = Array.from({ length: 20 }, (_, at) => `/item/${at}`);
  const texts = await Promise.all(paths.map(async (path) => (await fetch(`https://${HOSTS.api}${path}`, { dispatcher, headers: authorization() })).text()));
  expect(texts).toEqual(paths);
});

test('a JSON body arrives as it was sent', async () => {
  const bodies: string[] = [];
  world.upstreams.answer = (request, response) => {
    request.on('data', (chunk) => bodies.push(String(chunk))).on('end', () => response.writeHead(201, { 'content-type': 'application/json' }).end('{"ok":true}'));
  };
  const body = JSON.stringify({ question: 'pdk is not a bearer, nor is pdk-', tail: 'pdk' });
  const answer = await fetch(`https://${HOSTS.api}/v1`, { dispatcher: proxied(), method: 'POST', headers: { ...authorization(), 'content-type': 'application/json' }, body });
  expect([answer.status, await answer.json(), bodies.join('')]).toEqual([201, { ok: true }, body]);
  // The harmless beginning is no surrogate; what the world searches for would take it for one.
  world.upstreams.reset();
});

test('a redirect is handed to the client, who asks anew', async () => {
  world.upstreams.answer = (request, response) => {
    request.resume();
    if (request.headers.host === HOSTS.api) response.writeHead(307, { location: `https://${HOSTS.files}/moved` }).end();
    else response.end('moved here');
  };
  const dispatcher = proxied();
  const answer = await fetch(`https://${HOSTS.api}/`, { dispatcher, headers: authorization() });
  expect(await answer.text()).toBe('moved here');
  expect(world.upstreams.seen.map(({ serverName }) => serverName)).toEqual([HOSTS.api, HOSTS.files]);
  expect(world.upstreams.seen[1].text.toLowerCase()).not.toContain('authorization');
});

test('pages that are joined by Link headers, as gh reads them', async () => {
  world.upstreams.answer = (request, response) => {
    request.resume();
    const page = Number(new URL(request.url!, 'https://x').searchParams.get('page') ?? 1);
    if (page < 3) response.setHeader('link', `<https://${HOSTS.hub}/items?per_page=1&page=${page + 1}>; rel="next"`);
    response.setHeader('x-ratelimit-remaining', 10 - page).setHeader('etag', `"${page}"`).end(JSON.stringify([page]));
  };
  const dispatcher = proxied();
  const items: unknown[] = [];
  for (let url: string | undefined = `https://${HOSTS.hub}/items?per_page=1`; url !== undefined;) {
    const answer: Awaited<ReturnType<typeof fetch>> = await fetch(url, { dispatcher, headers: { 'authorization': `token ${world.one.bearers.hub}`, 'x-github-api-version': '2022-11-28', 'accept': 'application/vnd.github+json' } });
    items.push(...await answer.json() as unknown[], answer.headers.get('x-ratelimit-remaining'));
    url = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1];
  }
  expect(items).toEqual([1, '9', 2, '8', 3, '7']);
  expect(world.upstreams.text.match(new RegExp(`authorization: token ${CREDENTIALS.hub}`, 'gi'))).toHaveLength(3);
  expect(world.upstreams.text).toMatch(/GET \/items\?per_page=1&page=3 HTTP/);
  expect(world.upstreams.text.toLowerCase()).toContain('x-github-api-version: 2022-11-28');
});

test('a program that is started by Node with the environment of an agent', async () => {
  const script = `
    const { EnvHttpProxyAgent, fetch } = require(${JSON.stringify(require.resolve('undici'))});
    fetch('https://${HOSTS.api}/', { dispatcher: new EnvHttpProxyAgent(), headers: { authorization: 'Bearer ${world.one.bearers.api}' } })
      .then(async (answer) => console.log(answer.status, await answer.text()));
  `;
  const ended = await run(process.execPath, ['-e', script], { env: agentEnvironment(world.one, folder) });
  expect(ended).toMatchObject({ code: 0, stdout: '200 hello from the upstream\n' });
});

describe('refused is', () => {
  test('a host that nobody granted', async () => {
    await expect(fetch(`https://${HOSTS.foreign}/`, { dispatcher: proxied() })).rejects.toThrow('fetch failed');
    expect(world.log.lines().at(-1)).toMatchObject({ outcome: 'HOST_NOT_ALLOWED', host: HOSTS.foreign, run: 'r1' });
    world.expectUntouched();
  });

  test('plain http to a host that nobody granted', async () => {
    const answer = await fetch(`http://${HOSTS.foreign}/`, { dispatcher: bySetting() });
    expect([answer.status, answer.headers.get('x-agent-platform-code'), await answer.json()]).toEqual([403, 'HOST_NOT_ALLOWED', expect.objectContaining({ code: 'HOST_NOT_ALLOWED' })]);
    world.expectUntouched();
  });

  test('plain http in a tunnel, where only TLS may be', async () => {
    await expect(fetch(`http://${HOSTS.files}/`, { dispatcher: proxied() })).rejects.toMatchObject({ cause: { message: 'other side closed' } });
    expect(world.upstreams.text).toBe('');
  });
});
