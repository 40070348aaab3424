import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openIdentities, reviewedCallers } from '../../../../sidecar/src/broker/callers/identities';
import { eventually, tempFolder } from '../../../helpers/temp-folder';

const root = tempFolder();
const open: { close(): void }[] = [];
let count = 0;

afterEach(() => open.splice(0).forEach((identities) => identities.close()));

async function identitiesOf(text: string) {
  const file = join(root, `identities-${count += 1}`);
  writeFileSync(file, text);
  const told: string[] = [];
  const identities = await openIdentities({ file, refused: (problem) => told.push(problem), pollMilliseconds: 20 });
  open.push(identities);
  return { file, identities, told };
}

const OPERATOR = JSON.stringify({ 'agents/operator': { capabilities: ['issue', 'renew'] } });

describe('a reviewed caller', () => {
  const account = { namespace: 'agents', name: 'operator', podUid: 'pod-1' };

  test('has the capabilities of its identity', async () => {
    const { identities } = await identitiesOf(OPERATOR);
    const callers = reviewedCallers(async () => account, () => identities.current());
    expect(await callers.review('token')).toEqual({ namespace: 'agents', serviceAccount: 'operator', podUid: 'pod-1', capabilities: new Set(['issue', 'renew']) });
  });

  test('has the subjects of its identity', async () => {
    const { identities } = await identitiesOf(JSON.stringify({ 'agents/operator': { capabilities: ['issue'], subjects: ['sessions'] } }));
    const callers = reviewedCallers(async () => account, () => identities.current());
    expect((await callers.review('token'))!.subjects).toEqual(new Set(['sessions']));
  });

  test.each([{ namespace: 'agents', name: 'other' }, { namespace: 'other', name: 'operator' }, { namespace: 'agents', name: '__proto__' }])('that is not named has none: %j', async (other) => {
    const { identities } = await identitiesOf(OPERATOR);
    const callers = reviewedCallers(async () => other, () => identities.current());
    expect((await callers.review('token'))!.capabilities.size).toBe(0);
  });

  test('that is nobody stays nobody, and a review that fails is no verdict', async () => {
    expect(await reviewedCallers(async () => undefined, () => new Map()).review('token')).toBeUndefined();
    await expect(reviewedCallers(() => Promise.reject(new Error('down')), () => new Map()).review('token')).rejects.toThrow('down');
  });
});

test('a changed file is used, and one with a mistake changes nothing', async () => {
  const { file, identities, told } = await identitiesOf(OPERATOR);
  writeFileSync(`${file}.new`, '{"agents/operator": ');
  renameSync(`${file}.new`, file);
  await eventually(() => told.length > 0);
  expect(identities.current().has('agents/operator')).toBe(true);
  writeFileSync(`${file}.new`, '{}');
  renameSync(`${file}.new`, file);
  await eventually(() => !identities.current().has('agents/operator'));
});

describe('a file is refused', () => {
  test.each<[string, string, RegExp]>([
    ['that is not JSON', 'agents/operator: {}', /is not JSON in which every key is there once/],
    ['with an identity that is there twice', '{"a/b": {"capabilities": []}, "a/b": {"capabilities": ["issue"]}}', /every key is there once/],
    ['that is a list', '[]', /must be a JSON object/],
    ['whose identity has no namespace', '{"operator": {"capabilities": []}}', /"operator": must be namespace\/serviceAccount/],
    ['whose identity has three parts', '{"a/b/c": {"capabilities": []}}', /must be namespace\/serviceAccount/],
    ['whose identity is a pattern', '{"agents/*": {"capabilities": []}}', /serviceAccount: must be an RFC 1123 subdomain/],
    ['whose namespace is none', '{"A/b": {"capabilities": []}}', /namespace: must be an RFC 1123 label/],
    ['with an unknown capability', '{"a/b": {"capabilities": ["admin"]}}', /capabilities\[0\]: must be one of "issue"/],
    ['with an unknown subject', '{"a/b": {"capabilities": [], "subjects": ["pods"]}}', /subjects\[0\]: must be one of "runs"/],
    ['without capabilities', '{"a/b": {}}', /capabilities/],
    ['with another field', '{"a/b": {"capabilities": [], "podUid": "x"}}', /podUid/],
    ['with too many identities', JSON.stringify(Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`a/b${i}`, { capabilities: [] }]))), /more than 1000 identities/],
  ])('%s', async (_, text, problem) => {
    await expect(identitiesOf(text)).rejects.toThrow(problem);
  });
});
