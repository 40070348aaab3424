import type { Pod as ApiPod } from 'kubernetes-types/core/v1';
import { ago, document, Row, terminated } from './pod-documents';

/** The agent has run for so many seconds, as a user that is not the usual one. */
const ran = (code: number, seconds: number, extra: object = {}, user: number | null = 1007): ApiPod => {
  const pod = document({ phase: 'Failed', containerStatuses: [terminated('agent', code, { startedAt: ago(10 + seconds), ...extra })] });
  return { ...pod, spec: { ...pod.spec!, ...(user === null ? {} : { securityContext: { runAsUser: user } }) } };
};
const ALLOWED = /exit code \d+;( .*;)? if it could not write: it ran as user 1007 with a read-only image, and can write to HOME, \/tmp and its workspace$/;
const SILENT = /^(?!.*read-only)/;

export const EARLY_END_ROWS: readonly Row[] = [
  ...[1, 2, 13, 126].map((code): Row => ({ name: `exit code ${code} soon after the start says what the pod allows`, pod: ran(code, 5), verdict: { reason: 'AgentFailed' }, says: ALLOWED })),
  { name: 'an agent that ends in the second in which it began is told so', pod: ran(1, 0), verdict: { reason: 'AgentFailed' }, says: ALLOWED },
  { name: 'an agent that has worked for longer has not met what its pod forbids', pod: ran(1, 31), verdict: { reason: 'AgentFailed' }, says: /exit code 1$/ },
  ...[10, 127, 137, 139, 143, 255].map((code): Row => ({ name: `exit code ${code} has another cause`, pod: ran(code, 5), verdict: { reason: 'AgentFailed' }, says: SILENT })),
  { name: 'an agent that has succeeded needs no hint', pod: ran(0, 5), verdict: { reason: 'Succeeded' }, says: SILENT },
  { name: 'a pod that does not say its user is not said to have one', pod: ran(1, 5, {}, null), verdict: { reason: 'AgentFailed' }, says: SILENT },
  { name: 'an agent whose times nobody knows is not said to have ended early', pod: ran(1, 5, { startedAt: null }), verdict: { reason: 'AgentFailed' }, says: SILENT },
];
