import '../../src/jest';
import { ApiObject, Testing } from 'cdk8s';
import { everything } from '../helpers/everything';
import { goodPod } from '../manifests/pod-security-cases';

const bad = () => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'bad' }, spec: { hostPID: true, containers: [{ name: 'a' }] } });

test.each(['v1.30', 'v1.34', 'latest'])('everything that the platform makes passes restricted of %s', (version) => {
  expect(everything('a')).toPassPodSecurity('restricted', { version });
});

test('one object, a list and a chart are taken', () => {
  const chart = Testing.chart();
  new ApiObject(chart, 'pod', goodPod());
  expect(goodPod()).toPassPodSecurity('restricted');
  expect([goodPod(), { kind: 'Service' }]).toPassPodSecurity('baseline');
  expect(chart).toPassPodSecurity('restricted');
});

test('a pod that does not pass fails with object, rule and field', () => {
  expect(bad()).not.toPassPodSecurity('baseline');
  expect(() => expect([goodPod(), bad()]).toPassPodSecurity('baseline'))
    .toThrow('expected pods that pass baseline of v1.30, but:\n  Pod bad: baseline/host-namespaces: spec.hostPID must be missing or false, got true');
});

test('a pod that passes fails the opposite', () => {
  expect(() => expect(goodPod()).not.toPassPodSecurity('restricted')).toThrow('expected pods that do not pass restricted of v1.30, but all 1 pass');
});

test('a waiver lets its rule pass', () => {
  expect(bad()).toPassPodSecurity('baseline', { waivers: [{ rule: 'baseline/host-namespaces', reason: 'reads processes' }] });
});

test.each([[[]], [{ kind: 'Service' }], [undefined], ['Pod']])('where there is no pod (%j) the test fails either way', (received) => {
  expect(() => expect(received).toPassPodSecurity('restricted')).toThrow('found no pod');
  expect(() => expect(received).not.toPassPodSecurity('restricted')).toThrow('found no pod');
});

test.each([
  ['another level', ['privileged'], "level must be 'baseline' or 'restricted'"],
  ['a misspelt option', ['restricted', { versoin: 'v1.30' }], 'there is no property "versoin"'],
  ['a version before the rules begin', ['restricted', { version: 'v1.20' }], 'known from v1.25 on'],
  ['a waiver without a reason', ['restricted', { waivers: [{ rule: 'restricted/seccomp', reason: '' }] }], 'must have a reason'],
])('%s is refused', (_, args, message) => {
  expect(() => (expect(goodPod()) as any).toPassPodSecurity(...args)).toThrow(message);
});

test('a list within a chart is the objects in it', () => {
  expect(() => expect({ apiVersion: 'v1', kind: 'List', items: [goodPod(), bad()] }).toPassPodSecurity('baseline')).toThrow('  Pod bad: baseline/host-namespaces');
});
