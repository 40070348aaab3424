import { inspect } from 'node:util';
import { ApiStandIn, json } from './api-stand-in';
import { admissionRefusal, KubeError } from '../../../sidecar/src/kube/kube-error';
import { capturedLog } from '../server/frame';

const PODS = { group: '', version: 'v1', plural: 'pods', namespace: 'team-a' };

async function refused(status: number, body: unknown): Promise<KubeError> {
  const api = await new ApiStandIn().start();
  api.answer = (response) => json(response, status, body);
  try {
    return await api.client().create(PODS, { metadata: { name: 'p' } }).then(() => Promise.reject(new Error('was not refused')), (error: KubeError) => error);
  } finally {
    await api.close();
  }
}

describe('the message of a Status', () => {
  test('is there for the object that was refused', async () => {
    expect((await refused(403, { reason: 'Forbidden', message: 'pods "p" is forbidden: planted' })).statusMessage).toBe('pods "p" is forbidden: planted');
  });

  test('is cut to 1024 characters, none of them in half', async () => {
    expect((await refused(422, { message: '🌍'.repeat(2000) })).statusMessage).toBe('🌍'.repeat(1024));
  });

  test.each<[string, unknown]>([['is no text', { message: { planted: true } }], ['is not there', {}], ['is in no Status', []]])('that %s is none', async (_, body) => {
    expect((await refused(500, body)).statusMessage).toBeUndefined();
  });

  test('is in nothing that prints or copies errors', () => {
    const error = new KubeError('Forbidden', 'POST /pods: 403', { statusMessage: 'planted', cause: new KubeError('Invalid', 'inner', { statusMessage: 'planted' }) });
    const { log, text } = capturedLog('trace');
    log.error({ err: error, error, other: error, deep: { error } }, 'failed');
    log.error(error);
    const shown = [error.message, String(error), error.stack, JSON.stringify(error), JSON.stringify({ ...error }), inspect(error, { depth: 9, showHidden: true }), text()].join('\n');
    expect(shown).toContain('POST /pods: 403');
    expect(shown).not.toContain('planted');
  });
});

describe('who refuses to make a pod is told from the message', () => {
  const QUOTA = 'exceeded quota: q, requested: pods=1, used: pods=10, limited: pods=10';
  test.each([
    ['Quota', `pods "r-0" is forbidden: ${QUOTA}`],
    ['Quota', 'pods "r-0" is forbidden: failed quota: q: must specify limits.cpu for: agent'],
    ['PodSecurity', 'pods "r-0" is forbidden: violates PodSecurity "restricted:v1.30": allowPrivilegeEscalation != false'],
    ['Policy', 'pods "r-0" is forbidden: ValidatingAdmissionPolicy \'p.example\' with binding \'b\' denied request: no'],
    ['Policy', 'The pods "r-0" is invalid: : ValidatingAdmissionPolicy \'p.example\' with binding \'b\' denied request: no'],
    ['Policy', 'admission webhook "v.example.com" denied the request: no'],
    [undefined, 'pods is forbidden: User "system:serviceaccount:a:operator" cannot create resource "pods" in API group "" in the namespace "team-a"'],
    [undefined, 'pods "r-0" is forbidden: error looking up service account team-a/agent: serviceaccount "agent" not found'],
    [undefined, `Pod "r-0" is invalid: spec.x: Invalid value: "${QUOTA}"`],
    [undefined, ''],
  ])('%s: %s', (refusal, statusMessage) => {
    expect(admissionRefusal(new KubeError('Forbidden', 'POST', { statusMessage }))).toBe(refusal);
  });

  test.each([[new KubeError('Forbidden', `pods "r-0" is forbidden: ${QUOTA}`)], [new Error(QUOTA)], [undefined]])('%p is not known', (error) => {
    expect(admissionRefusal(error)).toBeUndefined();
  });
});
