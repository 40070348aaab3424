import { START, timeText } from './lease-world';
import { issuedText, openLeases, renewableLeases, withIssued, withRenewed } from '../../../../../sidecar/src/operator/runs/leases/lease-status';
import { IssueResponse, NO_EXPIRY } from '../../../../../src/protocol/broker-api';
import { harnessRunStatus } from '../../../../../src/protocol/resources/harness-run-status';
import { problemsOf } from '../../../../../src/protocol/schema/validate';

const END = timeText(START);
const answer = (leaseId: string, more: Partial<IssueResponse> = {}): IssueResponse => ({ value: 'planted', leaseId, expiresAt: END, provider: 'UserSuppliedSecret', deliveryMode: 'ProxyInjected', ...more });
const lease = (leaseID: string, credentialName = 'A', expiresAt?: string) => ({ provider: 'UserSuppliedSecret' as const, leaseID, credentialName, ...(expiresAt === undefined ? {} : { expiresAt }) });
const surrogate = (name: string) => ({ name, provider: 'UserSuppliedSecret' as const, deliveryMode: 'ProxyInjected' as const });

test('what is issued fits the schema of the status, and holds no value', () => {
  const answers = new Map([
    ['A', answer('uss-1', { hosts: ['api.example.test'] })],
    ['B', answer('pat-1', { provider: 'PATPool', poolSecretRef: { name: 'pool', key: 'tokens' }, poolSlotIndex: 0 })],
    ['C', answer('uss-2-v', { deliveryMode: 'InContainer', inContainerReason: 'the tool cannot use a proxy', expiresAt: NO_EXPIRY })],
  ]);
  const status = withIssued({}, ['A', 'B', 'C'], answers);
  expect(problemsOf(harnessRunStatus, status, 'status')).toEqual([]);
  expect(JSON.stringify(status)).not.toContain('planted');
  expect(status.issuedLeases!.map(({ expiresAt }) => expiresAt)).toEqual([END, END, undefined]);
});

test('another value of a credential takes the place of the earlier one', () => {
  expect(withIssued({ issuedLeases: [lease('uss-1-v1')] }, ['A'], new Map([['A', answer('uss-1-v2')]])).issuedLeases!.map(({ leaseID }) => leaseID)).toEqual(['uss-1-v2']);
});

test('credentials that were not answered for now stay; those that the template does not require any more go, and their leases stay', () => {
  const before = { issuedLeases: [lease('uss-a', 'A'), lease('uss-b', 'B')], credentials: [surrogate('A'), surrogate('B')] };
  const after = withIssued(before, ['A', 'C'], new Map([['C', answer('uss-c')]]));
  expect(after.credentials!.map(({ name }) => name)).toEqual(['A', 'C']);
  expect(after.issuedLeases!.map(({ leaseID }) => leaseID)).toEqual(['uss-a', 'uss-b', 'uss-c']);
});

test('nothing is in the status for a run that needs nothing', () => {
  expect(withIssued({}, [], new Map())).toEqual({ issuedLeases: undefined, credentials: undefined });
  expect(issuedText({})).toBe('0 credentials issued: 0 proxy-injected, 0 in-container');
});

test.each([
  ['of another lease', { name: 'A', leaseId: 'uss-2', expiresAt: timeText(START + 5000) }],
  ['of another credential', { name: 'B', leaseId: 'uss-1', expiresAt: timeText(START + 5000) }],
  ['that is earlier', { name: 'A', leaseId: 'uss-1', expiresAt: timeText(START - 1000) }],
  ['that is the same', { name: 'A', leaseId: 'uss-1', expiresAt: timeText(START) }],
  ['that is no time', { name: 'A', leaseId: 'uss-1', expiresAt: 'soon' }],
  ['of none', { name: 'A', leaseId: 'uss-1', expiresAt: NO_EXPIRY }],
])('an end %s changes nothing', (_, renewed) => {
  const leases = [lease('uss-1', 'A', END)];
  expect(withRenewed(leases, [renewed])).toEqual(leases);
});

test('an end that is later is taken', () => {
  expect(withRenewed([lease('uss-1', 'A', END)], [{ name: 'A', leaseId: 'uss-1', expiresAt: timeText(START + 1000) }])).toEqual([lease('uss-1', 'A', timeText(START + 1000))]);
});

test('a lease is open until the broker says that it is revoked', () => {
  expect(openLeases({ issuedLeases: [lease('uss-1'), lease('constructor', 'B')] }, { revokedLeases: { 'uss-1': END } }).map(({ leaseID }) => leaseID)).toEqual(['constructor']);
  expect(openLeases({}, {})).toEqual([]);
});

test('only surrogates that end are renewed, and only by the provider that they are from', () => {
  const status = {
    issuedLeases: [lease('uss-1', 'A', END), lease('uss-2', 'B'), lease('uss-3', 'C', END), lease('uss-4', 'D', END), { ...lease('gha-5', 'A', END), provider: 'GitHubApp' as const }],
    credentials: [surrogate('A'), surrogate('B'), { ...surrogate('C'), deliveryMode: 'InContainer' as const }],
  };
  expect(renewableLeases(status, {}).map(({ leaseID }) => leaseID)).toEqual(['uss-1']);
});
