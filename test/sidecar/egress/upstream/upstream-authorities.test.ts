import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeAuthority } from '../../../../sidecar/src/crypto/self-made-certificate';
import { openUpstreamAuthorities, type UpstreamAuthorities } from '../../../../sidecar/src/egress/upstream/upstream-authorities';
import { eventually, tempFolder } from '../../../helpers/temp-folder';

const folder = tempFolder();
const told: unknown[] = [];
const log = { error: (fields: object) => void told.push(fields), info: () => undefined } as never;
const opened: UpstreamAuthorities[] = [];
let one: string;
let two: string;

beforeAll(async () => {
  const validity = { now: Date.now(), notAfter: Date.now() + 86_400_000 };
  [one, two] = (await Promise.all(['one', 'two'].map((name) => makeAuthority(name, validity)))).map(({ cert }) => cert);
});
afterEach(() => {
  opened.splice(0).forEach((authorities) => authorities.close());
  told.length = 0;
});

async function open(name: string, text: string): Promise<{ readonly authorities: UpstreamAuthorities; readonly file: string }> {
  const file = join(folder, name);
  writeFileSync(file, text);
  const authorities = await openUpstreamAuthorities(file, log);
  opened.push(authorities);
  return { authorities, file };
}

test('without a file there are none, and always the same none', async () => {
  const authorities = await openUpstreamAuthorities(undefined, log);
  expect(authorities.current()).toEqual([]);
  expect(authorities.current()).toBe(authorities.current());
});

test('a changed file is read again', async () => {
  const { authorities, file } = await open('changes.pem', one);
  expect(authorities.current()).toEqual([one]);
  expect(authorities.current()).toBe(authorities.current());
  writeFileSync(file, one + two);
  await eventually(() => authorities.current().length === 2);
});

test('a file that cannot be used changes nothing, and is told without its content', async () => {
  const { authorities, file } = await open('spoilt.pem', one);
  writeFileSync(file, '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n');
  await eventually(() => told.length > 0);
  expect(authorities.current()).toEqual([one]);
  expect(JSON.stringify(told)).not.toContain('c2VjcmV0');
});

test.each([['without certificates', 'nothing'], ['with a private key', '-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n']])(
  'a file %s stops the start', async (_case, text) => {
    await expect(open('refused.pem', text)).rejects.toThrow(/refused\.pem/);
  },
);
