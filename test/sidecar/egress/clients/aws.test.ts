import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from '../../../helpers/temp-folder';
import { signatureProblem } from '../world/aws-upstream';
import { AWS_KEY_ID, CREDENTIALS, HOSTS } from '../world/catalog';
import { agentEnvironment, Ended, run, testWith } from '../world/programs';
import { egressWorld } from '../world/world';

const world = egressWorld();
const folder = tempFolder();
const withAws = testWith('aws');
const IDENTITY = '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Account>1</Account><Arn>arn:x</Arn><UserId>u</UserId>'
  + '</GetCallerIdentityResult></GetCallerIdentityResponse>';
let problems: (string | undefined)[];
let stored: Buffer;

/** A service that says what it thinks of signatures, and keeps one object. */
beforeEach(() => {
  problems = [];
  world.upstreams.answer = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      const body = Buffer.concat(chunks);
      problems.push(signatureProblem(request, body, { keyId: AWS_KEY_ID, secret: CREDENTIALS.aws }));
      if (request.headers.host === HOSTS.sts) return void response.setHeader('content-type', 'text/xml').end(IDENTITY);
      if (request.method === 'PUT') {
        stored = request.headers['content-encoding']?.includes('aws-chunked') ? dataIn(body) : body;
        return void response.setHeader('etag', '"1"').end();
      }
      response.setHeader('content-length', stored.length).setHeader('last-modified', 'Wed, 01 Jan 2025 00:00:00 GMT').setHeader('etag', '"1"');
      return void response.end(request.method === 'HEAD' ? undefined : stored);
    });
  };
});

/** What is in chunks with a checksum behind them. */
function dataIn(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const end = body.indexOf('\r\n', at);
    const size = parseInt(body.toString('latin1', at, end), 16);
    if (size === 0) return Buffer.concat(parts);
    parts.push(body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

function aws(...args: readonly string[]): Promise<Ended> {
  return awsWith(world.one.bearers.aws, ...args);
}

/** With a key that is none, and the surrogate as its session token. */
function awsWith(surrogate: string, ...args: readonly string[]): Promise<Ended> {
  const key = { AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none', AWS_SESSION_TOKEN: surrogate, AWS_DEFAULT_REGION: 'eu-central-1' };
  const quiet = { AWS_EC2_METADATA_DISABLED: 'true', AWS_MAX_ATTEMPTS: '1', AWS_CONFIG_FILE: join(folder, 'config'), PYTHONDONTWRITEBYTECODE: '1' };
  writeFileSync(join(folder, 'config'), '[default]\ns3 =\n  addressing_style = path\n');
  return run('aws', args, { cwd: folder, env: { ...agentEnvironment(world.one, folder), ...key, ...quiet } });
}

withAws('aws s3 cp, there and back: the service takes the signatures, which are of the real key', async () => {
  const data = randomBytes(300_000);
  writeFileSync(join(folder, 'up'), data);
  expect(await aws('s3', 'cp', 'up', 's3://bucket/a folder/ö+%.bin', '--only-show-errors')).toMatchObject({ code: 0, stderr: '' });
  expect(stored.equals(data)).toBe(true);
  expect(await aws('s3', 'cp', 's3://bucket/a folder/ö+%.bin', 'down', '--only-show-errors')).toMatchObject({ code: 0, stderr: '' });
  expect(readFileSync(join(folder, 'down')).equals(data)).toBe(true);
  expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
  expect(world.upstreams.text).toContain(AWS_KEY_ID);
});

withAws('aws sts, whose body is signed', async () => {
  const { code, stdout } = await aws('sts', 'get-caller-identity');
  expect([code, JSON.parse(stdout).Account]).toEqual([0, '1']);
  expect(problems).toEqual([undefined]);
});

describe('refused is', () => {
  withAws('a service that the grant does not name', async () => {
    const { code, stderr } = await aws('dynamodb', 'list-tables', '--endpoint-url', `https://${HOSTS.sts}`);
    expect([code === 0, stderr]).toEqual([false, expect.stringContaining('403')]);
    expect(world.upstreams.text).toBe('');
  });

  withAws('the surrogate of another run', async () => {
    const { code } = await awsWith(world.two.bearers.aws, 'sts', 'get-caller-identity');
    expect(code).not.toBe(0);
    expect(world.upstreams.text).toBe('');
  });

  withAws('a presigned URL: its surrogate would be in the hands of whoever has the URL', async () => {
    const { stdout } = await aws('s3', 'presign', 's3://bucket/key');
    const { pathname, search } = new URL(stdout.trim());
    const answer = await world.one.ask(HOSTS.s3, `GET ${pathname}${search} HTTP/1.1\r\nHost: ${HOSTS.s3}\r\n\r\n`);
    world.expectRefusal(answer, 'CREDENTIAL_REFUSED');
    expect(world.upstreams.text).toBe('');
  });
});
