import { SYSTEM } from './ship-support';
import { kubeAuditEvents } from '../../../../../sidecar/src/broker/audit/shipping/ship-kube';
import { anchorObject } from '../../../../../sidecar/src/broker/audit/shipping/ship-object';
import { KubeCode, KubeError } from '../../../../../sidecar/src/kube/kube-error';
import { NOON } from '../support';

const object = anchorObject(SYSTEM, { stream: 's', sequence: 1, hash: 'f'.repeat(64) }, NOON);
const answering = (code: KubeCode, reason: string) => kubeAuditEvents({ create: async () => Promise.reject(new KubeError(code, `POST /apis/x: ${reason}`)) });

test('an event is created in its namespace', async () => {
  const calls: unknown[] = [];
  const events = kubeAuditEvents({
    create: async (resource, sent) => {
      calls.push([resource, sent]);
      return { metadata: { name: 'x' } };
    },
  });
  expect(await events.create(SYSTEM, object)).toBe('created');
  expect(calls).toEqual([[{ group: 'paddock.dev', version: 'v1alpha1', plural: 'auditevents', namespace: SYSTEM }, object]]);
});

test.each<[KubeCode, string, string]>([
  ['Conflict', '409 AlreadyExists', 'exists'],
  ['Forbidden', '403 Forbidden', 'refused'],
  ['NotFound', '404 NotFound', 'refused'],
  ['Invalid', '422 Invalid', 'invalid'],
  ['TooLarge', '413', 'invalid'],
])('%s (%s) means %s', async (code, reason, creation) => {
  expect(await answering(code, reason).create(SYSTEM, object)).toBe(creation);
});

test.each<[KubeCode, string]>([
  // A quota that many write to at once.
  ['Conflict', '409 Conflict'],
  ['Throttled', '429 TooManyRequests'],
  ['Unauthorized', '401 Unauthorized'],
  ['Unavailable', '500 InternalError'],
])('%s (%s) is tried again', async (code, reason) => {
  await expect(answering(code, reason).create(SYSTEM, object)).rejects.toThrow(reason);
});
