import { head } from '../world/agent';
import { CREDENTIALS, HOSTS } from '../world/catalog';
import { egressWorld } from '../world/world';

const world = egressWorld();
const bearer = () => `Authorization: Bearer ${world.one.bearers.api}`;

/** One request in a tunnel to `api`. */
async function inTunnel(line: string, ...fields: string[]) {
  const wire = await world.one.tunnel(HOSTS.api);
  return wire.send(head(line, ...fields)).answer();
}

describe('inside a tunnel to one host, refused is', () => {
  test.each([HOSTS.hub, HOSTS.foreign, `x.${HOSTS.api}`, `${HOSTS.api}:8443`, `${HOSTS.api}:80`, '127.0.0.1', '[::1]', `${HOSTS.api}.foreign.example.test`])('the Host %s', async (host) => {
    world.expectRefusal(await inTunnel('GET / HTTP/1.1', `Host: ${host}`, bearer()), 'HOST_MISMATCH');
    expect(world.upstreams.text).toBe('');
  });

  test.each(['', ' ', `${HOSTS.api},${HOSTS.hub}`, `${HOSTS.api}/path`, `user@${HOSTS.api}`, `${HOSTS.api}:`, `${HOSTS.api}:x`, `${HOSTS.api} x`, 'b\xfccher.test'])('the Host %j', async (host) => {
    world.expectRefusal(await inTunnel('GET / HTTP/1.1', `Host: ${host}`, bearer()), 'BAD_TARGET');
    expect(world.upstreams.text).toBe('');
  });

  test('a Host with a port to which nobody connects', async () => {
    world.expectRefusal(await inTunnel('GET / HTTP/1.1', `Host: ${HOSTS.api}:25`, bearer()), 'PORT_REFUSED');
  });

  test.each(['no Host', 'two Hosts', 'the same Host twice'])('%s', async (what) => {
    const hosts = { 'no Host': [], 'two Hosts': [HOSTS.api, HOSTS.foreign], 'the same Host twice': [HOSTS.api, HOSTS.api] }[what]!;
    world.expectRefusal(await inTunnel('GET / HTTP/1.1', ...hosts.map((host) => `Host: ${host}`), bearer()), 'BAD_REQUEST');
    expect(world.upstreams.text).toBe('');
  });

  test.each([`http://${HOSTS.foreign}/`, `https://${HOSTS.foreign}/`, `http://${HOSTS.api}/`, `https://${HOSTS.api}/`])('the target %s', async (target) => {
    world.expectRefusal(await inTunnel(`GET ${target} HTTP/1.1`, `Host: ${HOSTS.api}`, bearer()), 'BAD_TARGET');
    expect(world.upstreams.text).toBe('');
  });

  test('CONNECT', async () => {
    const wire = await world.one.tunnel(HOSTS.api);
    wire.send(head(`CONNECT ${HOSTS.foreign}:443 HTTP/1.1`, `Host: ${HOSTS.foreign}:443`, world.one.proxyAuthorization));
    await wire.until(() => wire.isClosed || wire.received !== '');
    expect(wire.received).not.toContain(' 200 ');
    expect(world.upstreams.dialled).toEqual([]);
  });

  test('the second of two requests that come at once, for another host', async () => {
    const wire = await world.one.tunnel(HOSTS.api);
    wire.send(head('GET /first HTTP/1.1', `Host: ${HOSTS.api}`, bearer()) + head('GET /second HTTP/1.1', `Host: ${HOSTS.hub}`, `Authorization: token ${world.one.bearers.hub}`));
    expect((await wire.answer()).status).toBe(200);
    world.expectRefusal(await wire.answer(), 'HOST_MISMATCH');
    expect(world.upstreams.text).not.toContain('second');
    expect(world.upstreams.dialled).toHaveLength(1);
  });

  test('a Host that says one name and a target that says another, to the base-URL listener: the target counts', async () => {
    const wire = await world.one.dial('baseUrl');
    wire.send(head(`GET /${HOSTS.api}/x HTTP/1.1`, `Host: ${HOSTS.hub}`, 'X-Forwarded-Host: hub.example.test', bearer()));
    expect((await wire.answer()).status).toBe(200);
    expect(world.upstreams.seen.map(({ serverName }) => serverName)).toEqual([HOSTS.api]);
    expect(world.upstreams.text).not.toContain(HOSTS.hub);
  });
});

test.each([HOSTS.api.toUpperCase(), `${HOSTS.api}.`, `${HOSTS.api}:443`])('the Host %s is that of the tunnel, and goes on in its one spelling', async (host) => {
  expect((await inTunnel('GET / HTTP/1.1', `Host: ${host}`, bearer())).status).toBe(200);
  expect(world.upstreams.text.toLowerCase()).toContain(`host: ${HOSTS.api}\r\n`);
});

describe('a grant of one method and path', () => {
  const ask = (line: string, ...fields: string[]) => world.one.ask(HOSTS.narrow, head(line, `Host: ${HOSTS.narrow}`, ...fields), line.split(' ')[0]);
  const shown = () => `Authorization: Bearer ${world.one.bearers.narrow}`;

  test('lets them through, with the credential', async () => {
    expect((await ask('GET /open/door?x=/../closed HTTP/1.1', shown())).status).toBe(200);
    expect(world.upstreams.text.toLowerCase()).toContain(CREDENTIALS.narrow);
  });

  test.each([
    'POST /open/door', 'DELETE /open/door', 'GET /closed', 'GET /', 'GET /open', 'GET /open/../closed', 'GET /open/%2e%2e/closed', 'GET /open/..%2fclosed', 'GET /open/%252e%252e/closed', 'GET //open/x',
    'GET /open/./x', 'GET /open/..;/closed', 'GET /open\\..\\closed', 'GET /OPEN/x', 'HEAD /open/door', 'PURGE /open/x',
  ])('keeps out %s, with the surrogate and without', async (line) => {
    for (const fields of [[shown()], []]) {
      const { status } = await ask(`${line} HTTP/1.1`, 'Content-Length: 0', ...fields);
      expect([400, 403]).toContain(status);
    }
    expect(world.upstreams.text).toBe('');
  });

  test('cannot be passed by plain http', async () => {
    const wire = await world.one.dial();
    const answer = await wire.send(head(`POST http://${HOSTS.narrow}/closed HTTP/1.1`, `Host: ${HOSTS.narrow}`, world.one.proxyAuthorization, 'Content-Length: 0')).answer();
    world.expectRefusal(answer, 'CREDENTIAL_REFUSED');
    expect(world.upstreams.text).toBe('');
  });

  test('cannot be passed by a header that stands for the method', async () => {
    expect((await ask('GET /open/door HTTP/1.1', shown(), 'X-HTTP-Method-Override: DELETE', 'X-Original-URL: /closed', 'X-Rewrite-URL: /closed')).status).toBe(200);
    expect(world.upstreams.text.toLowerCase()).not.toMatch(/override|original-url|rewrite-url/);
  });
});
