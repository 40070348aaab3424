import { podOptions } from './agent-pod-options';
import { agentPod } from '../../src/manifests/agent-pod';
import { Seed, seedArguments, seedProblems } from '../../src/manifests/seed';
import { SEED_SCRIPT } from '../../src/manifests/seed-script';

type Repository = Seed['repos'][number];

const URL_OF = 'https://git.example.com:8443/a/b.git';

function container(repos: Repository[], more: { readonly seedImage?: string; readonly seedImagePullPolicy?: 'Never' } = {}) {
  return agentPod(podOptions({ rest: { workspace: { kind: 'claim', name: 'w', seed: { repos } }, ...more } })).spec.initContainers![1];
}

const argumentsOf = (...repos: Repository[]) => seedArguments('/workspace', { repos });
const groupOf = (repository: Repository) => argumentsOf(repository).slice(2);

describe('the container that clones', () => {
  test('runs one script, to which everything of the user is an argument', () => {
    const { command, args } = container([{ url: 'https://h/$(HOME)', path: 'p', branch: '$x' }]);
    expect(command).toEqual(['sh', '-c', SEED_SCRIPT.replaceAll('$', '$$$$'), 'seed']);
    expect(args!.slice(2)).toEqual(['https://h/$$(HOME)', 'p', '$$x', '', '', '']);
  });

  test('has the workspace, whom to trust, and a home of its own', () => {
    const { volumeMounts, env } = container([{ url: URL_OF }]);
    expect(volumeMounts!.map(({ name, mountPath }) => [name, mountPath])).toEqual([['workspace', '/workspace'], ['trust', '/etc/agent-platform/trust'], ['seed', '/seed']]);
    expect(env!.map(({ name, value }) => `${name}=${value}`)).toEqual([
      'GIT_TERMINAL_PROMPT=0', 'GIT_ALLOW_PROTOCOL=https', 'GIT_CONFIG_GLOBAL=/dev/null', 'HOME=/seed',
    ]);
  });

  test('goes out as the agent does, has none of its credentials, and its log is in no status', () => {
    const { envFrom, terminationMessagePolicy } = container([{ url: URL_OF }]);
    expect([envFrom, terminationMessagePolicy]).toEqual([[{ secretRef: { name: 'fix-42-egress' } }], undefined]);
  });

  test('is fetched again unless its image is pinned', () => {
    const policy = (seedImage: string) => container([{ url: URL_OF }], { seedImage }).imagePullPolicy;
    expect([policy('git:1'), policy('git@sha256:0')]).toEqual(['Always', 'IfNotPresent']);
  });

  test('is fetched as somebody says', () => {
    expect(container([{ url: URL_OF }], { seedImage: 'git:1', seedImagePullPolicy: 'Never' }).imagePullPolicy).toBe('Never');
  });

  test('has a surrogate from the Secret of the run, as a code host takes tokens', () => {
    expect(container([{ url: URL_OF, brokerCredentialRef: { name: 'anything', key: 'GIT_TOKEN' } }]).env!.slice(0, 2)).toEqual([
      { name: 'SEED_USERNAME_0', value: 'x-access-token' },
      { name: 'SEED_PASSWORD_0', valueFrom: { secretKeyRef: { name: 'fix-42-broker-creds', key: 'GIT_TOKEN' } } },
    ]);
  });

  test('has user and password of a Secret, each repository its own', () => {
    const repos = [{ url: URL_OF, path: 'a' }, { url: URL_OF, path: 'b', credentialsSecretRef: { name: 'host' } }];
    expect(container(repos).env!.slice(0, 2)).toEqual([
      { name: 'SEED_USERNAME_1', valueFrom: { secretKeyRef: { name: 'host', key: 'username' } } },
      { name: 'SEED_PASSWORD_1', valueFrom: { secretKeyRef: { name: 'host', key: 'password' } } },
    ]);
  });
});

describe('the script is told', () => {
  test('workspace, list, and six things of each repository', () => {
    expect(argumentsOf({ url: URL_OF, path: 'p', branch: 'main', depth: 3 })).toEqual([
      '/workspace', JSON.stringify([{ url: URL_OF, path: 'p', branch: 'main' }]), URL_OF, 'p', 'main', '3', '', '',
    ]);
  });

  test('no depth where the whole history is wanted', () => {
    expect([groupOf({ url: URL_OF, depth: 0 })[3], groupOf({ url: URL_OF })[3]]).toEqual(['', '']);
  });

  test('the origin of a credential and the names of its variables, never the values', () => {
    const [, , , , origin, helper] = groupOf({ url: URL_OF, credentialsSecretRef: { name: 'host' } });
    expect([origin, helper]).toEqual(['https://git.example.com:8443', expect.stringContaining('"$SEED_USERNAME_0" "$SEED_PASSWORD_0"')]);
  });

  test('repositories after those in whose folders they are, with their own credentials', () => {
    const args = argumentsOf({ url: URL_OF, path: 'a/b', credentialsSecretRef: { name: 's' } }, { url: URL_OF, path: 'a' });
    expect([args[3], args[7], args[9], args[13]]).toEqual(['a', '', 'a/b', expect.stringContaining('SEED_PASSWORD_0')]);
    expect(JSON.parse(args[1]).map(({ path }: { path: string }) => path)).toEqual(['a/b', 'a']);
  });
});

test.each([
  ['https://h/a/repo.git', 'repo'], ['https://h/a/repo', 'repo'], ['https://h/repo.git/', 'repo'], ['https://h/a/repo/.git', 'repo'], ['https://h/a/b.c_d-e', 'b.c_d-e'], ['https://h:1/x@y/z//', 'z'],
])('%s is cloned to %s', (url, path) => {
  expect(groupOf({ url })[1]).toBe(path);
  expect(seedProblems({ repos: [{ url }] }, [])).toEqual([]);
});

describe('nothing is cloned', () => {
  test.each(['ssh://git@h/a', 'git@h:a/b.git'])('from %s, which does not pass the proxy', (url) => {
    expect(seedProblems({ repos: [{ url }] }, [])).toEqual([`seed.repos: the URL must begin with https://, as ssh does not pass the egress proxy, got ${url}`]);
  });

  test.each(['https://h', 'https://h/', 'https://h/..', 'https://h/.git', 'https://h/.git.git', 'https://h/a/.GIT', 'https://h/a/...git', 'https://h/a?b=c', 'https://h/a$b'])('from %s without a path', (url) => {
    expect(seedProblems({ repos: [{ url }] }, [])).toEqual([`seed.repos: ${url} must have a path, as no folder can be named after its end`]);
    expect(seedProblems({ repos: [{ url, path: 'p' }] }, [])).toEqual([]);
  });

  test.each([{ url: URL_OF, path: '.paddock/x' }, { url: 'https://h/.paddock' }])('to what the platform keeps: %j', (repository) => {
    expect(seedProblems({ repos: [repository] }, [])).toEqual([expect.stringContaining("must not be in .paddock, which is the platform's")]);
  });

  test('with a credential that the run does not get', () => {
    const repos = [{ url: URL_OF, brokerCredentialRef: { name: 's', key: 'GIT_TOKEN' } }];
    expect(seedProblems({ repos }, ['GIT_TOKEN'])).toEqual([]);
    expect(seedProblems({ repos }, [])).toEqual([`seed.repos: the template of the run must require the credential of ${URL_OF}, GIT_TOKEN; it requires none`]);
  });
});
