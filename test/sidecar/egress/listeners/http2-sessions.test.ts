import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import { join } from 'node:path';
import { tempFolder } from '../../../helpers/temp-folder';
import { CREDENTIALS, HOSTS } from '../world/catalog';
import { agentEnvironment, run, testWith } from '../world/programs';
import { egressWorld } from '../world/world';

const world = egressWorld();
const folder = tempFolder();
const LARGE = Buffer.alloc(3 * 1024 * 1024, 'x');

interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly reset: number;
}

let sessions: ClientHttp2Session[] = [];
afterEach(() => {
  sessions.forEach((session) => session.destroy());
  sessions = [];
});

async function opened(host: string = HOSTS.api): Promise<ClientHttp2Session> {
  const wire = await world.one.tunnel(host, 443, { ALPNProtocols: ['h2'] });
  const session = connect(`https://${host}`, { createConnection: () => wire.release(), maxSendHeaderBlockLength: 1024 * 1024 });
  session.on('error', () => undefined);
  sessions.push(session);
  return session;
}

function begun(session: ClientHttp2Session, headers: OutgoingHttpHeaders = {}, endStream = false): ClientHttp2Stream {
  return session.request({ authorization: `Bearer ${world.one.bearers.api}`, ...headers }, { endStream }).on('error', () => undefined);
}

function gotten(stream: ClientHttp2Stream): Promise<Got> {
  return new Promise((resolve) => {
    let headers: IncomingHttpHeaders = {};
    const chunks: Buffer[] = [];
    stream.on('response', (head) => { headers = head; }).on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('close', () => resolve({ headers, text: Buffer.concat(chunks).toString('latin1'), reset: stream.rstCode }));
  });
}

function asked(session: ClientHttp2Session, headers: OutgoingHttpHeaders = {}, body?: string | Buffer): Promise<Got> {
  const stream = begun(session, headers, body === undefined);
  if (body !== undefined) stream.end(body);
  return gotten(stream);
}

const codeOf = ({ headers }: Got) => [headers[':status'], headers['x-agent-platform-code']];
const POST = { ':method': 'POST' };

/** Answers with how long a body was; to `/large` with a large one, to `/never` with none. */
function answerWithLength(): void {
  world.upstreams.answer = (request, response) => {
    let length = 0;
    request.on('error', () => undefined).on('data', (chunk: Buffer) => { length += chunk.length; }).on('end', () => {
      if (request.url !== '/never') response.writeHead(200, { 'set-cookie': ['a=1', 'b=2'] }).end(request.url === '/large' ? LARGE : String(length));
    });
  };
}

test('a request goes on with the real credential, and its answer back without what is of one connection', async () => {
  answerWithLength();
  const { headers, text } = await asked(await opened(), POST, 'hello');
  expect([headers[':status'], headers['set-cookie'], text]).toEqual([200, ['a=1', 'b=2'], '5']);
  expect(Object.keys(headers)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(connection|keep-alive|transfer-encoding)$/)]));
  expect(world.upstreams.text).toMatch(/^POST \/ HTTP\/1\.1\r\n/);
  expect(world.upstreams.text).toContain(`Bearer ${CREDENTIALS.api}`);
});

testWith('curl')('curl speaks it with nothing but its environment', async () => {
  const args = ['-sS', '--max-time', '20', '--http2', '-w', ' %{http_version}', '-o', join(folder, 'got')];
  const urls = ['a', 'b'].map((path) => `https://${HOSTS.api}/${path}`);
  const ended = await run('curl', [...args, '-H', `Authorization: Bearer ${world.one.bearers.api}`, urls[0], '-o', join(folder, 'too'), urls[1]], { env: agentEnvironment(world.one, folder) });
  expect(ended).toEqual({ code: 0, stdout: ' 2 2', stderr: '' });
  expect(world.upstreams.seen).toHaveLength(1);
});

test('many streams are served at once, and one after the other over one connection to the upstream', async () => {
  answerWithLength();
  const session = await opened();
  const all = await Promise.all(Array.from({ length: 60 }, () => asked(session, POST, 'x'.repeat(20_000))));
  expect(new Set(all.map(({ text }) => text))).toEqual(new Set(['20000']));
  const before = world.upstreams.seen.length;
  for (let count = 0; count < 5; count += 1) await asked(session);
  expect(world.upstreams.seen.length).toBe(before);
});

test('a reader that stops holds up its own stream alone', async () => {
  answerWithLength();
  const session = await opened();
  const slow = begun(session, { ':path': '/large' }, true);
  slow.pause();
  expect((await asked(session, { ':path': '/large' })).text).toHaveLength(LARGE.length);
  const rest = gotten(slow);
  slow.resume();
  expect((await rest).text).toHaveLength(LARGE.length);
});

test('a body that is given up ends nowhere as one that is whole, and other streams go on', async () => {
  answerWithLength();
  const session = await opened();
  const given = begun(session, POST);
  const end = gotten(given);
  given.write('half of it');
  await asked(session);
  given.destroy(new Error('given up'));
  await end;
  expect((await asked(session)).text).toBe('0');
  expect(world.upstreams.seen.find(({ text }) => text.includes('half of it'))?.text).not.toContain('0\r\n\r\n');
});

test('an answer that is given up ends its request, and other streams go on', async () => {
  answerWithLength();
  const session = await opened();
  const given = begun(session, { ':path': '/large' }, true);
  await new Promise((first) => given.once('data', first));
  given.destroy();
  expect((await asked(session)).text).toBe('0');
});

test('an answer that its upstream cuts off is reset', async () => {
  world.upstreams.answer = (request, response) => {
    request.resume();
    response.writeHead(200, { 'content-length': '1000000' }).write('the first of it');
  };
  const given = begun(await opened(), {}, true);
  // What is reset before its head went out has none.
  given.once('response', () => world.upstreams.cut());
  const { headers, reset } = await gotten(given);
  expect([headers[':status'], reset]).toEqual([200, 2]);
});

describe('refused is', () => {
  test('a bearer in a body, for its stream alone', async () => {
    answerWithLength();
    const session = await opened();
    const [bad, good] = await Promise.all([asked(session, POST, `token=${world.one.bearers.hub}`), asked(session, POST, 'harmless')]);
    expect([codeOf(bad), good.text]).toEqual([[403, 'BEARER_MISPLACED'], '8']);
  });

  test.each([
    ['another host', { ':authority': HOSTS.hub }, 421, 'HOST_MISMATCH'],
    ['two hosts', { ':authority': HOSTS.api, 'host': HOSTS.hub }, 400, 'BAD_REQUEST'],
    ['another scheme', { ':scheme': 'http' }, 400, 'BAD_TARGET'],
    ['TRACE', { ':method': 'TRACE' }, 405, 'BAD_REQUEST'],
    ['a bearer that is none', { authorization: 'Bearer pdk-usersecret-eyJhbGciOiJkaXIifQ..a.b.c' }, 403, 'CREDENTIAL_REFUSED'],
  ])('%s', async (_what, headers, status, code) => {
    const session = await opened();
    expect(codeOf(await asked(session, headers))).toEqual([status, code]);
    expect(surrogatesSent()).toBe(false);
    expect((await asked(session)).headers[':status']).toBe(200);
  });

  test('CONNECT inside a tunnel', async () => {
    const session = await opened();
    const stream = session.request({ ':method': 'CONNECT', ':authority': `${HOSTS.hub}:443` }).on('error', () => undefined);
    const got = gotten(stream);
    stream.end();
    expect(codeOf(await got)).toEqual([405, 'BAD_REQUEST']);
    world.expectUntouched();
  });

  test.each([
    ['that is longer than it says', { ...POST, 'content-length': '2' }, 'hello'],
    ['that is shorter than it says', { ...POST, 'content-length': '20' }, 'hello'],
  ])('a body %s', async (_what, headers, body) => {
    answerWithLength();
    const { headers: { ':status': status }, reset } = await asked(await opened(), headers, body);
    expect([status, reset > 0]).toEqual([undefined, true]);
  });

  test('a head that is too long', async () => {
    const long = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`x-${at}`, 'v'.repeat(1000)]));
    const session = await opened();
    // By the bound of the request behind it, until the client has agreed to the one of the session.
    expect(codeOf(await asked(session, long))).toEqual([431, 'BAD_REQUEST']);
    expect((await asked(session, long)).reset).toBe(11);
  });
});

test('streams without end are at rest when their client has gone', async () => {
  answerWithLength();
  const session = await opened();
  Array.from({ length: 10 }, () => begun(session, { ':path': '/never' }, true));
  await world.untilOpen(11);
  session.destroy();
  await world.untilOpen(0);
});

function surrogatesSent(): boolean {
  return world.upstreams.text.includes('pdk-');
}
