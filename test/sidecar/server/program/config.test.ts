import { EnvironmentError, helpText, plainHttpProblems, readEnvironment } from '../../../../sidecar/src/server/program/config';
import { BROKER_ENV, COMMON_ENV, OPERATOR_ENV, SESSION_ENV, type EnvTable } from '../../../../src/protocol/env';

const DIRECTORY = { CATALOG: 'directory', CATALOG_DIR: 'catalog', CALLERS_FILE: '/etc/callers.json', STATE_DIR: '/state' };

function problemsOf(table: EnvTable, env: Record<string, string>): readonly string[] {
  try {
    readEnvironment(table, env);
  } catch (error) {
    if (error instanceof EnvironmentError) return error.problems;
    throw error;
  }
  return [];
}

describe('what is read', () => {
  test('defaults fill in what is not set, and the rest is undefined', () => {
    expect(readEnvironment(BROKER_ENV, DIRECTORY)).toEqual({
      BROKER_LISTEN: { host: '127.0.0.1', port: 8443, isLoopback: true },
      ADMIN_LISTEN: { port: 8081, isLoopback: false },
      LOG_LEVEL: 'info',
      DRAIN_SECONDS: 0,
      CATALOG: 'directory',
      CATALOG_DIR: 'catalog',
      CALLERS_FILE: '/etc/callers.json',
      STATE_DIR: '/state',
      RUN_NAMESPACES: [],
      ISSUE_PER_SECOND: 5,
      VALIDATE_PER_SECOND: 100,
      SUBSTITUTE_PER_SECOND: 50,
      TLS_SELF_MADE: false,
      KUBERNETES_SERVICE_PORT: 443,
    });
  });

  test.each([
    [':8443', { port: 8443, isLoopback: false }],
    ['0.0.0.0:0', { host: '0.0.0.0', port: 0, isLoopback: false }],
    ['127.0.0.2:1', { host: '127.0.0.2', port: 1, isLoopback: true }],
    ['localhost:65535', { host: 'localhost', port: 65535, isLoopback: true }],
    ['[::1]:8443', { host: '::1', port: 8443, isLoopback: true }],
    ['[2001:db8::1]:8443', { host: '2001:db8::1', port: 8443, isLoopback: false }],
    ['broker.example:80', { host: 'broker.example', port: 80, isLoopback: false }],
  ])('%s is an address to listen on', (text, listen) => {
    expect(readEnvironment(COMMON_ENV, { ADMIN_LISTEN: text }).ADMIN_LISTEN).toEqual(listen);
  });

  test('names are a list without repetitions', () => {
    expect(readEnvironment(BROKER_ENV, { ...DIRECTORY, RUN_NAMESPACES: 'team-a,b,team-a' }).RUN_NAMESPACES).toEqual(['team-a', 'b']);
  });

  test('references are a list without repetitions', () => {
    const { PULL_SECRETS } = OPERATOR_ENV;
    expect(readEnvironment({ PULL_SECRETS }, { PULL_SECRETS: 'a/registry,b/mirror.example,a/registry' })).toEqual({
      PULL_SECRETS: [{ namespace: 'a', name: 'registry' }, { namespace: 'b', name: 'mirror.example' }],
    });
    expect(readEnvironment({ PULL_SECRETS }, {})).toEqual({ PULL_SECRETS: [] });
  });

  test('a flag is a boolean and an integer a number', () => {
    expect(readEnvironment(SESSION_ENV, { SESSION_WORKSPACE: '/w', SESSION_REQUIRE_BOOT_ID: 'true' }).SESSION_REQUIRE_BOOT_ID).toBe(true);
    expect(readEnvironment(COMMON_ENV, { DRAIN_SECONDS: '20' }).DRAIN_SECONDS).toBe(20);
  });

  test('variables of others are left alone, also malformed ones', () => {
    expect(readEnvironment(COMMON_ENV, { PATH: '', BROKER_LISTEN: 'nonsense' })).toEqual(readEnvironment(COMMON_ENV, {}));
  });
});

describe('what is refused', () => {
  test.each([
    ['ADMIN_LISTEN', ['8081', 'host', ':65536', ':-1', ':', '', '::1:80', '[127.0.0.1]:80', '[::1]', '[::zz]:1', '1.2.3.4.5:80', '256.0.0.1:80', 'a b:80', '-a:80', 'http://a:80']],
    ['LOG_LEVEL', ['', 'INFO', 'silent', 'info ', 'toString']],
    ['DRAIN_SECONDS', ['', '-1', '21', '1.5', '1e1', '0x5', '05', ' 5', 'ten', '99999999999999999999']],
  ])('a malformed %s', (name, values) => {
    for (const value of values) expect(problemsOf(COMMON_ENV, { [name]: value })).toEqual([expect.stringContaining(`${name} is ${JSON.stringify(value)}; allowed: `)]);
  });

  test.each(['a,,b', ',a', 'Team', 'a_b', '-a', 'a-', 'a b', 'a, b', 'a'.repeat(64)])('%j as a list of names', (value) => {
    expect(problemsOf(BROKER_ENV, { ...DIRECTORY, RUN_NAMESPACES: value })).toEqual([expect.stringContaining('RUN_NAMESPACES is ')]);
  });

  test.each(['a', 'a/', '/b', 'a/b/c', 'a/b,', 'A/b', 'a/B', 'a.b/c', 'a/b..c', 'a/b, a/c', `a/${'b'.repeat(254)}`])('%j as a list of references', (value) => {
    const { PULL_SECRETS } = OPERATOR_ENV;
    expect(problemsOf({ PULL_SECRETS }, { PULL_SECRETS: value })).toEqual([expect.stringMatching(/^PULL_SECRETS is .*; allowed: namespace\/name, separated by commas$/)]);
  });

  test.each(['', 'a\nb', 'a\0b'])('%j as a path', (value) => {
    expect(problemsOf(BROKER_ENV, { ...DIRECTORY, STATE_DIR: value })).toEqual([`STATE_DIR is ${JSON.stringify(value)}; allowed: a path that is not empty`]);
  });

  test.each(['', 'TRUE', '1', 'yes', '__proto__', 'constructor'])('%j as a flag', (value) => {
    expect(problemsOf(SESSION_ENV, { SESSION_WORKSPACE: '/w', SESSION_REQUIRE_BOOT_ID: value }))
      .toEqual([`SESSION_REQUIRE_BOOT_ID is ${JSON.stringify(value)}; allowed: true or false`]);
  });

  test('everything wrong is told at once', () => {
    expect(() => readEnvironment(BROKER_ENV, { CATALOG: 'files', LOG_LEVEL: 'loud' })).toThrow([
      'the environment cannot be used:',
      '  LOG_LEVEL is "loud"; allowed: trace or debug or info or warn or error or fatal',
      '  CATALOG is "files"; allowed: kubernetes or directory',
      '  STATE_DIR is not set: folder that keeps the audit log',
    ].join('\n'));
  });

  test('what only one catalog needs is required with that one', () => {
    expect(problemsOf(BROKER_ENV, { STATE_DIR: '/s' }).map((problem) => problem.split(' ')[0])).toEqual(['POD_NAME', 'POD_NAMESPACE']);
    expect(problemsOf(BROKER_ENV, { STATE_DIR: '/s', CATALOG: 'directory' })).toEqual([
      'CATALOG_DIR is not set: folder with the documents of the directory catalog (required with CATALOG=directory)',
      'CALLERS_FILE is not set: JSON file that says which bearer token is which caller (required with CATALOG=directory)',
    ]);
  });

  test('the value of a secret is never told, nor one that was pasted into another variable', () => {
    const table = { KEY: { kind: 'integer', secret: true, doc: 'a key' }, PLACE: { kind: 'enum', values: ['here'], doc: 'a place' } } as const;
    expect(problemsOf(table, { KEY: 'hunter2', PLACE: 'pdk-anthropicapi-eyJhbGciOiJkaXIifQ..a.b.c' })).toEqual([
      'KEY has a value that cannot be used; allowed: a whole number from 0 to 9007199254740991',
      'PLACE is "[masked]"; allowed: here',
    ]);
  });

  test('a very long value is cut', () => {
    expect(problemsOf(COMMON_ENV, { LOG_LEVEL: 'x'.repeat(100_000) })[0].length).toBeLessThan(200);
  });
});

describe('rules over several variables', () => {
  const check = (config: { DRAIN_SECONDS: number; LOG_LEVEL: string }) =>
    config.DRAIN_SECONDS > 5 && config.LOG_LEVEL === 'trace' ? ['DRAIN_SECONDS and LOG_LEVEL: pick one'] : [];

  test('are among the problems', () => {
    expect(() => readEnvironment(COMMON_ENV, { DRAIN_SECONDS: '6', LOG_LEVEL: 'trace' }, check)).toThrow('DRAIN_SECONDS and LOG_LEVEL: pick one');
  });

  test('are not asked about values that are malformed by themselves', () => {
    const never = jest.fn(() => []);
    expect(() => readEnvironment(COMMON_ENV, { DRAIN_SECONDS: 'x' }, never)).toThrow(EnvironmentError);
    expect(never).not.toHaveBeenCalled();
  });

  test('plain HTTP is for this machine only', () => {
    const everywhere = { port: 8443, isLoopback: false };
    expect(plainHttpProblems('BROKER_LISTEN', everywhere, undefined)).toEqual(['BROKER_LISTEN is reachable from other machines, so TLS_DIR must be set']);
    expect(plainHttpProblems('BROKER_LISTEN', everywhere, '/tls')).toEqual([]);
    expect(plainHttpProblems('BROKER_LISTEN', { host: '::1', port: 1, isLoopback: true }, undefined)).toEqual([]);
  });
});

test('--help tells every variable, what is allowed and what holds when it is not set', () => {
  const text = helpText('broker', BROKER_ENV);
  for (const [name, { doc }] of Object.entries(BROKER_ENV)) {
    expect(text).toContain(`  ${name}\n`);
    expect(text).toContain(doc);
  }
  expect(text).toContain('kubernetes | directory; default "kubernetes"');
  expect(text).toContain('whole number from 0 to 20; default "0"');
  expect(text).toContain('path; required with CATALOG=directory');
});
