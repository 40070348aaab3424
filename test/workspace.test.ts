import { Size, Testing } from 'cdk8s';
import { SeedCredential, SeedRepository } from '../src/seed-repository';
import { Workspace, WorkspaceAccessMode, WorkspaceProps } from '../src/workspace';
import { StubNamespace } from './helpers/namespace';

type Options = Partial<Omit<WorkspaceProps, 'namespace'>>;

function synth(options: Options = {}) {
  const chart = Testing.chart();
  const workspace = new Workspace(chart, 'files', { namespace: new StubNamespace(), size: Size.gibibytes(10), ...options });
  return { workspace, manifest: Testing.synth(chart)[0] };
}

const refusal = (options: Options) => () => synth(options);
const seeded = (...seed: SeedRepository[]) => synth({ seed }).manifest.spec.seed.repos;
const unseedable = (...seed: SeedRepository[]) => refusal({ seed });
const HTTPS = 'https://github.com/acme/app.git';
const LIBRARY = 'https://github.com/acme/lib.git';

test('a workspace is an object of its namespace, named by its construct id', () => {
  const { workspace, manifest } = synth();
  expect(manifest).toMatchObject({ apiVersion: 'paddock.dev/v1alpha1', kind: 'Workspace', metadata: { name: 'files', namespace: 'team-a' } });
  expect(manifest.spec).toEqual({ storage: { size: '10Gi' } });
  expect(workspace.workspaceName).toBe('files');
});

test('every property reaches the object', () => {
  const { manifest } = synth({
    name: 'fixed',
    size: Size.mebibytes(1536),
    storageClassName: 'fast',
    accessMode: WorkspaceAccessMode.READ_WRITE_MANY,
    seed: [{ url: HTTPS, path: 'app', branch: 'main', depth: 1 }, { url: LIBRARY, path: 'lib' }],
  });
  expect(manifest.metadata.name).toBe('fixed');
  expect(manifest.spec).toEqual({
    storage: { size: '1536Mi', storageClass: 'fast', accessMode: 'ReadWriteMany' },
    seed: { repos: [{ url: HTTPS, path: 'app', branch: 'main', depth: 1 }, { url: LIBRARY, path: 'lib' }] },
  });
});

test('a seed credential is a reference to a Secret', () => {
  expect(seeded({ url: HTTPS, credential: SeedCredential.secret('git') })).toEqual([{ url: HTTPS, credentialsSecretRef: { name: 'git' } }]);
  expect(seeded({ url: HTTPS, credential: SeedCredential.broker({ name: 'creds', key: 'GITHUB_TOKEN' }) }))
    .toEqual([{ url: HTTPS, brokerCredentialRef: { name: 'creds', key: 'GITHUB_TOKEN' } }]);
});

test('a workspace made elsewhere is known by name alone', () => {
  expect(Workspace.fromName('files')).toEqual({ workspaceName: 'files' });
});

describe('a workspace is refused', () => {
  test('without room', () => {
    expect(refusal({ size: Size.gibibytes(0) })).toThrow(/test\/files: spec\.storage\.size: must be more than 0/);
  });

  test('for an empty list of repositories', () => {
    expect(unseedable()).toThrow(/test\/files: .*seed\.repos/);
  });

  test.each([
    'http://github.com/a/b', 'HTTPS://github.com/a/b', 'https://user:pw@github.com/a/b', 'https://token@github.com/a/b', 'git://github.com/a/b',
    'file:///etc', '/etc', 'ext::sh -c id', '--upload-pack=id', '-oProxyCommand=id@host:x', '',
  ])('for the repository %j', (url) => {
    expect(unseedable({ url })).toThrow(/test\/files: .*seed\.repos\[0\]\.url/);
  });

  test.each(['/abs', '..', 'a/../b', '.', './a', 'a//b', ''])('for the clone path %j', (path) => {
    expect(unseedable({ url: HTTPS, path })).toThrow(/test\/files: .*seed\.repos\[0\]\.path/);
  });

  test('for several repositories without paths', () => {
    expect(unseedable({ url: HTTPS, path: 'app' }, { url: HTTPS })).toThrow(/test\/files: .*each of several repositories must have a path/);
  });

  test('for two repositories in one place', () => {
    expect(unseedable({ url: HTTPS, path: 'app' }, { url: HTTPS, path: 'app' })).toThrow(/test\/files: .*no two repositories may have the same path/);
  });

  // The kind takes ssh, as paddock does, but the only way out of a pod is the egress proxy: such a seed would fail in the cluster.
  test.each(['git@github.com:acme/lib.git', 'ssh://git@github.com/acme/lib.git', 'ssh://github.com:22/acme/lib.git'])('for the repository %s over ssh', (url) => {
    expect(unseedable({ url: HTTPS, path: 'app' }, { url, path: 'lib' })).toThrow(/test\/files: .*must begin with https:\/\/, .*ssh.*, got /);
  });

  test('for a repository in the folder that is kept for what is about the workspace', () => {
    expect(unseedable({ url: HTTPS, path: '.paddock/app' })).toThrow(/test\/files: .*, got \.paddock\/app/);
  });

  test('for a repository whose address ends without a name for its folder', () => {
    expect(unseedable({ url: 'https://github.com/' })).toThrow(/test\/files: .*must have a path/);
    expect(unseedable({ url: 'https://github.com/', path: 'app' })).not.toThrow();
  });

  test('for a surrogate over ssh, which the egress proxy cannot exchange', () => {
    const credential = SeedCredential.broker({ name: 'creds', key: 'KEY' });
    expect(unseedable({ url: 'git@github.com:a/b', credential })).toThrow(/test\/files: .*brokerCredentialRef is for https URLs only/);
  });

  test.each(['-b', '--upload-pack=id', 'a b'])('for the branch %j', (branch) => {
    expect(unseedable({ url: HTTPS, branch })).toThrow(/test\/files: .*branch.*blanks or begin with '-'/);
  });

  test.each([-1, 1.5])('for the depth %d', (depth) => {
    expect(unseedable({ url: HTTPS, depth })).toThrow(/test\/files: .*depth/);
  });

  test.each(['a'.repeat(59), 'Files'])('under the name %j', (name) => {
    expect(refusal({ name })).toThrow(/test\/files: .*name must/);
  });

  test('when another workspace of the namespace has its name', () => {
    const chart = Testing.chart();
    const props = { namespace: new StubNamespace(), size: Size.gibibytes(1), name: 'same' };
    new Workspace(chart, 'one', props);
    expect(() => new Workspace(chart, 'two', props)).toThrow("test/two: name 'same' is taken by the Workspace of 'test/one'");
  });
});
