import { head } from '../world/agent';
import { HOSTS } from '../world/catalog';
import { egressWorld } from '../world/world';

const world = egressWorld({ INSPECT: 'always' });
const LONG = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(40)}.down.wild.example.test`;

async function ask(host: string, fields: readonly string[] = [], path = '/') {
  return world.one.ask(host, head(`GET ${path} HTTP/1.1`, `Host: ${host}`, ...fields));
}

test('where everything is inspected, a host without credentials is reached as before, with the headers as they are', async () => {
  expect(await ask(HOSTS.files, ['Authorization: Bearer of-the-agent', 'Cookie: a=1', 'X-Mine: 1', 'Accept-Encoding: gzip'], '/a?b=c')).toMatchObject({ status: 200, body: 'hello from the upstream' });
  expect(world.upstreams.text).toMatch(/^GET \/a\?b=c HTTP\/1\.1\r\n/);
  for (const field of ['Authorization: Bearer of-the-agent', 'Cookie: a=1', 'X-Mine: 1', 'Accept-Encoding: gzip']) expect(world.upstreams.text).toContain(field);
});

test('the certificate is ours, also for a name that is longer than a common name may be', async () => {
  await world.upstreams.certify(world.authority, LONG.slice(LONG.indexOf('c')), LONG);
  expect((await ask(LONG)).status).toBe(200);
  await world.upstreams.certify(world.authority);
});

describe('refused is', () => {
  test.each([
    ['a header', () => [`X-Token: ${world.one.bearers.api}`]], ['Authorization', () => [`Authorization: Bearer ${world.one.bearers.api}`]], ['a cookie', () => [`Cookie: a=${world.one.token}`]],
  ])('a bearer of ours in %s, to a host without credentials', async (_, fields) => {
    world.expectRefusal(await ask(HOSTS.files, fields()), 'BEARER_MISPLACED');
    expect(world.upstreams.text).toBe('');
  });

  test('a bearer of ours in the path', async () => {
    world.expectRefusal(await ask(HOSTS.files, [], `/${world.one.bearers.api}`), 'BEARER_MISPLACED');
    expect(world.upstreams.text).toBe('');
  });

  test('another Host than that of the tunnel', async () => {
    const answer = await world.one.ask(HOSTS.files, head('GET / HTTP/1.1', `Host: ${HOSTS.foreign}`));
    world.expectRefusal(answer, 'HOST_MISMATCH');
    expect(world.upstreams.text).toBe('');
  });
});
