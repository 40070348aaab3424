import { head } from '../world/agent';
import { CREDENTIALS, GIT_USER, HOSTS } from '../world/catalog';
import type { WireAnswer } from '../world/wire';
import { egressWorld } from '../world/world';

const world = egressWorld();
const SECRET = CREDENTIALS.api;
const request = (path = '/') => head(`GET ${path} HTTP/1.1`, `Host: ${HOSTS.api}`, `Authorization: Bearer ${world.one.bearers.api}`);

/** Sends these pieces as the answer, byte for byte. */
function answering(...pieces: (string | Buffer)[]): void {
  world.upstreams.raw = (socket) => void socket.once('data', async () => {
    for (const piece of pieces) {
      socket.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
}

async function ask(): Promise<WireAnswer> {
  return (await world.one.tunnel(HOSTS.api)).send(request()).answer();
}

describe('a credential that the upstream echoes does not reach the agent', () => {
  test.each<[string, (string | Buffer)[]]>([
    ['in a header', [`HTTP/1.1 200 OK\r\nX-Echo: ${SECRET}\r\nContent-Length: 0\r\n\r\n`]],
    ['in Location', [`HTTP/1.1 302 Found\r\nLocation: https://x.test/?t=${SECRET}\r\nContent-Length: 0\r\n\r\n`]],
    ['in the body', [`HTTP/1.1 200 OK\r\nContent-Length: ${SECRET.length}\r\n\r\n${SECRET}`]],
    ['in the body, with its scheme', [`HTTP/1.1 200 OK\r\nContent-Length: ${SECRET.length + 7}\r\n\r\nBearer ${SECRET}`]],
    ['in the body of a refusal', [`HTTP/1.1 401 No\r\nContent-Length: ${SECRET.length + 10}\r\n\r\nbad token ${SECRET}`]],
  ])('%s', async (_, pieces) => {
    answering(...pieces);
    const answer = await ask();
    world.expectRefusal(answer, 'CREDENTIAL_IN_ANSWER');
    expect(JSON.stringify(answer)).not.toContain(SECRET);
  });

  test.each([1, 5, SECRET.length - 1])('cut behind %d letters', async (at) => {
    answering(`HTTP/1.1 200 OK\r\nContent-Length: ${SECRET.length + 5}\r\n\r\nhello`, SECRET.slice(0, at), SECRET.slice(at));
    const wire = await world.one.tunnel(HOSTS.api);
    const all = await wire.send(request()).rest();
    expect(all).not.toContain(SECRET.slice(0, 6));
  });

  test('cut by chunks', async () => {
    const chunks = [...SECRET].map((letter) => `1\r\n${letter}\r\n`).join('');
    answering(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`);
    const wire = await world.one.tunnel(HOSTS.api);
    await wire.send(request()).until(() => wire.isClosed || wire.received.includes('CREDENTIAL_IN_ANSWER'));
    expect(wire.received).not.toContain(SECRET.slice(0, 8));
  });

  test('the password of Basic', async () => {
    answering(`HTTP/1.1 200 OK\r\nContent-Length: ${CREDENTIALS.git.length}\r\n\r\n${CREDENTIALS.git}`);
    const shown = Buffer.from(`${GIT_USER}:${world.one.bearers.git}`).toString('base64');
    world.expectRefusal(await world.one.ask(HOSTS.git, head('GET / HTTP/1.1', `Host: ${HOSTS.git}`, `Authorization: Basic ${shown}`)), 'CREDENTIAL_IN_ANSWER');
  });

  test('Basic as it was sent', async () => {
    const sent = Buffer.from(`${GIT_USER}:${CREDENTIALS.git}`).toString('base64');
    answering(`HTTP/1.1 200 OK\r\nContent-Length: ${sent.length}\r\n\r\n${sent}`);
    const shown = Buffer.from(`${GIT_USER}:${world.one.bearers.git}`).toString('base64');
    world.expectRefusal(await world.one.ask(HOSTS.git, head('GET / HTTP/1.1', `Host: ${HOSTS.git}`, `Authorization: Basic ${shown}`)), 'CREDENTIAL_IN_ANSWER');
  });

  test('a key of the query in Location', async () => {
    answering(`HTTP/1.1 301 Moved\r\nLocation: https://${HOSTS.foreign}/?key=${CREDENTIALS.maps}\r\nContent-Length: 0\r\n\r\n`);
    world.expectRefusal(await world.one.ask(HOSTS.maps, head(`GET /?key=${world.one.bearers.maps} HTTP/1.1`, `Host: ${HOSTS.maps}`)), 'CREDENTIAL_IN_ANSWER');
  });

  test('an upstream is asked for no encoding, whatever the client takes, so that its answer can be searched', async () => {
    await world.one.ask(HOSTS.api, head('GET / HTTP/1.1', `Host: ${HOSTS.api}`, 'Accept-Encoding: gzip, br', `Authorization: Bearer ${world.one.bearers.api}`));
    expect(world.upstreams.text.match(/accept-encoding: .*/gi)).toEqual([expect.stringMatching(/: identity$/)]);
  });
});

describe('an answer that could be read in two ways is none:', () => {
  test.each([
    ['length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!'],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['CR alone in a header', 'HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b=c\r\nContent-Length: 0\r\n\r\n'],
    ['NUL in a header', 'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n'],
    ['a folded header', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n'],
    ['a change of protocols that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
    ['a status that there is not', 'HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n'],
    ['headers without end', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(100_000)}`],
  ])('%s', async (_, text) => {
    answering(text);
    world.expectRefusal(await ask(), 'UPSTREAM_FAILED');
  });
});

describe('an answer', () => {
  test('leads nobody around the proxy, and has no headers of a connection', async () => {
    answering('HTTP/1.1 200 OK\r\nAlt-Svc: h3=":443"\r\nConnection: X-Mine\r\nX-Mine: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok');
    const { headers, body } = await ask();
    expect([headers['alt-svc'], headers['x-mine'], headers['proxy-authenticate'], headers['set-cookie'], body]).toEqual([undefined, undefined, undefined, 'a=1, b=2', 'ok']);
  });

  test('has no trailers', async () => {
    answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n');
    const wire = await world.one.tunnel(HOSTS.api);
    wire.send(request().replace('Host', 'Connection: close\r\nHost'));
    const all = await wire.rest();
    expect([all.includes('ok'), /x-sum/i.test(all)]).toEqual([true, false]);
  });

  test('that comes after others of 1xx is the one that counts', async () => {
    answering('HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n', 'HTTP/1.1 102 Processing\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    expect(await ask()).toMatchObject({ status: 200, body: 'ok' });
  });

  test('with bytes behind its end brings none of them to the client', async () => {
    answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged');
    const wire = await world.one.tunnel(HOSTS.api);
    expect(await wire.send(request()).answer()).toMatchObject({ status: 200, body: 'ok' });
    world.upstreams.raw = undefined;
    expect(await wire.send(request('/second')).answer()).toMatchObject({ status: 200, body: 'hello from the upstream' });
  });
});
