import { changed, goodPod, POD_SECURITY_CASES } from './pod-security-cases';
import { checkPodSecurity, podSecurityProblems } from '../../src/manifests/pod-security';
import { hardened } from '../../src/manifests/pod-security/harden';
import { hardenedObject } from '../../src/manifests/pod-security/objects';

const bare = () => ({ spec: { initContainers: [{ name: 'init' }], containers: [{ name: 'main' }] } });
const problems = (pod: object) => podSecurityProblems(checkPodSecurity(pod, { level: 'restricted', version: 'v1.34' }));

test('a pod that says nothing passes once hardened', () => {
  expect(problems(bare())).not.toEqual([]);
  expect(problems(hardened(bare(), []))).toEqual([]);
});

test('hardening leaves what it is given untouched', () => {
  const pod = bare();
  hardened(pod, []);
  expect(pod).toEqual(bare());
});

test('a pod that passes stays as it is', () => {
  expect(hardened(goodPod(), [])).toEqual(goodPod());
});

test('hardening twice is hardening once', () => {
  expect(hardened(hardened(bare(), []), [])).toEqual(hardened(bare(), []));
});

test.each(POD_SECURITY_CASES)('no finding comes from hardening: $rule: $what', (one) => {
  const before = problems(changed(one));
  expect(problems(hardened(changed(one), [])).filter((problem) => !before.includes(problem))).toEqual([]);
});

test.each([
  ['root', (pod: any) => { pod.spec.securityContext.runAsUser = 0; }],
  ['runAsNonRoot false', (pod: any) => { pod.spec.securityContext.runAsNonRoot = false; }],
  ['an unconfined container', (pod: any) => { pod.spec.containers[0].securityContext.seccompProfile = { type: 'Unconfined' }; }],
  ['escalation', (pod: any) => { pod.spec.containers[0].securityContext.allowPrivilegeEscalation = true; }],
  ['capabilities', (pod: any) => { pod.spec.containers[0].securityContext.capabilities = { drop: ['NET_RAW'], add: ['SYS_ADMIN'] }; }],
  ['a privileged container', (pod: any) => { pod.spec.containers[0].securityContext = { privileged: true }; }],
])('what a pod says stays, and is refused: %s', (_, change) => {
  const pod = goodPod();
  change(pod);
  expect(problems(hardened(pod, []))).not.toEqual([]);
});

test('the fields of a waived rule stay as they are', () => {
  const { spec } = hardened(bare(), ['restricted/run-as-non-root', 'restricted/capabilities']);
  expect(spec.securityContext).toEqual({ seccompProfile: { type: 'RuntimeDefault' } });
  expect(spec.containers[0].securityContext).toEqual({ allowPrivilegeEscalation: false });
});

test('with every rule waived nothing is filled in', () => {
  const all = ['run-as-non-root', 'seccomp', 'privilege-escalation', 'capabilities'].map((name) => `restricted/${name}`);
  expect(hardened(bare(), all)).toEqual(bare());
});

test('a Windows pod gets no field that only Linux has', () => {
  const pod = { spec: { os: { name: 'windows' }, containers: [{ name: 'main' }] } };
  expect(hardened(pod, []).spec).toEqual({ ...pod.spec, securityContext: { runAsNonRoot: true } });
  expect(problems(hardened(pod, []))).toEqual([]);
});

test.each([
  ['no spec', {}],
  ['a container that is a text', { spec: { containers: ['main'] } }],
  ['a context that is a text', { spec: { securityContext: 'none', containers: [{ name: 'a', securityContext: 'none' }] } }],
  ['containers that are no list', { spec: { containers: 'main' } }],
])('a pod that cannot be read is still refused after hardening: %s', (_, pod) => {
  expect(problems(hardened(pod, []))).not.toEqual([]);
});

test('the template of a workload is hardened where it is, and nothing else changes', () => {
  const job = { apiVersion: 'batch/v1', kind: 'CronJob', spec: { schedule: '* * * * *', jobTemplate: { spec: { backoffLimit: 1, template: bare() } } } };
  expect(hardenedObject(job, [])).toEqual({
    ...job, spec: { schedule: '* * * * *', jobTemplate: { spec: { backoffLimit: 1, template: hardened(bare(), []) } } },
  });
});

test('an object without pods stays as it is', () => {
  const service = { apiVersion: 'v1', kind: 'Service', spec: {} };
  expect(hardenedObject(service, [])).toBe(service);
});
