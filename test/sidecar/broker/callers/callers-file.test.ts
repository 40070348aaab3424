import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCallersFile } from '../../../../sidecar/src/broker/callers/callers-file';
import { eventually, tempFolder } from '../../../helpers/temp-folder';

const TOKEN = 'planted-token-of-run-1';
const IDENTITY = { namespace: 'team-a', serviceAccount: 'r1-collector' };
const root = tempFolder();
const open: { close(): void }[] = [];
let count = 0;

afterEach(() => open.splice(0).forEach((callers) => callers.close()));

async function callersOf(text: string, mode = 0o600) {
  const path = join(root, `callers-${count += 1}`);
  writeFileSync(path, text);
  chmodSync(path, mode);
  const told: string[] = [];
  const tell = (problem: string) => told.push(problem);
  const callers = await openCallersFile({ file: path, refused: tell, warned: tell, pollMilliseconds: 20 });
  open.push(callers);
  return { path, callers, told };
}

test('a caller is known by its token', async () => {
  const { callers, told } = await callersOf(JSON.stringify({ [TOKEN]: { ...IDENTITY, podUid: 'pod-1', capabilities: ['issue', 'revoke'] } }));
  expect(await callers.review(TOKEN)).toEqual({ ...IDENTITY, podUid: 'pod-1', capabilities: new Set(['issue', 'revoke']) });
  expect(told).toEqual([]);
});

test.each(['', 'planted-token-of-run-', `${TOKEN} `, TOKEN.toUpperCase(), '__proto__', 'constructor'])('%j is nobody', async (token) => {
  const { callers } = await callersOf(JSON.stringify({ [TOKEN]: IDENTITY }));
  expect(await callers.review(token)).toBeUndefined();
});

test.each([[['sessions']], [[]], [['runs', 'sessions']]])('a caller may say on whose behalf it acts: %j', async (subjects) => {
  const { callers } = await callersOf(JSON.stringify({ [TOKEN]: { ...IDENTITY, subjects } }));
  expect((await callers.review(TOKEN))!.subjects).toEqual(new Set(subjects));
});

test('a changed file is used, also when another takes its place', async () => {
  const { path, callers } = await callersOf(JSON.stringify({ [TOKEN]: IDENTITY }));
  writeFileSync(`${path}.new`, JSON.stringify({ 'another-token-altogether': IDENTITY }), { mode: 0o600 });
  renameSync(`${path}.new`, path);
  for (let i = 0; i < 2000 && await callers.review(TOKEN) !== undefined; i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await callers.review(TOKEN)).toBeUndefined();
  expect(await callers.review('another-token-altogether')).toEqual({ ...IDENTITY, capabilities: new Set() });
});

test('a file with a mistake changes nothing and is told once, without its tokens', async () => {
  const { path, callers, told } = await callersOf(JSON.stringify({ [TOKEN]: IDENTITY }));
  // At once and whole: whoever looks sees one change.
  writeFileSync(`${path}.new`, `{"${TOKEN}": `, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  await eventually(() => told.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 80));
  expect(told.filter((line) => /is not JSON/.test(line))).toHaveLength(1);
  expect(told.join()).not.toContain(TOKEN);
  expect(await callers.review(TOKEN)).toBeDefined();
});

describe('a callers file is refused', () => {
  test.each<[string, string, RegExp]>([
    ['that is not JSON', `${TOKEN}: {}`, /: is not JSON/],
    ['that is a list', `["${TOKEN}"]`, /must be a JSON object/],
    ['that is empty', '', /is not JSON/],
    ['with a token that is there twice', `{"${TOKEN}": ${JSON.stringify(IDENTITY)}, "${TOKEN}": ${JSON.stringify(IDENTITY)}}`, /every key is there once/],
    ['with a short token', JSON.stringify({ 'planted-token-o': IDENTITY }), /caller 1: its token must have 16 to 8192 characters/],
    ['with a blank in a token', JSON.stringify({ [`${TOKEN} x`]: IDENTITY }), /caller 1: its token must/],
    ['with an unknown field', JSON.stringify({ [TOKEN]: { ...IDENTITY, [TOKEN]: {} } }), /caller 1: has a field that is not known; allowed are namespace/],
    ['with an unknown capability', JSON.stringify({ [TOKEN]: { ...IDENTITY, capabilities: [TOKEN] } }), /caller 1: capabilities\[0\]: must be one of "issue"/],
    ['with an unknown subject', JSON.stringify({ [TOKEN]: { ...IDENTITY, subjects: [TOKEN] } }), /caller 1: subjects\[0\]: must be one of "runs"/],
    ['with a capability twice', JSON.stringify({ [TOKEN]: { ...IDENTITY, capabilities: ['issue', 'issue'] } }), /must not be listed twice/],
    ['without namespace', JSON.stringify({ [TOKEN]: { serviceAccount: 'x' } }), /caller 1: namespace: is required/],
    ['with a namespace in capitals', JSON.stringify({ [TOKEN]: { ...IDENTITY, namespace: 'Team' } }), /namespace: must be an RFC 1123 label/],
    ['with an identity that is a text', JSON.stringify({ [TOKEN]: TOKEN }), /caller 1: must be an object/],
    ['with an empty pod UID', JSON.stringify({ [TOKEN]: { ...IDENTITY, podUid: '' } }), /podUid: must have at least 1 char/],
    ['with too many callers', JSON.stringify(Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`${TOKEN}-${i}`, IDENTITY]))), /more than 1000 callers/],
    ['that is too large', JSON.stringify({ [TOKEN]: IDENTITY, x: 'y'.repeat(1024 * 1024) }), /is larger than 1048576 bytes/],
  ])('%s', async (_, text, problem) => {
    const error: Error = await callersOf(text).then(() => new Error('it opened'), (reason) => reason);
    expect(error.message).toMatch(problem);
    expect(error.message).not.toContain(TOKEN);
  });

  test('that others can write', async () => {
    await expect(callersOf(JSON.stringify({ [TOKEN]: IDENTITY }), 0o602)).rejects.toThrow(/must not be writable by others/);
  });

  test('that is not there', async () => {
    await expect(openCallersFile({ file: join(root, 'nowhere'), refused: () => {}, warned: () => {} })).rejects.toThrow(/ENOENT/);
  });
});

test('a file that others can read is used with a warning', async () => {
  const { callers, told } = await callersOf(JSON.stringify({ [TOKEN]: IDENTITY }), 0o644);
  expect(told[0]).toMatch(/is readable by others$/);
  expect(await callers.review(TOKEN)).toBeDefined();
});
