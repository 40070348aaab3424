import { AGENT_END_ROWS } from './agent-end-rows';
import { EARLY_END_ROWS } from './early-end-rows';
import { GIVEN_UP_ROWS } from './given-up-rows';
import { GOING_ROWS } from './going-rows';
import { LEAVING_ROWS } from './leaving-rows';
import { PATIENCE_ROWS } from './patience-rows';
import { observed, Row, verdictOf } from './pod-documents';
import { WAITED_CLAIM_ROWS } from './waited-claim-rows';
import { WAITED_ROWS } from './waited-rows';
import { WAITING } from '../../../../sidecar/src/operator/phase/waiting';
import { AGENT_PHASES } from '../../../../src/protocol/resources/phases';
import { END_REASONS, RUN_CONDITIONS, WAITING_REASONS } from '../../../../src/protocol/runs';

const TABLES = [GOING_ROWS, PATIENCE_ROWS, GIVEN_UP_ROWS, AGENT_END_ROWS, LEAVING_ROWS, { EARLY_END_ROWS }, WAITED_ROWS, WAITED_CLAIM_ROWS];
const ROWS = TABLES.flatMap((tables) => Object.values<readonly Row[]>(tables).flat());
const VERDICTS = ROWS.map((row) => verdictOf(row));

/** Reasons of the steps before a run has a pod, which no pod can give. */
const WAITING_ELSEWHERE: readonly string[] = [
  'Retrying', 'TemplateNotFound', 'TemplateInvalid', 'PolicyMissing', 'WorkspaceNotFound', 'WorkspaceNotReady', 'WorkspaceBusy', 'BrokerUnavailable', 'PoolExhausted',
  'ProviderFailure', 'AuditUnavailable', 'RateLimited', 'ProxyNotConfigured',
  'QuotaExceeded', 'ApiUnavailable', 'NameTaken',
];
const ENDS_ELSEWHERE: readonly string[] = [
  'InteractiveUnsupported', 'TemplateNotFound', 'TemplateInvalid', 'PolicyMissing', 'PromptGranted', 'WorkspaceNotFound', 'WorkspaceFailed', 'SeedRejected',
  'CredentialNameTaken', 'BrokerDenied', 'PodSecurity', 'AdmissionDenied', 'PodRefused', 'NameTaken',
];

const reasonsOf = (kind: 'going' | 'ended') => new Set<string>(VERDICTS.filter((verdict) => verdict.kind === kind).map(({ reason }) => reason));

test('each phase of the agent is that of some row', () => {
  expect(new Set(VERDICTS.map(({ agent }) => agent))).toEqual(new Set(AGENT_PHASES));
});

test('each reason to wait that a pod can give is that of some row', () => {
  expect(reasonsOf('going')).toEqual(new Set(WAITING_REASONS.filter((reason) => !WAITING_ELSEWHERE.includes(reason))));
});

test('each end that a pod can come to is that of some row', () => {
  expect(reasonsOf('ended')).toEqual(new Set(END_REASONS.filter((reason) => !ENDS_ELSEWHERE.includes(reason))));
});

test('each reason of a waiting container stands in the pod of some row', () => {
  const statuses = ROWS.flatMap(({ pod }) => [...(pod?.status?.initContainerStatuses ?? []), ...(pod?.status?.containerStatuses ?? [])]);
  const seen = new Set(statuses.map(({ state }) => state?.waiting?.reason));
  expect([...WAITING.keys()].filter((reason) => !seen.has(reason))).toEqual([]);
});

test('the condition PodReady has a reason for each pod that goes on', () => {
  const reasons = new Set(VERDICTS.flatMap((verdict) => (verdict.kind === 'going' ? [verdict.podReady] : [])));
  expect(reasons).toEqual(new Set(RUN_CONDITIONS.PodReady.filter((reason) => reason !== 'Completed' && reason !== 'Failed')));
});

test('no two rows argue the same', () => {
  const seen = new Map<string, string>();
  const same = ROWS.flatMap((row) => {
    const key = JSON.stringify(observed(row));
    const first = seen.get(key);
    seen.set(key, row.name);
    return first === undefined ? [] : [[first, row.name]];
  });
  expect(same).toEqual([]);
});
