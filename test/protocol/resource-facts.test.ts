import * as fc from 'fast-check';
import { isGlob } from '../../src/protocol/glob';
import { isReservedEnv, RESERVED_ENV } from '../../src/protocol/reserved-env';
import { AGENT_PHASES, AUDIT_KINDS, credentialHosts, discoveryActive, isTerminal, KINDS, METHODS, RUN_PHASES, TERMINAL_AGENT_PHASES, TERMINAL_RUN_PHASES } from '../../src/protocol/resources';
import { GLOB_PATTERN } from '../../src/protocol/resources/broker-policy';

const DAY = 24 * 60 * 60 * 1000;
const NOW = Date.parse('2030-01-01T00:00:00Z');

function window(expiresAt: number, accepted = true) {
  return { egressDiscovery: { accepted, expiresAt: new Date(expiresAt).toISOString() } };
}

describe('a discovery window', () => {
  test.each([1, DAY, 7 * DAY])('is open %d ms before its end', (left) => {
    expect(discoveryActive(window(NOW + left), NOW)).toBe(true);
  });

  test.each([['is over', 0], ['was ended early', -DAY], ['ends more than seven days ahead', 7 * DAY + 1]])('is not open when it %s', (_what, left) => {
    expect(discoveryActive(window(NOW + left), NOW)).toBe(false);
  });

  test('is not open unless it is accepted', () => {
    expect(discoveryActive(window(NOW + DAY, false), NOW)).toBe(false);
  });

  test('is not open when its end is no time', () => {
    expect(discoveryActive({ egressDiscovery: { accepted: true, expiresAt: 'soon' } }, NOW)).toBe(false);
  });

  test('is not open when there is none', () => {
    expect(discoveryActive({}, NOW)).toBe(false);
  });
});

describe('phases', () => {
  test('of a run are those of paddock', () => {
    expect(RUN_PHASES).toEqual(['Pending', 'Running', 'Idle', 'Succeeded', 'Failed', 'Cancelled']);
    expect(TERMINAL_RUN_PHASES).toEqual(['Succeeded', 'Failed', 'Cancelled']);
  });

  test('of a run that goes on are not terminal', () => {
    expect(RUN_PHASES.filter((phase) => !isTerminal(phase))).toEqual(['Pending', 'Running', 'Idle']);
  });

  test('of an agent are eight, of which two are ends', () => {
    expect(AGENT_PHASES).toEqual(['created', 'provisioning', 'cloning', 'starting', 'running', 'stopping', 'stopped', 'error']);
    expect(TERMINAL_AGENT_PHASES).toEqual(['stopped', 'error']);
  });
});

describe('reserved variables', () => {
  test.each(['HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy', 'CURL_CA_BUNDLE', 'HOME', 'NODE_OPTIONS', 'PADDOCK_X'])('include %s', (name) => {
    expect(isReservedEnv(name)).toBe(true);
  });

  test.each(['PATH', 'Home', 'Https_Proxy', 'PADDOCK', 'X_PADDOCK_'])('do not include %s', (name) => {
    expect(isReservedEnv(name)).toBe(false);
  });

  test('are listed once', () => {
    expect(new Set(RESERVED_ENV).size).toBe(RESERVED_ENV.length);
  });
});

describe('hosts of a credential', () => {
  const grant = (provider: object) => ({ name: 'K', provider: { secretRef: { name: 's', key: 'k' }, ...provider } } as never);

  test('are those listed before the default ones', () => {
    expect(credentialHosts(grant({ kind: 'AnthropicAPI', hosts: ['a.example.com'] }))).toEqual(['a.example.com']);
    expect(credentialHosts(grant({ kind: 'AnthropicAPI' }))).toEqual(['api.anthropic.com']);
    expect(credentialHosts(grant({ kind: 'GitHubApp' }))).toEqual(['github.com', 'api.github.com']);
  });

  test('are none when the agent holds the credential itself', () => {
    expect(credentialHosts(grant({ kind: 'UserSuppliedSecret', deliveryMode: { inContainer: { accepted: true, reason: 'r' } } }))).toEqual([]);
  });

  test('are none for a provider that needs a list and has none', () => {
    expect(credentialHosts(grant({ kind: 'PATPool' }))).toEqual([]);
    expect(credentialHosts(grant({ kind: 'AWSAccessKey' }))).toEqual([]);
  });
});

test('the pattern of a glob accepts what the matcher can read, and nothing else', () => {
  const pieces = fc.array(fc.constantFrom(...'ab*?[]^-\\/!~'), { minLength: 1, maxLength: 8 }).map((characters) => characters.join(''));
  fc.assert(fc.property(pieces, (glob) => {
    expect([glob, new RegExp(GLOB_PATTERN, 'u').test(glob)]).toEqual([glob, isGlob(glob)]);
  }), { numRuns: 5000 });
});

test('a policy says under Ready why, as it is ready whether it applies to a template or not', () => {
  expect(KINDS.BrokerPolicy.printerColumns).toContainEqual({ name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason', priority: 1 });
});

test('no grant can name TRACE', () => {
  expect(METHODS).not.toContain('TRACE');
});

test('the audit kinds are those of paddock and the anchor', () => {
  expect(AUDIT_KINDS).toHaveLength(25);
});
