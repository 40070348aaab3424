import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inTime } from './in-time';
import { json, PicodClient, refused } from './picod-client';
import { controllerClaims, routerClaims, signed } from './picod-tokens';
import { BrokerProcess, Environment } from '../../helpers/broker-process';
import { bundleRole } from '../../helpers/bundle';
import { newKeyPair } from '../../helpers/key-pair';
import { tempFolder } from '../../helpers/temp-folder';

/**
 * A client that knows nothing but the documented wire of PicoD and its two-stage init: its paths, bodies and headers, and
 * the fields that it decodes. They are written out, not taken from the protocol of this project, which they are compared with so.
 */

const BOOTSTRAP = newKeyPair('rsa', { modulusLength: 2048 });
const SESSION = newKeyPair('ec', { namedCurve: 'P-256' });
const OTHER = newKeyPair('ec', { namedCurve: 'P-256' });
const pem = ({ publicKey }: typeof BOOTSTRAP) => publicKey.export({ type: 'spki', format: 'pem' }).toString();

const MIB = 1024 * 1024;
/** RFC 3339, as Go's clients read it. */
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/);

const root = tempFolder();
const workspace = join(root, 'workspace');
const running: BrokerProcess[] = [];
const clients: PicodClient[] = [];
let bundle: string;
/** Of a daemon that has no session, and of one that has. */
let [waiting, port] = [0, 0];

async function start(env: Environment = {}): Promise<number> {
  const listen = { SESSION_LISTEN: '127.0.0.1:0', ADMIN_LISTEN: '127.0.0.1:0' };
  const daemon = new BrokerProcess(bundle, { ...listen, SESSION_WORKSPACE: workspace, PICOD_BOOTSTRAP_PUBLIC_KEY: pem(BOOTSTRAP), ...env });
  running.push(daemon);
  await daemon.ready();
  return Number(daemon.addresses.session.split(':').at(-1));
}

function client(at: number, token?: () => Promise<string>): PicodClient {
  clients.push(new PicodClient(at, token));
  return clients.at(-1)!;
}

const requestToken = (changed: object = {}, key = SESSION.privateKey) => signed('ES256', key, { ...routerClaims('s-1'), ...changed });
const initToken = (changed: object = {}) => signed('RS256', BOOTSTRAP.privateKey, { ...controllerClaims('s-1', pem(SESSION)), ...changed });
const picod = () => client(port, requestToken);

beforeAll(async () => {
  mkdirSync(workspace);
  bundle = bundleRole('session', root);
  [waiting, port] = [await start(), await start()];
  await client(port).init(await initToken());
}, 60_000);

afterEach(() => clients.splice(0).forEach((one) => one.close()));
afterAll(() => Promise.all(running.map((daemon) => daemon.end('SIGKILL'))));

describe('before init', () => {
  test('health is as of any other PicoD', async () => {
    const uptime = expect.stringMatching(/^(\d+h)?(\d+m)?(\d+(\.\d+)?s|\d+ms)$/);
    expect(await client(waiting).health()).toEqual({ status: 'ok', service: 'PicoD', version: '0.0.1', uptime });
  });

  test('everything else waits for init, whatever its token and its body are', async () => {
    const calls = [(one: PicodClient) => one.execute({ command: ['true'] }), (one: PicodClient) => one.list('.'), (one: PicodClient) => one.download('x'), (one: PicodClient) => one.uploadForm({})];
    for (const one of [client(waiting), client(waiting, requestToken), client(waiting, async () => 'a b')]) {
      for (const call of calls) {
        await expect(call(one)).rejects.toMatchObject({ status: 503, error: 'Daemon not initialized', code: 'DAEMON_NOT_INITIALIZED', detail: expect.any(String) });
      }
    }
  });

  test('init refuses in the words that its controller knows', async () => {
    const init = (token: string) => refused(client(waiting).init(token));
    const unverified = { status: 401, error: 'bootstrap token verification failed', code: 401 };
    expect(await init(await initToken({ iss: 'agentcube-router' }))).toEqual(unverified);
    expect(await init(await initToken({ jti: undefined }))).toEqual(unverified);
    expect(await init(await initToken({ iat: Math.floor(Date.now() / 1000) - 300, exp: Math.floor(Date.now() / 1000) - 180 }))).toEqual(unverified);
    expect(await init(await signed('ES256', SESSION.privateKey, controllerClaims('s-1', pem(SESSION))))).toEqual(unverified);
    expect(await init(await initToken({ session_public_key: 'none' }))).toMatchObject({ status: 500, error: 'failed to initialize session key' });
    expect(await init(await initToken({ session_public_key: pem(BOOTSTRAP) }))).toMatchObject({ status: 500, error: 'failed to initialize session key' });
    expect(await init('')).toMatchObject({ status: 400, error: 'invalid request format' });
    expect(await refused(client(waiting).ask('POST', '/init', { body: '{' }))).toMatchObject({ status: 400, error: 'invalid request format' });
  });
});

describe('init', () => {
  test('is taken from the controller, again when its answer was lost, and never with another key', async () => {
    const fresh = client(await start({ PICOD_SESSION_ID: 's-1' }));
    const token = await initToken();
    for (let attempt = 0; attempt < 3; attempt += 1) expect(await fresh.init(token)).toEqual({ status: 'initialized successfully' });
    const other = fresh.init(await initToken({ session_public_key: pem(OTHER) }));
    expect(await refused(other)).toEqual({ status: 409, error: 'session already initialized', code: 409 });
  }, 30_000);

  test('of another session than the daemon was started for is refused, by the older name of the key as well', async () => {
    const fresh = client(await start({ PICOD_SESSION_ID: 's-2', PICOD_BOOTSTRAP_PUBLIC_KEY: undefined, PICOD_AUTH_PUBLIC_KEY: pem(BOOTSTRAP) }));
    expect(await refused(fresh.init(await initToken()))).toMatchObject({ status: 401, error: 'bootstrap token verification failed' });
    expect(await fresh.init(await initToken({ sub: 's-2' }))).toEqual({ status: 'initialized successfully' });
  }, 30_000);
});

describe('a token', () => {
  const withToken = (token?: string) => refused(client(port, token === undefined ? undefined : async () => token).list('.'));

  test('is taken in every request of one connection, and as soon as the clocks allow', async () => {
    const one = picod();
    for (let at = 0; at < 3; at += 1) expect(await one.list('/')).toEqual([]);
    const now = Math.floor(Date.now() / 1000);
    expect(await client(port, () => requestToken({ iat: now + 30, exp: now + 330 })).list('.')).toEqual([]);
    expect(await client(port, () => requestToken({ iat: now - 330, exp: now - 30 })).list('.')).toEqual([]);
    expect(await client(port, () => requestToken({ user_sub: undefined, user_email: undefined })).list('.')).toEqual([]);
  });

  test('is refused with the three texts of PicoD, and a number', async () => {
    expect(await withToken()).toEqual({ status: 401, error: 'Missing Authorization header', code: 401 });
    expect(await withToken('two parts')).toEqual({ status: 401, error: 'Invalid Authorization header format', code: 401 });
    const header = { headers: { Authorization: `bearer ${await requestToken()}` } };
    expect(await refused(client(port).ask('GET', '/api/files?path=.', header))).toMatchObject({ status: 401, error: 'Invalid Authorization header format' });
    const invalid = { status: 401, error: 'Invalid token', code: 401 };
    expect(await withToken('guessed')).toEqual(invalid);
    expect(await withToken(await requestToken({}, OTHER.privateKey))).toEqual(invalid);
    expect(await withToken(await requestToken({ exp: undefined }))).toEqual(invalid);
    expect(await withToken(await requestToken({ exp: Math.floor(Date.now() / 1000) - 61 }))).toEqual(invalid);
    expect(await withToken(await requestToken({ iss: 'agentcube-workload-manager' }))).toEqual(invalid);
    expect(await withToken(await signed('RS256', BOOTSTRAP.privateKey, routerClaims('s-1')))).toEqual(invalid);
  });
});

describe('execute', () => {
  const ended = (fields: object) => ({ stdout: '', stderr: '', exit_code: 0, duration: expect.any(Number), start_time: time, end_time: time, ...fields });

  test('answers a command with its output, apart, and how it ended', async () => {
    expect(await picod().execute({ command: ['sh', '-c', 'echo out; echo err >&2'], timeout: '30.0s' })).toEqual(ended({ stdout: 'out\n', stderr: 'err\n' }));
    expect(await picod().execute({ command: ['sh', '-c', 'exit 3'] })).toEqual(ended({ exit_code: 3 }));
    expect(await picod().execute({ command: ['sh', '-c', 'kill -9 $$'] })).toEqual(ended({ exit_code: -1 }));
    expect(await picod().execute({ command: ['printf', '%s|', 'a b', '$HOME', ''] })).toEqual(ended({ stdout: 'a b|$HOME||' }));
    expect(await picod().execute({ command: ['printf', '\\377'] })).toEqual(ended({ stdout: '\ufffd' }));
    expect(await picod().execute({ command: ['cat'] })).toEqual(ended({}));
  });

  test('ends a command at its time with 124, and says so behind what it has written', async () => {
    const result = await inTime((factor) => picod().execute({ command: ['sh', '-c', 'echo begun; printf note >&2; sleep 100'], timeout: `${factor}s` }), ({ stderr }) => stderr.startsWith('note'));
    expect(result).toEqual(ended({ exit_code: 124, stdout: 'begun\n', stderr: expect.stringMatching(/^noteCommand timed out after (1|4|16) seconds/) }));
    for (const timeout of ['0', '-1s']) expect(await picod().execute({ command: ['sleep', '30'], timeout })).toMatchObject({ exit_code: 124 });
  });

  test('answers a program that is not there with 1 and the reason, not with a status', async () => {
    expect(await picod().execute({ command: ['no-such-program'] })).toEqual(ended({ exit_code: 1, stderr: expect.stringContaining('no-such-program') }));
  });

  test('makes the working directory below the workspace, and adds variables to those that are there', async () => {
    for (const [directory, made] of [['made/here', '/made/here'], ['/made/here', '/made/here'], ['./made/x/../here', '/made/here'], ['', '']]) {
      expect(await picod().execute({ command: ['pwd'], working_dir: directory, env: {}, timeout: '' })).toEqual(ended({ stdout: `${workspace}${made}\n` }));
    }
    const env = { GREETING: 'grüß "dich"', EMPTY: '' };
    expect(await picod().execute({ command: ['sh', '-c', 'echo "$GREETING" "${EMPTY-unset}"; command -v sh >&2'], env }))
      .toEqual(ended({ stdout: 'grüß "dich" \n', stderr: expect.stringContaining('/sh') }));
  });

  test('reads the body as JSON whatever its type says', async () => {
    const { body } = json({ command: ['echo', 'x'] });
    const types = ['application/x-www-form-urlencoded', 'text/plain', 'application/json; charset=utf-8'].map((type) => ({ 'Content-Type': type }));
    for (const headers of [...types, {}]) expect(await picod().ask('POST', '/api/execute', { body, headers })).toMatchObject({ status: 200 });
  });

  test('refuses what is no command with 400, its number and a text', async () => {
    const wrong = (body: object) => refused(picod().execute(body));
    expect(await wrong({ command: [] })).toEqual({ status: 400, error: 'command cannot be empty', code: 400 });
    expect(await wrong({ command: ['x'], timeout: '30' })).toEqual({ status: 400, error: expect.stringMatching(/^Invalid timeout format: /), code: 400 });
    expect(await wrong({ command: ['x'], working_dir: '../out' })).toEqual({ status: 400, error: expect.stringMatching(/^Invalid working directory: /), code: 400 });
    const malformed = [{}, { command: 'ls -l' }, { command: [1, {}] }, { command: ['x'], env: { A: 1 } }];
    for (const body of malformed) expect(await wrong(body)).toEqual({ status: 400, error: expect.any(String), code: 400 });
    expect(existsSync(join(root, 'out'))).toBe(false);
  });
});

describe('files', () => {
  const BYTES = Buffer.from(Array.from({ length: 1024 }, (_one, at) => at % 256));
  const NAME = 'docs/ein Bericht – 報告 (1)+50%#?.bin';

  test('go in as base64 in JSON and come out byte by byte, under any name', async () => {
    expect(await picod().uploadJson(NAME, BYTES)).toEqual({ path: NAME, size: 1024, mode: '-rw-r--r--', modified: time });
    const { status, headers, bytes } = await picod().download(`/${NAME}`);
    expect({ status, bytes: bytes.equals(BYTES), disposition: headers['content-disposition'] }).toEqual({ status: 200, bytes: true, disposition: expect.stringMatching(/^attachment; filename="/) });
    expect(headers).toMatchObject({ 'content-type': 'application/octet-stream', 'content-description': expect.any(String), 'content-transfer-encoding': 'binary', 'content-length': '1024' });
    expect(headers).not.toHaveProperty('content-encoding');
  });

  test('go in as a form with its fields in any order, the empty and the large one too', async () => {
    const file = (bytes: Buffer) => ({ name: 'local name.bin', bytes });
    expect(await picod().uploadForm({ path: 'form/a.sh', mode: '0755', file: file(BYTES) })).toEqual({ path: 'form/a.sh', size: 1024, mode: '-rwxr-xr-x', modified: time });
    expect(await picod().uploadForm({ file: file(Buffer.alloc(0)), path: '/form/empty' })).toEqual({ path: 'form/empty', size: 0, mode: '-rw-r--r--', modified: time });
    expect(await picod().uploadForm({ path: 'form/large', file: file(Buffer.alloc(31 * MIB, 7)) })).toMatchObject({ size: 31 * MIB });
    expect(readFileSync(join(workspace, 'form/a.sh')).equals(BYTES)).toBe(true);
  });

  test('are written again in place, whatever mode is asked for, and a mode that is none is 0644', async () => {
    await picod().uploadJson('again', BYTES, '0600');
    expect(await picod().uploadJson('again', Buffer.from('new'), '0755')).toMatchObject({ size: 3, mode: '-rw-------' });
    for (const [at, mode] of ['rw', '04755', '888', ''].entries()) expect(await picod().uploadJson(`mode-${at}`, BYTES, mode)).toMatchObject({ mode: '-rw-r--r--' });
  });

  test('of up to 23 MiB go in by base64, and what is announced as longer than a body may be does not', async () => {
    expect(await picod().uploadJson('heavy', Buffer.alloc(23 * MIB))).toMatchObject({ size: 23 * MIB });
    const announced = { 'Content-Type': 'application/json', 'Content-Length': String(32 * MIB + 1) };
    expect(await refused(picod().ask('POST', '/api/files', { headers: announced }))).toEqual({ status: 413, error: 'request body too large', code: 413 });
  });

  test('are listed by name, with what they are', async () => {
    await picod().execute({ command: ['mkdir', '-p', 'listed/sub folder'] });
    for (const name of ['b', 'ä', 'B']) await picod().uploadJson(`listed/${name}`, BYTES);
    const entry = (name: string) => ({ name, size: 1024, modified: time, mode: '-rw-r--r--', is_dir: false });
    const folder = { name: 'sub folder', size: expect.any(Number), modified: time, mode: 'drwxr-xr-x', is_dir: true };
    for (const path of ['listed', '/listed', './listed/']) expect(await picod().list(path)).toEqual([entry('B'), entry('b'), folder, entry('ä')]);
    expect(await picod().list('listed/sub folder')).toEqual([]);
  });

  test('come out in part, and not at all when they are known', async () => {
    await picod().uploadJson('part.txt', Buffer.from('0123456789'));
    const part = await picod().download('part.txt', { Range: 'bytes=2-4' });
    expect({ status: part.status, text: part.bytes.toString(), range: part.headers['content-range'] }).toEqual({ status: 206, text: '234', range: 'bytes 2-4/10' });
    const { headers } = await picod().download('part.txt');
    expect(headers['content-type']).toMatch(/^text\/plain/);
    expect(await picod().download('part.txt', { 'If-Modified-Since': headers['last-modified']! })).toMatchObject({ status: 304 });
    expect((await picod().download('listed/../part.txt')).bytes.toString()).toBe('0123456789');
  });

  test('that cannot be had are refused with the documented statuses', async () => {
    expect(await refused(picod().download('none'))).toEqual({ status: 404, error: 'File not found', code: 404 });
    expect(await refused(picod().list('none'))).toEqual({ status: 404, error: 'Directory not found', code: 404 });
    await picod().uploadJson('folder/x', BYTES);
    const answers = await Promise.all([picod().download('folder'), picod().download('../outside'), picod().list(), picod().list('../..')].map(refused));
    for (const answer of answers) expect(answer).toEqual({ status: 400, error: expect.any(String), code: 400 });
    expect(await refused(picod().ask('GET', '/api/none'))).toMatchObject({ status: 404 });
  });

  test('that cannot be stored are refused with 400 and leave nothing', async () => {
    const file = { name: 'x', bytes: BYTES };
    expect(await refused(picod().uploadForm({ file }))).toEqual({ status: 400, error: "Missing 'path' field", code: 400 });
    expect(await refused(picod().uploadForm({ path: 'lost' }))).toEqual({ status: 400, error: expect.stringMatching(/^Failed to get file/), code: 400 });
    expect(await refused(picod().ask('POST', '/api/files', json({ path: 'lost', content: '%%%' })))).toEqual({ status: 400, error: expect.stringMatching(/^Invalid base64 content/), code: 400 });
    const calls = [{ path: 'lost' }, { content: 'eA==' }, { path: '../lost', content: 'eA==' }].map((body) => picod().ask('POST', '/api/files', json(body)));
    const answers = await Promise.all([...calls, picod().uploadForm({ path: '../lost', file })].map(refused));
    for (const answer of answers) expect(answer).toEqual({ status: 400, error: expect.any(String), code: 400 });
    for (const folder of [root, workspace]) expect(existsSync(join(folder, 'lost'))).toBe(false);
  });
});
