import { brokerOver, callerNamed, Headers } from './build-broker';
import { brokerPolicy, harnessRun, harnessTemplate, headerGrant, secret } from './documents';
import type { BrokerDeps } from '../../../sidecar/src/broker/broker-deps';

/** A broker with an egress proxy, an operator and a controller, for what those do on behalf of others. */

export const UPSTREAM = 'planted-upstream-94be';
export const GITHUB = { host: 'api.github.com', port: 443 };
export const POD_IP = '10.0.0.7';
export const POLICY = brokerPolicy({ name: 'p1' }, { grants: { credentials: [headerGrant()], egress: [{ host: 'api.github.com' }] } });
export const RUN = harnessRun({}, { phase: 'Running', podIPs: [POD_IP, 'fd00::7'] });
export const REST = [harnessTemplate(), POLICY, secret({ token: UPSTREAM })];

const TOKENS = {
  egress: 'token-of-the-egress-proxy',
  operator: 'token-of-the-operator-00',
  controller: 'token-of-the-controller',
  nobody: 'token-of-somebody-else-0',
} as const;

export const SESSION = {
  namespace: 'team-a', pool: 'coders', id: '5f2c9d1e-0000-4000-8000-000000000001', podUID: 'pod-9', podIPs: ['10.0.0.9'], template: 'coder', notAfter: '2026-05-04T12:00:00Z',
};

export function egressWorld(documents: readonly object[] = [RUN, ...REST], more: Partial<BrokerDeps> = {}) {
  const broker = brokerOver(documents, more);
  broker.world.callers.set(TOKENS.egress, callerNamed('platform', 'egress', ['validate-egress', 'substitute-auth']));
  broker.world.callers.set(TOKENS.operator, callerNamed('platform', 'operator', ['issue', 'issue-egress', 'renew', 'revoke']));
  broker.world.callers.set(TOKENS.controller, { ...callerNamed('platform', 'controller', ['issue', 'issue-egress', 'revoke']), subjects: new Set(['sessions']) });
  broker.world.callers.set(TOKENS.nobody, callerNamed('team-a', 'default'));

  /** Asks as a deputy, who names no run unless headers do. */
  const askAs = (who: keyof typeof TOKENS, endpoint: string, body: object, headers: Headers = {}) =>
    broker.ask(endpoint, body, { 'authorization': `Bearer ${TOKENS[who]}`, 'x-paddock-run': undefined, ...headers });

  return {
    ...broker,
    askAs,
    /** A token of the run `team-a/r1`. */
    runToken: async () => String((await askAs('operator', 'issue-egress', {}, OF_RUN)).body.value),
    sessionToken: async (session: object = SESSION) => String((await askAs('controller', 'issue-egress', { session })).body.value),
  };
}

export const OF_RUN: Headers = { 'x-paddock-run': 'r1', 'x-paddock-run-namespace': 'team-a' };
