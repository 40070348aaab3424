import { KubeCode, KubeError } from '../../../../../sidecar/src/kube/kube-error';
import { nameGoing, nameTaken, refused } from '../../../../../sidecar/src/operator/runs/steps/refusal';
import { CREATED, FakeWork, forbidden, PLANTED, runWith, STILL_WAITING, TOO_LATE, waitingFor } from '../fake-run';

function invalid(statusMessage: string): KubeError {
  return new KubeError('Invalid', 'POST /x: 422 Invalid', { statusMessage });
}

const POLICY = "ValidatingAdmissionPolicy 'agents-operator-pods' with binding 'agents-operator-pods' denied request: ";

/** Texts as API servers of version 1.30 and later write them. */
const ROWS: readonly (readonly [string, KubeError, string, string, string, number | undefined])[] = [
  ['a quota that is full', forbidden('pods "x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=10, limited: pods=10'), 'wait', 'QuotaExceeded', 'QuotaExceeded', 30_000],
  ['a quota that demands more of the pod', forbidden('pods "x" is forbidden: failed quota: small: must specify limits.cpu for: agent'), 'fail', 'PodRefused', 'PodRefused', undefined],
  ['Pod Security', forbidden('pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true'), 'fail', 'PodSecurity', 'PodSecurity', undefined],
  ['a policy of the cluster', forbidden(`pods "x" is forbidden: ${POLICY}images of runs must come from r`), 'fail', 'AdmissionDenied', 'AdmissionDenied', undefined],
  ['a policy of the cluster that says Invalid', invalid(`pods "x" is forbidden: ${POLICY}no`), 'fail', 'AdmissionDenied', 'AdmissionDenied', undefined],
  ['a webhook', forbidden('admission webhook "check.example.com" denied the request: no'), 'fail', 'AdmissionDenied', 'AdmissionDenied', undefined],
  ['a limit of the namespace', forbidden('pods "x" is forbidden: maximum memory usage per Container is 1Gi, but limit is 4Gi'), 'fail', 'AdmissionDenied', 'AdmissionDenied', undefined],
  ['a class that is not there', forbidden('pods "x" is forbidden: no PriorityClass with name urgent was found'), 'fail', 'AdmissionDenied', 'AdmissionDenied', undefined],
  ['a field that is wrong', invalid('Pod "x" is invalid: spec.containers[0].image: Required value'), 'fail', 'PodRefused', 'PodRefused', undefined],
  ['a pod that is too large', new KubeError('TooLarge', 'POST /x: 413', { statusMessage: 'Request entity too large: limit is 3145728' }), 'fail', 'PodRefused', 'PodRefused', undefined],
  ['a namespace that goes', forbidden('pods "x" is forbidden: unable to create new content in namespace team because it is being terminated'), 'wait', 'Terminating', 'AdmissionDenied', 5000],
  ['a namespace that has gone', new KubeError('NotFound', 'POST /x: 404 NotFound', { statusMessage: 'namespaces "team" not found' }), 'wait', 'Terminating', 'AdmissionDenied', 5000],
  ['rights that are still to come', forbidden('pods is forbidden: User "system:serviceaccount:agents:operator" cannot create resource "pods" in API group "" in the namespace "team"'), 'wait', 'ApiUnavailable', 'ApiUnavailable', 30_000],
  ['a quota that counts still', forbidden('pods "x" is forbidden: status unknown for quota: small, resources: pods'), 'wait', 'ApiUnavailable', 'ApiUnavailable', 30_000],
  ['an account that is still to come', forbidden('pods "x" is forbidden: error looking up service account team/agent: serviceaccount "agent" not found'), 'wait', 'ApiUnavailable', 'ApiUnavailable', 30_000],
];

describe('an object that the API server does not take', () => {
  test.each(ROWS)('because of %s decides what becomes of the run', (_case, error, kind, reason, condition, againAfter) => {
    const work = new FakeWork();
    const message = `the API server refuses pod 'x': ${error.statusMessage}`;
    expect(refused(work, error, { what: "pod 'x'" })).toEqual({ kind, reason, message, ...(againAfter === undefined ? {} : { againAfter }) });
    expect(work.conditions).toEqual({ PodCreated: { reason: condition, message } });
  });

  test('without a reason is tried again', () => {
    expect(refused(new FakeWork(), forbidden(), { what: "pod 'x'" })).toEqual({ kind: 'wait', reason: 'ApiUnavailable', message: "the API server refuses pod 'x'", againAfter: 30_000 });
  });

  test('does not undo that there is a pod', () => {
    const work = new FakeWork(runWith({}, { status: { podUID: 'u' } }));
    expect(refused(work, ROWS[0][1], { what: "NetworkPolicy 'x'" }).kind).toBe('wait');
    expect(work.conditions).toEqual({});
  });

  test.each<KubeCode>(['Throttled', 'Unavailable'])('for something behind the API server (%s) is waited for, and told to people', (code) => {
    const work = new FakeWork();
    const said = 'Internal error occurred: failed calling webhook "check.example.com": connect: connection refused';
    const message = `the API server refuses pod 'x': ${said}`;
    expect(refused(work, new KubeError(code, 'POST /x: 500', { statusMessage: said }), { what: "pod 'x'" })).toEqual({ kind: 'wait', reason: 'ApiUnavailable', message, againAfter: 5000 });
    expect(work.conditions).toEqual({ PodCreated: { reason: 'ApiUnavailable', message } });
  });

  test('is told without the port of a connection, which is another one each time: what changes a status brings its run back at once', () => {
    const said = (port: number) => new KubeError('Unavailable', 'POST /x: 500', { statusMessage: `failed calling webhook "w.example.com": read tcp 172.18.0.2:${port}->10.96.3.4:443: connection reset by peer` });
    const told = [40_001, 40_002].map((port) => {
      const work = new FakeWork();
      refused(work, said(port), { what: "pod 'x'" });
      return work.conditions.PodCreated.message;
    });
    expect(told[0]).toBe('the API server refuses pod \'x\': failed calling webhook "w.example.com": read tcp 10.96.3.4:443: connection reset by peer');
    expect(told[1]).toBe(told[0]);
  });

  test.each<KubeCode>(['Throttled', 'Unavailable'])('without an answer (%s) is an error of the call', (code) => {
    const error = new KubeError(code, 'POST /x');
    expect(() => refused(new FakeWork(), error, { what: "pod 'x'" })).toThrow(error);
  });

  test('is told on one line, with nothing that moves a terminal', () => {
    const error = forbidden('admission webhook "w" denied the request: no\u001b[2J\nError: all is well\u202e');
    expect(refused(new FakeWork(), error, { what: "pod 'x'" })).toMatchObject({ message: 'the API server refuses pod \'x\': admission webhook "w" denied the request: no [2J Error: all is well' });
  });

  test.each<KubeCode>(['Unauthorized', 'Conflict', 'Gone'])('for the moment (%s) is an error of the call', (code) => {
    const error = new KubeError(code, 'POST /x', { statusMessage: 'pods "x" is forbidden: exceeded quota: small, requested: pods=1' });
    const work = new FakeWork();
    expect(() => refused(work, error, { what: "pod 'x'" })).toThrow(error);
    expect(work.conditions).toEqual({});
  });

  test('as another object has gone in this moment is an error of the call', () => {
    for (const error of [new KubeError('NotFound', 'PATCH /x: 404', { statusMessage: 'secrets "x" not found' }), new KubeError('NotFound', 'PATCH /x: 404')]) {
      expect(() => refused(new FakeWork(), error, { what: "Secret 'x'", isSecret: true })).toThrow(error);
    }
  });

  test('is nothing that other errors are taken for', () => {
    const error = new TypeError('x is not a function');
    expect(() => refused(new FakeWork(), error, { what: "pod 'x'" })).toThrow(error);
  });
});

describe('a Secret that the API server does not take', () => {
  test.each(ROWS)('because of %s has nothing repeated that somebody says about it', (_case, { code, statusMessage }, kind, reason) => {
    const work = new FakeWork();
    const error = new KubeError(code, 'POST /x', { statusMessage: `${statusMessage}${reason === 'Terminating' ? '' : `, such as '${PLANTED}'`}` });
    const outcome = refused(work, error, { what: "Secret 'x'", isSecret: true });
    expect(outcome).toMatchObject({ kind, reason });
    expect(JSON.stringify(outcome) + work.told()).not.toContain(PLANTED);
  });

  test.each([
    [`secrets "x" is forbidden: ${POLICY}${PLANTED}`, "ValidatingAdmissionPolicy 'agents-operator-pods'"],
    [`Internal error occurred: failed calling webhook "check.example.com": ${PLANTED}`, 'calling webhook "check.example.com"'],
    [`admission webhook "check.example.com" denied the request: ${PLANTED}`, 'admission webhook "check.example.com"'],
    ['secrets "x" is forbidden: exceeded quota: small, requested: secrets=1', 'exceeded quota: small'],
  ])('names who refuses it: %s', (statusMessage, name) => {
    expect(refused(new FakeWork(), forbidden(statusMessage), { what: "Secret 'x'", isSecret: true })).toMatchObject({ message: `the API server refuses Secret 'x': ${name}` });
  });
});

describe('a name that is not free', () => {
  test('as somebody else has it is waited for at first, then ends the run', () => {
    const message = "Secret 'x' is there already and does not belong to this run: delete it, or give the run another name";
    const waiting = runWith({}, { status: waitingFor('NameTaken') });
    for (const [now, againAfter] of [[CREATED, 5000], [STILL_WAITING, 1]]) {
      expect(nameTaken(new FakeWork(waiting, now), "Secret 'x'")).toEqual({ kind: 'wait', reason: 'NameTaken', message, againAfter, giveUpAt: TOO_LATE });
    }
    const work = new FakeWork(waiting, TOO_LATE);
    expect(nameTaken(work, "Secret 'x'")).toMatchObject({ kind: 'fail', reason: 'NameTaken' });
    expect(work.conditions).toEqual({ PodCreated: { reason: 'NameTaken', message } });
  });

  test('as an earlier run has it is waited for as long as that takes', () => {
    const work = new FakeWork(runWith(), TOO_LATE);
    expect(nameGoing(work, "pod 'x'")).toEqual({ kind: 'wait', reason: 'NameTaken', message: "pod 'x' of an earlier run of this name is still there; it goes by itself", againAfter: 5000 });
    expect(work.conditions.PodCreated.reason).toBe('NameTaken');
  });
});
