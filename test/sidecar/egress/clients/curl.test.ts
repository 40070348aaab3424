import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from '../../../helpers/temp-folder';
import { CREDENTIALS, HOSTS, ODD_PORT } from '../world/catalog';
import { agentEnvironment, Ended, run, testWith } from '../world/programs';
import { egressWorld } from '../world/world';

const world = egressWorld();
const folder = tempFolder();
const withCurl = testWith('curl');
const LARGE = randomBytes(8 * 1024 * 1024);
const sha = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

/** In the environment of the agent, from the address of its pod. */
function curl(...args: readonly string[]): Promise<Ended> {
  return run('curl', ['-sS', '--max-time', '20', ...args], { cwd: folder, env: agentEnvironment(world.one, folder) });
}

const bearer = () => `Authorization: Bearer ${world.one.bearers.api}`;
const lower = (text: string) => text.toLowerCase();

/** Answers with the SHA-256 of what it gets. */
function answerWithSum(): void {
  world.upstreams.answer = (request, response) => {
    const sum = createHash('sha256');
    request.on('data', (chunk: Buffer) => sum.update(chunk)).on('end', () => response.end(sum.digest('hex')));
  };
}

withCurl('with nothing but its environment, it gets through with the real credential', async () => {
  expect(await curl('-H', bearer(), `https://${HOSTS.api}/v1/things?b=2&a=1`)).toEqual({ code: 0, stdout: 'hello from the upstream', stderr: '' });
  expect(world.upstreams.seen).toHaveLength(1);
  expect(world.upstreams.seen[0]).toMatchObject({ serverName: HOSTS.api, text: expect.stringMatching(/^GET \/v1\/things\?b=2&a=1 HTTP\/1\.1\r\n/) });
  expect(lower(world.upstreams.text)).toContain(`authorization: bearer ${CREDENTIALS.api}`);
  expect(lower(world.upstreams.text)).not.toContain('proxy-');
});

withCurl.each([
  ['a proxy given by -x', () => ['-x', world.one.proxyUrl]],
  ['--proxytunnel', () => ['--proxytunnel']],
  ['HTTP/1.0 to the server', () => ['--http1.0']],
  ['HTTP/1.0 to the proxy', () => ['--proxy1.0', world.one.proxyUrl.replace('http://', '')]],
  ['proxy credentials as an option', () => ['-x', `http://127.0.0.1:${world.place.ports.proxy}`, '-U', `r1:${world.one.token}`]],
  ['any proxy authentication, tried out', () => ['--proxy-anyauth']],
])('substituted with %s', async (_, options) => {
  expect(await curl(...options(), '-H', bearer(), `https://${HOSTS.api}/`)).toMatchObject({ code: 0, stdout: 'hello from the upstream' });
  expect(lower(world.upstreams.text)).toContain(`authorization: bearer ${CREDENTIALS.api}`);
});

withCurl('a key in the query', async () => {
  expect(await curl(`https://${HOSTS.maps}/tiles?zoom=3&key=${world.one.bearers.maps}&x=%20y`)).toMatchObject({ code: 0 });
  expect(world.upstreams.text).toMatch(new RegExp(`^GET /tiles\\?\\S*key=${CREDENTIALS.maps}`));
  expect(world.upstreams.text).toContain('zoom=3');
});

withCurl('Basic credentials by -u', async () => {
  expect(await curl('-u', `somebody:${world.one.bearers.git}`, `https://${HOSTS.git}/`)).toMatchObject({ code: 0 });
  expect(world.upstreams.text).toContain(Buffer.from(`x-access-token:${CREDENTIALS.git}`).toString('base64'));
});

withCurl('a large upload arrives whole, with Expect: 100-continue and without', async () => {
  answerWithSum();
  writeFileSync(join(folder, 'large'), LARGE);
  for (const options of [['-H', 'Expect: 100-continue'], ['-H', 'Expect:'], ['-H', 'Transfer-Encoding: chunked']]) {
    expect(await curl(...options, '-H', bearer(), '-T', 'large', `https://${HOSTS.api}/upload`)).toEqual({ code: 0, stdout: sha(LARGE), stderr: '' });
  }
});

withCurl.each([HOSTS.api, HOSTS.files])('a large answer of %s arrives whole, with a length and in chunks', async (host) => {
  world.upstreams.answer = (request, response) => {
    request.resume();
    if (request.url === '/length') response.setHeader('content-length', LARGE.length);
    response.end(LARGE);
  };
  for (const path of ['length', 'chunked']) {
    expect(await curl('-o', 'got', `https://${host}/${path}`)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(sha(readFileSync(join(folder, 'got')))).toBe(sha(LARGE));
  }
});

withCurl('a host without credentials has its own certificate, and its tunnel is blind', async () => {
  expect(await curl('-w', '%{ssl_verify_result}', `https://${HOSTS.files}/`, '-v')).toMatchObject({ code: 0, stderr: expect.stringContaining('issuer: CN=upstreams of the tests') });
});

withCurl.each([[HOSTS.wild, 443], [HOSTS.odd, ODD_PORT]])('%s:%d is reached', async (host, port) => {
  expect(await curl(`https://${host}:${port}/`)).toMatchObject({ code: 0, stdout: 'hello from the upstream' });
  expect(world.upstreams.dialled).toEqual([{ addresses: ['93.184.216.34'], port }]);
});

withCurl('plain http goes by absolute-form', async () => {
  expect(await curl(`http://${HOSTS.files}/plain?q=1`)).toMatchObject({ code: 0, stdout: 'hello from the upstream' });
  expect(world.upstreams.text).toMatch(/^GET \/plain\?q=1 HTTP\/1\.1\r\n/);
  expect(lower(world.upstreams.text)).toContain(`host: ${HOSTS.files}\r\n`);
  expect(lower(world.upstreams.text)).not.toContain('proxy-');
});

withCurl('many requests use one connection', async () => {
  const urls = Array.from({ length: 5 }, (_, at) => `https://${HOSTS.api}/${at}`);
  expect(await curl('-H', bearer(), ...urls)).toMatchObject({ code: 0, stdout: 'hello from the upstream'.repeat(5) });
  expect(world.upstreams.seen).toHaveLength(1);
});

describe('refused is', () => {
  withCurl('a host that nobody granted, with a code that the client shows', async () => {
    const { code, stdout, stderr } = await curl('-v', `https://${HOSTS.foreign}/`);
    expect([code, stdout, /x-agent-platform-code: (\w+)/i.exec(stderr)?.[1]]).toEqual([56, '', 'HOST_NOT_ALLOWED']);
    world.expectUntouched();
  });

  withCurl('plain http inside a tunnel, as --proxytunnel makes it', async () => {
    expect((await curl('--proxytunnel', `http://${HOSTS.files}/`)).code).not.toBe(0);
    expect(world.upstreams.text).toBe('');
  });

  withCurl('a redirect is not followed for the client, who is refused there', async () => {
    world.upstreams.answer = (_request, response) => response.writeHead(302, { location: `https://${HOSTS.foreign}/stolen` }).end();
    const { code } = await curl('-L', '-H', bearer(), `https://${HOSTS.api}/`);
    expect([code, world.upstreams.dialled.length]).toEqual([56, 1]);
    expect(world.upstreams.asked).not.toContain(HOSTS.foreign);
  });
});
