import { gatewayProblems } from '../../../sidecar/src/gateway/start';
import { EnvironmentError, readEnvironment } from '../../../sidecar/src/server/program/config';
import { storeProblems } from '../../../sidecar/src/store/configured-store';
import { GATEWAY_ENV } from '../../../src/protocol/env';

type Environment = Readonly<Record<string, string | undefined>>;

const USUAL = { API_KEYS_FILE: 'keys.json', CONTROLLER_URL: 'https://controller', CONTROLLER_TOKEN_FILE: 'token', STORE_URL: 'redis://store', SESSION_KEYS_DIR: 'keys' };

/** What the program says before it ends, as its main file puts it together. */
function problemsWith(env: Environment): readonly string[] {
  try {
    readEnvironment(GATEWAY_ENV, env, (config) => [...gatewayProblems(config), ...storeProblems(config)]);
    return [];
  } catch (error) {
    if (error instanceof EnvironmentError) return error.problems;
    throw error;
  }
}

describe('the gateway starts', () => {
  test.each<[string, Environment]>([
    ['with keys', USUAL],
    ['with issuers', { ...USUAL, API_KEYS_FILE: undefined, ISSUERS_FILE: 'issuers.json' }],
    ['with both', { ...USUAL, ISSUERS_FILE: 'issuers.json' }],
    ['for everybody', { ...USUAL, API_KEYS_FILE: undefined, ANONYMOUS: 'true' }],
    ['on all addresses, with a proxy in front', { ...USUAL, GATEWAY_LISTEN: ':8080' }],
    ...['http://localhost:1', 'http://127.0.0.1:1', 'http://127.255.0.9:1', 'http://[::1]:1'].map((url): [string, Environment] => [`beside a controller at ${url}`, { ...USUAL, CONTROLLER_URL: url }]),
  ])('%s', (_, env) => expect(problemsWith(env)).toEqual([]));
});

describe('the gateway does not start', () => {
  const url = 'CONTROLLER_URL must be an https URL, or an http URL on loopback';
  test.each<[string, Environment, string]>([
    ['for nobody', { ...USUAL, API_KEYS_FILE: undefined }, 'ISSUERS_FILE or API_KEYS_FILE must say who may use the gateway; ANONYMOUS=true lets everybody in'],
    ['for everybody and for some', { ...USUAL, ANONYMOUS: 'true' }, 'ANONYMOUS=true lets everybody in; unset it, or ISSUERS_FILE and API_KEYS_FILE'],
    ['without a token', { ...USUAL, CONTROLLER_TOKEN_FILE: undefined }, 'CONTROLLER_TOKEN_FILE is not set: file with the token for the controller, read for each request'],
    ['without the keys of sessions', { ...USUAL, SESSION_KEYS_DIR: undefined }, 'SESSION_KEYS_DIR is not set: folder with the keys that seal sessions, read again when it changes'],
    ['with a store that no controller sees', { ...USUAL, STORE_URL: 'memory:' }, 'STORE_URL is memory:, which no other process sees; the role dev has controller and gateway in one'],
    ['with a rate of nothing', { ...USUAL, REQUESTS_PER_SECOND: '0' }, 'REQUESTS_PER_SECOND is "0"; allowed: a whole number from 1 to 10000'],
    ...[
      'http://controller', 'http://127.0.0.1.example.com', 'http://localhost.example.com', 'http://10.0.0.1', 'http://[::2]', 'ftp://localhost', 'localhost:8443', '//localhost', 'controller',
    ].map((CONTROLLER_URL): [string, Environment, string] => [`with the controller at ${CONTROLLER_URL}`, { ...USUAL, CONTROLLER_URL }, url]),
  ])('%s', (_, env, problem) => expect(problemsWith(env)).toEqual([problem]));

  test('with a store that is none, whose password is told to nobody', () => {
    const [problem, ...more] = problemsWith({ ...USUAL, STORE_URL: 'http://me:planted-9c@store' });
    expect([problem, more]).toEqual([expect.stringMatching(/^STORE_URL is no such URL; allowed: /), []]);
    expect(problem).not.toContain('planted');
  });
});
