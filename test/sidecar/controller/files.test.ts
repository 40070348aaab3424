import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openReviewedCallers, openKnownCallers } from '../../../sidecar/src/controller/auth/callers-file';
import { openPoolsFile } from '../../../sidecar/src/controller/pools/pools-file';
import { eventually, tempFolder } from '../../helpers/temp-folder';

const TOKEN = 'planted-token-of-the-gateway';
const POOL = { namespace: 'team-a', name: 'python', maxSessionSeconds: 3600, idleSeconds: 900 };
const root = tempFolder();
const open: { close(): void }[] = [];
let count = 0;

afterEach(() => open.splice(0).forEach((one) => one.close()));

function written(value: unknown): string {
  const file = join(root, `file-${count += 1}`);
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value), { mode: 0o600 });
  return file;
}

async function kept<T extends { close(): void }>(opening: Promise<T>): Promise<T> {
  const one = await opening;
  open.push(one);
  return one;
}

const silent = { refused: () => {}, warned: () => {}, pollMilliseconds: 20 };

describe('a file of accounts', () => {
  const reviewed = (value: unknown, account = { namespace: 'platform', name: 'gateway' }) =>
    kept(openReviewedCallers(async () => account, { file: written(value), ...silent })).then((callers) => callers.review('t'));

  test('says who speaks for others, and who has sessions of its own where', async () => {
    const file = { 'platform/gateway': { onBehalf: true }, 'team-a/sdk': {}, 'team-b/sdk': { namespaces: ['team-c'] } };
    expect(await reviewed(file)).toEqual({ namespace: 'platform', serviceAccount: 'gateway', onBehalf: true, namespaces: new Set(['platform']) });
    expect(await reviewed(file, { namespace: 'team-a', name: 'sdk' })).toMatchObject({ onBehalf: false, namespaces: new Set(['team-a']) });
    expect(await reviewed(file, { namespace: 'team-b', name: 'sdk' })).toMatchObject({ namespaces: new Set(['team-c']) });
  });

  test.each([{ namespace: 'platform', name: 'other' }, { namespace: '__proto__', name: 'x' }])('lets nobody else in: %j', async (account) => {
    await expect(reviewed({ 'platform/gateway': {} }, account)).rejects.toMatchObject({ code: 'FORBIDDEN', status: 403 });
  });

  test('does not make anybody of a token that is not valid', async () => {
    const callers = await kept(openReviewedCallers(async () => undefined, { file: written({}), ...silent }));
    expect(await callers.review('t')).toBeUndefined();
  });

  test.each<[unknown, RegExp]>([
    ['{', /is not JSON/], [[], /must be a JSON object/], [{ gateway: {} }, /"gateway": /], [{ 'a/b/c': {} }, /must be namespace\/serviceAccount/],
    [{ 'A/b': {} }, /RFC 1123 label/], [{ 'a/b': { onbehalf: true } }, /onbehalf/], [{ 'a/b': { onBehalf: 'yes' } }, /onBehalf: must be/],
    [{ 'a/b': { namespaces: 'x' } }, /namespaces/], [{ 'a/b': { namespaces: ['X'] } }, /RFC 1123 label/], [{ 'a/b': { namespaces: ['x', 'x'] } }, /twice/],
    ['{"a/b":{},"a/b":{}}', /every key is there once/], [Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`a/b${i}`, {}])), /more than 1000/],
  ])('is refused: %j', async (value, problem) => {
    await expect(reviewed(value)).rejects.toThrow(problem);
  });
});

describe('a file of tokens', () => {
  const entry = { namespace: 'platform', serviceAccount: 'gateway', onBehalf: true };

  test('says whose a token is', async () => {
    const callers = await kept(openKnownCallers({ file: written({ [TOKEN]: entry }), ...silent }));
    expect(await callers.review(TOKEN)).toMatchObject({ serviceAccount: 'gateway', onBehalf: true });
    for (const other of ['', TOKEN.slice(1), `${TOKEN} `, '__proto__']) expect(await callers.review(other)).toBeUndefined();
  });

  test.each<[unknown, RegExp]>([
    [`{"${TOKEN}"`, /is not JSON/], [{ short: entry }, /caller 1: its token must have 16/], [{ [TOKEN]: { ...entry, [TOKEN]: 1 } }, /caller 1: has a field that is not known/],
    [{ [TOKEN]: { namespace: 'a' } }, /caller 1: serviceAccount: is required/], [{ [TOKEN]: TOKEN }, /caller 1: must be an object/], [{ [TOKEN]: { ...entry, namespace: TOKEN.toUpperCase() } }, /caller 1: namespace/],
  ])('is refused without a word of its tokens: case %#', async (value, problem) => {
    const error: Error = await openKnownCallers({ file: written(value), ...silent }).then(() => new Error('it opened'), (reason) => reason);
    expect(error.message).toMatch(problem);
    expect(error.message.toLowerCase()).not.toContain(TOKEN);
  });

  test('is refused when others can write it', async () => {
    const file = written({ [TOKEN]: entry });
    chmodSync(file, 0o602);
    await expect(openKnownCallers({ file, ...silent })).rejects.toThrow('must not be writable by others');
  });
});

describe('a file of pools', () => {
  const entryPoint = { path: '/', protocol: 'HTTP', port: 8080 };

  test('is followed, and one with a mistake changes nothing', async () => {
    const file = written({ pools: [POOL] });
    const told: string[] = [];
    const pools = await kept(openPoolsFile({ file, refused: (problem) => told.push(problem), pollMilliseconds: 20 }));
    expect(pools.current().find('team-a', 'python')).toEqual(POOL);
    expect(pools.current().find('team-b', 'python')).toBeUndefined();
    renameSync(written({ pools: [POOL, POOL] }), file);
    await eventually(() => told.length > 0);
    expect([told, pools.current().all]).toEqual([[`${file}: team-a/python is there twice`], [POOL]]);
    renameSync(written({ pools: [{ ...POOL, name: 'node', template: 'web', replicas: 3, entryPoints: [entryPoint] }] }), file);
    await eventually(() => pools.current().find('team-a', 'node') !== undefined);
    expect(pools.current().all).toHaveLength(1);
  });

  test.each<[string, unknown]>([
    ['of no JSON', '{'], ['of a list', []], ['without pools', {}], ['with an unknown field', { pools: [], x: 1 }], ['with an unknown field of a pool', { pools: [{ ...POOL, warm: 1 }] }],
    ['without a name', { pools: [{ ...POOL, name: undefined }] }], ['with a name in capitals', { pools: [{ ...POOL, name: 'Python' }] }], ['with a long name', { pools: [{ ...POOL, name: 'p'.repeat(64) }] }],
    ['with no time', { pools: [{ ...POOL, maxSessionSeconds: 0 }] }], ['with too long a time', { pools: [{ ...POOL, maxSessionSeconds: 30 * 24 * 3600 + 1 }] }],
    ['with half a second', { pools: [{ ...POOL, idleSeconds: 10.5 }] }], ['with too short an idle time', { pools: [{ ...POOL, idleSeconds: 9 }] }], ['with too long an idle time', { pools: [{ ...POOL, idleSeconds: 30 * 24 * 3600 + 1 }] }], ['with fewer workers than none', { pools: [{ ...POOL, replicas: -1 }] }],
    ['with no entry points', { pools: [{ ...POOL, entryPoints: [] }] }], ['with an entry point of no path', { pools: [{ ...POOL, entryPoints: [{ ...entryPoint, path: 'x' }] }] }],
    ['with an entry point of a query', { pools: [{ ...POOL, entryPoints: [{ ...entryPoint, path: '/x?y' }] }] }], ['with an entry point of another protocol', { pools: [{ ...POOL, entryPoints: [{ ...entryPoint, protocol: 'TCP' }] }] }],
    ['with a credential that no shell reads', { pools: [{ ...POOL, template: 'web', credentials: ['A-B'] }] }], ['with a credential twice', { pools: [{ ...POOL, template: 'web', credentials: ['A', 'A'] }] }],
    ['with a credential of a name that the platform sets', { pools: [{ ...POOL, template: 'web', credentials: ['HTTPS_PROXY'] }] }], ['with credentials and no template', { pools: [{ ...POOL, credentials: ['A'] }] }],
    ['with many credentials', { pools: [{ ...POOL, template: 'web', credentials: Array.from({ length: 33 }, (_, at) => `A${at}`) }] }],
    ['with port 0', { pools: [{ ...POOL, entryPoints: [{ ...entryPoint, port: 0 }] }] }], ['with an entry point twice', { pools: [{ ...POOL, entryPoints: [entryPoint, entryPoint] }] }],
  ])('is refused %s', async (_name, value) => {
    await expect(openPoolsFile({ file: written(value), ...silent })).rejects.toThrow(/^\/.*: /);
  });
});
