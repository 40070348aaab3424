import * as fc from 'fast-check';
import { PATHS } from '../../src/protocol/paths';
import { mountProblems } from '../../src/protocol/resources/mount-paths';
import { homePath, sharedPath } from '../../src/protocol/resources/template-pod';
import { RUN_PATHS } from '../../src/protocol/runs';

const sharing = (...paths: string[]) => ({ pod: { sharedDirectories: paths.map((mountPath, index) => ({ name: `d${index}`, mountPath })) } });
const workspace = (mountPath: string) => ({ workspace: { mountPath } });

test('a template that says nothing has no volume in the place of another', () => {
  expect(mountProblems({})).toEqual([]);
});

test('home and shared directories are where they are said to be', () => {
  expect([homePath({}), homePath({ userName: 'node' })]).toEqual([PATHS.home, '/home/node']);
  expect([sharedPath({ name: 'cache' }), sharedPath({ name: 'cache', mountPath: '/c' })]).toEqual(['/shared/cache', '/c']);
});

test.each([
  [workspace('/src')], [workspace('/home/other')], [workspace('/tmpfiles')], [workspace('/opt/paddock')], [sharing('/a', '/ab', '/b/a')],
])('%j is accepted', (template) => {
  expect(mountProblems(template)).toEqual([]);
});

test.each([
  '/tmp', '/tmp/work', RUN_PATHS.shared, RUN_PATHS.prompt, PATHS.trust, '/etc', '/etc/agent-platform', '/dev', PATHS.terminationLog, '/proc', '/sys/fs',
  '/home', PATHS.home, `${PATHS.home}/.cache`,
])('neither workspace nor shared directory may be at %s', (path) => {
  expect(mountProblems(workspace(path))).toHaveLength(1);
  expect(mountProblems(sharing(path))).toHaveLength(1);
});

test('the message names both places', () => {
  expect(mountProblems(sharing('/workspace/cache'))).toEqual([
    "the mount path of the shared directory 'd0' must neither be in that of the workspace, '/workspace', nor hold it, got '/workspace/cache'",
  ]);
});

test('shared directories do not hide each other', () => {
  expect(mountProblems(sharing('/a/b', '/c', '/a'))).toEqual([expect.stringContaining("'d2' must neither be in that of the shared directory 'd0', '/a/b'")]);
});

test('the home directory is that of the user', () => {
  expect(mountProblems({ pod: { userName: 'node' }, ...workspace('/home/agent') })).toEqual([]);
  expect(mountProblems({ pod: { userName: 'node' }, ...workspace('/home/node/app') })).toHaveLength(1);
});

test('what an unknown base may say differently is not compared, what the template says itself is', () => {
  expect(mountProblems(sharing('/workspace', '/home/agent'), true)).toEqual([]);
  expect(mountProblems(sharing('/tmp', '/x', '/x/y'), true)).toHaveLength(2);
  expect(mountProblems({ pod: { userName: 'node', sharedDirectories: [{ name: 'a', mountPath: '/home/node' }] } }, true)).toHaveLength(1);
});

test('the order of shared directories does not matter', () => {
  const path = fc.array(fc.constantFrom('a', 'b', 'tmp', 'home'), { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join('/')}`);
  fc.assert(fc.property(fc.array(path, { maxLength: 4 }), (paths) => {
    expect(mountProblems(sharing(...paths)).length).toBe(mountProblems(sharing(...[...paths].reverse())).length);
  }));
});
