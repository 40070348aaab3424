import type { EgressCode } from '../../../../src/protocol/egress-api';
import { basic, head } from '../world/agent';
import { CREDENTIALS, HOSTS } from '../world/catalog';
import { headFor, openWay, Sent, sent, WAYS } from '../world/ways';
import { egressWorld } from '../world/world';

const world = egressWorld();
const stolen = () => world.one.bearers.hub;

/** Places in which no bearer may travel, whatever the host. */
const PLACES: [string, () => Sent][] = [
  ['another header', () => ({ fields: [`X-Token: ${stolen()}`] })],
  ['a cookie', () => ({ fields: [`Cookie: a=b; token=${stolen()}`] })],
  ['User-Agent, which always passes', () => ({ fields: [`User-Agent: curl ${stolen()}`] })],
  ['Accept, behind other things', () => ({ fields: [`Accept: text/plain; x=${stolen()}`] })],
  ['Referer', () => ({ fields: [`Referer: https://x.test/?t=${stolen()}`] })],
  ['the name of a header', () => ({ fields: [`${stolen().slice(0, 60).toLowerCase()}: 1`] })],
  ['the path', () => ({ path: `/log/${stolen()}` })],
  ['the path, escaped', () => ({ path: `/log/%70dk-${stolen().slice(4)}` })],
  ['the path, escaped twice', () => ({ path: `/log/%2570dk-${stolen().slice(4)}` })],
  ['the query', () => ({ path: `/?log=${stolen()}` })],
  ['the query, escaped', () => ({ path: `/?log=pdk%2d${stolen().slice(4)}` })],
  ['the name of a parameter', () => ({ path: `/?${stolen()}=1` })],
  ['a second Authorization', () => ({ fields: [`Authorization: Bearer ${world.one.bearers.api}`, `Authorization: token ${stolen()}`] })],
  ['the user of Basic', () => ({ fields: [`Authorization: ${basic(stolen(), 'x')}`] })],
  ['the run token in Authorization', () => ({ fields: [`Authorization: Bearer ${world.one.token}`] })],
  ['the run token in a header', () => ({ fields: [`X-Token: ${world.one.token}`] })],
  ['a header twice', () => ({ fields: ['X-Token: a', `X-Token: ${stolen()}`] })],
];

const REFUSALS: readonly EgressCode[] = ['BEARER_MISPLACED', 'CREDENTIAL_REFUSED', 'TOKEN_REFUSED'];

describe.each(WAYS)('a request that comes %s is refused with a bearer in', (way) => {
  test.each(PLACES)('%s', async (_, what) => {
    const answer = await (await sent(world, way, what())).answer();
    const { code } = JSON.parse(answer.body) as { code: EgressCode };
    expect(REFUSALS).toContain(code);
    world.expectRefusal(answer, code, 403);
    expect(world.upstreams.text).toBe('');
  });

  const inBody = (split: (token: string) => string[], fields: string[], wrap: (part: string) => string, end = '') => async () => {
    const wire = await openWay(world, way);
    wire.send(headFor(world, way, { method: 'POST', fields }));
    for (const part of split(`{"log":"${stolen()}"}`)) {
      wire.send(wrap(part));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    wire.send(end);
    world.expectRefusal(await wire.answer(), 'BEARER_MISPLACED');
    expect(world.upstreams.text).not.toMatch(/pd?k?-?$|pdk/);
  };
  const length = () => `Content-Length: ${stolen().length + 10}`;
  const chunk = (part: string) => `${part.length.toString(16)}\r\n${part}\r\n`;
  const CHUNKED = 'Transfer-Encoding: chunked';

  test('the body', () => inBody((text) => [text], [length()], (part) => part)());
  test('the body, byte by byte', () => inBody((text) => [...text.slice(0, 40), text.slice(40)], [length()], (part) => part)());
  test('the body, in one chunk', () => inBody((text) => [text], [CHUNKED], chunk, '0\r\n\r\n')());
  test('the body, cut by chunks', () => inBody((text) => [text.slice(0, 9), text.slice(9, 11), text.slice(11, 14), text.slice(14)], [CHUNKED], chunk, '0\r\n\r\n')());
  test('the body, a letter in each chunk', () => inBody((text) => [...text.slice(0, 60), text.slice(60)], [CHUNKED], chunk, '0\r\n\r\n')());

  test('the body, far behind its beginning', async () => {
    const before = 'x'.repeat(300_000);
    const wire = await sent(world, way, { method: 'POST', fields: [`Content-Length: ${before.length + stolen().length}`], body: before + stolen() });
    world.expectRefusal(await wire.answer(), 'BEARER_MISPLACED');
    expect(world.upstreams.text).not.toContain('pdk');
  });
});

describe('a surrogate is of use nowhere but where its grant says:', () => {
  const CASES: [string, string, () => string, () => string[]][] = [
    ['the bearer of another host', HOSTS.api, () => '/', () => [`Authorization: Bearer ${world.one.bearers.hub}`]],
    ['the bearer of another run', HOSTS.api, () => '/', () => [`Authorization: Bearer ${world.two.bearers.api}`]],
    ['a key of Anthropic at another host', HOSTS.api, () => '/', () => [`x-api-key: ${world.one.bearers.anthropic}`]],
    ['a bearer in the query in place of its header', HOSTS.api, () => `/?token=${world.one.bearers.api}`, () => []],
    ['a key in a header in place of the query', HOSTS.maps, () => '/', () => [`Authorization: Bearer ${world.one.bearers.maps}`]],
    ['a key in another parameter', HOSTS.maps, () => `/?k=${world.one.bearers.maps}`, () => []],
    ['a bearer with something behind it', HOSTS.api, () => '/', () => [`Authorization: Bearer ${world.one.bearers.api}x`]],
    ['two different bearers', HOSTS.api, () => '/', () => [`Authorization: Bearer ${world.one.bearers.api}`, `x-api-key: ${world.one.bearers.hub}`]],
    ['a bearer of no kind that there is', HOSTS.api, () => '/', () => [`Authorization: Bearer pdk-other-${world.one.bearers.api.slice('pdk-usersecret-'.length)}`]],
  ];

  test.each(CASES)('%s', async (_, host, path, fields) => {
    const answer = await world.one.ask(host, head(`GET ${path()} HTTP/1.1`, `Host: ${host}`, ...fields()));
    world.expectRefusal(answer, 'CREDENTIAL_REFUSED');
    expect(world.upstreams.text).toBe('');
  });

  test('credentials that the agent brings itself do not pass to a host of credentials', async () => {
    const answer = await world.one.ask(HOSTS.api, head('GET / HTTP/1.1', `Host: ${HOSTS.api}`, 'Authorization: Bearer of-the-agent', 'Cookie: session=of-the-agent', 'X-Api-Key: of-the-agent'));
    expect(answer.status).toBeLessThan(500);
    expect(world.upstreams.text).not.toContain('of-the-agent');
    expect(world.upstreams.text).not.toContain(CREDENTIALS.api);
  });
});

test.each(['http', 'plain port 443'])('a credential never goes out without TLS: %s', async (what) => {
  const authority = what === 'http' ? HOSTS.api : `${HOSTS.api}:8080`;
  const wire = await world.one.dial();
  wire.send(head(`GET http://${authority}/ HTTP/1.1`, `Host: ${authority}`, world.one.proxyAuthorization, `Authorization: Bearer ${world.one.bearers.api}`));
  world.expectRefusal(await wire.answer(), 'BEARER_MISPLACED');
  expect(world.upstreams.text).toBe('');
});
