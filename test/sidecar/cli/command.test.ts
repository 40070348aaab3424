import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BASE, withContainer, withRow } from './documents';
import { command } from '../../../sidecar/src/cli/command';
import { readDocument } from '../../../sidecar/src/cli/read-document';
import { tempFolder } from '../../helpers/temp-folder';

const folder = tempFolder();
let count = 0;

function file(content: unknown): string {
  const path = join(folder, `${count += 1}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const lines = { out: [] as string[], err: [] as string[] };
  const code = await command(argv, { out: (text) => lines.out.push(text), err: (text) => lines.err.push(text) }, () => '1.2.3');
  return { code, out: lines.out.join('\n'), err: lines.err.join('\n') };
}

const base = file(BASE);

test('two equal documents end with 0', async () => {
  expect(await run('diff', base, file(BASE))).toEqual({ code: 0, out: 'No difference.', err: '' });
});

test('a difference ends with 1, and what opens stands first', async () => {
  const changed = { ...withContainer({ user: 0, image: 'other@sha256:1' }), credentials: [] };
  const { code, out, err } = await run('diff', base, file(changed));
  expect([code, err]).toEqual([1, '']);
  expect(out.split('\n').filter((line) => !line.startsWith('  '))).toEqual(['Opens (1)', '', 'Closes (1)', '', 'Other changes (2)']);
  expect(out).toContain('  container broker of StatefulSet broker in platform now runs as root');
});

test('--json says the same in three lists', async () => {
  const { code, out } = await run('diff', '--json', base, file(withRow('policies', { interact: true })));
  expect(code).toBe(1);
  expect(JSON.parse(out)).toEqual({ opens: [{ section: 'policies', text: 'policy team-a/model-access now lets people talk to the agents' }], closes: [], changes: [] });
});

test('--help and --version answer without files', async () => {
  expect(await run('--help')).toMatchObject({ code: 0, out: expect.stringContaining('Usage: cdk8s-agent-platform diff OLD NEW [--json]') });
  expect(await run('--version')).toEqual({ code: 0, out: '1.2.3', err: '' });
});

test('names cannot move the cursor, hide lines or turn them round', async () => {
  const evil = withRow('waivers', { object: 'Pod a\u001b[2K\u001b[1A\r\nNo difference.\u202e\u009b', reason: '\u0007' });
  for (const more of [[], ['--json']]) {
    const { out } = await run('diff', base, file(evil), ...more);
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(out.split('\n')).not.toContain('No difference.');
    expect(out).toContain('\\u{1b}[2K');
  }
});

describe('it cannot be told, and ends with 2', () => {
  const missing = join(folder, 'missing.json');

  test.each<[string, () => string, string]>([
    ['a file that is not there', () => missing, `${missing} cannot be read: ENOENT`],
    ['a folder', () => folder, `${folder} cannot be read: EISDIR`],
    ['text that is not JSON', () => file('{'), 'is not JSON'],
    ['nothing', () => file(''), 'is not JSON'],
    ['null', () => file(null), 'is not a posture document: must be an object, got null'],
    ['a list', () => file([]), 'is not a posture document: must be an object, got []'],
    ['a manifest', () => file({ apiVersion: 'v1', kind: 'Pod' }), 'is not a posture document: schema: is required'],
    ['a newer document', () => file({ ...BASE, schema: 'cdk8s-agent-platform/posture/v2' }), "schema is 'cdk8s-agent-platform/posture/v2', and this version reads 'cdk8s-agent-platform/posture/v1' only"],
    ['a field of another type', () => file(withContainer({ user: 'root' as never })), 'pods[0].containers[0].user: must be a whole number from 0'],
    ['a word that is none', () => file(withRow('pods', { level: 'weak' as never })), 'pods[0].level: must be one of "restricted", "baseline", "privileged", got "weak"'],
    ['a field that nobody knows', () => file({ ...BASE, more: 1 }), 'more: is not a known field'],
    ['a prototype in disguise', () => file('{"__proto__":{"schema":"x"}}'), 'is not a posture document'],
    ['a nest without bottom', () => file('['.repeat(200_000)), 'cdk8s-agent-platform: '],
  ])('%s', async (_, path, message) => {
    for (const files of [[path(), base], [base, path()]]) {
      const { code, out, err } = await run('diff', ...files);
      expect([code, out]).toEqual([2, '']);
      expect(err).toContain(message);
      expect(err.length).toBeLessThan(2000);
    }
  });

  test('a file that is too large, without reading all of it', async () => {
    await expect(readDocument(base, 100)).rejects.toThrow(`${base} is larger than 100 bytes, which no posture document is`);
  });

  test('a file without end', async () => {
    await expect(readDocument('/dev/zero', 1_000_000)).rejects.toThrow('/dev/zero is larger than 1000000 bytes');
  });

  test.each([
    [[], 'name a command; --help lists them'],
    [['dif', 'a', 'b'], "there is no command 'dif'; --help lists them"],
    [['diff'], 'diff needs two files, OLD and NEW, got 0'],
    [['diff', 'a'], 'diff needs two files, OLD and NEW, got 1'],
    [['diff', 'a', 'b', 'c'], 'diff needs two files, OLD and NEW, got 3'],
    [['diff', 'a', 'b', '--yaml'], "Unknown option '--yaml'"],
    [['diff', 'a', 'b', '--json=yes'], "Option '--json' does not take an argument"],
  ])('the words %j', async (argv, message) => {
    expect(await run(...argv)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(message) });
  });
});
