import * as fc from 'fast-check';
import { Differences, podOptions, validOptions } from './agent-pod-options';
import { agentPodProblems } from '../../src/manifests/agent-pod';

const problems = (differences?: Differences, version = 'v1.30') => agentPodProblems(podOptions(differences), version);

test('a run that can go is not stopped', () => {
  expect(problems()).toEqual([]);
  expect(problems({ rest: { workspace: { kind: 'claim', name: 'w', seed: { repos: [{ url: 'https://git.example.com/a/b.git' }] } } } })).toEqual([]);
});

test('whatever a valid template and run ask for, only amounts and devices can be wrong between them', () => {
  const expected = /^resources(\.requests\.| of a run must be )/;
  fc.assert(fc.property(validOptions, (options) => agentPodProblems(options, 'latest').every((text) => expected.test(text))));
});

test('a template without image or command is refused, whatever else is wrong', () => {
  const refusal = ['the template has no image and command, and no base that has them'];
  expect(problems({ template: { image: undefined, pod: { userName: 'a' } } })).toEqual(refusal);
  expect(problems({ template: { command: undefined } })).toEqual(refusal);
});

test.each<[string, Differences['template']]>([
  ['/home/agent', { workspace: { mountPath: '/home/agent' } }],
  ['/home', { workspace: { mountPath: '/home' } }],
  ['/tmp', { workspace: { mountPath: '/tmp/work' } }],
  ['/paddock', { workspace: { mountPath: '/paddock' } }],
  ['/etc', { workspace: { mountPath: '/etc/agent-platform' } }],
  ['/workspace', { pod: { sharedDirectories: [{ name: 'a', mountPath: '/workspace/shared' }] } }],
  ['/data', { pod: { sharedDirectories: [{ name: 'a', mountPath: '/data' }, { name: 'b', mountPath: '/data/b' }] } }],
  ['/paddock', { pod: { sharedDirectories: [{ name: 'a', mountPath: '/paddock/prompt' }] } }],
])('a volume that would hide another at %s is refused', (path, template) => {
  expect(problems({ template }).join()).toContain(path);
});

test.each([
  ['is named twice', [{ name: 'A' }, { name: 'A' }], 'extraEnv must name each variable once, got A again'],
  ['is of the platform', [{ name: 'https_proxy' }], 'extraEnv must not name a variable that the platform sets, got https_proxy'],
  ['is who the agent is', [{ name: 'HOME' }], 'extraEnv must not name a variable that the platform sets, got HOME'],
  ['would hide a credential', [{ name: 'API_KEY' }], 'extraEnv must not name a credential that the template requires, got API_KEY'],
])('a variable that %s is refused', (_what, extraEnv, refusal) => {
  expect(problems({ template: { requires: { credentials: [{ name: 'API_KEY' }] } }, spec: { extraEnv } })).toEqual([refusal]);
});

test.each([
  [{ requests: { cpu: '2' }, limits: { cpu: '1500m' } }, 'resources.requests.cpu must not exceed resources.limits.cpu, got 2 and 1500m'],
  [{ requests: { memory: '1Gi' }, limits: { memory: '1G' } }, 'resources.requests.memory must not exceed resources.limits.memory, got 1Gi and 1G'],
  [{ requests: { 'nvidia.com/gpu': 1 }, limits: { 'nvidia.com/gpu': 2 } }, 'resources.requests.nvidia.com/gpu must be resources.limits.nvidia.com/gpu, as such a resource cannot be overcommitted, got 1 and 2'],
])('amounts %j are refused', (resources, refusal) => {
  expect(problems({ template: { defaults: { resources: { limits: resources.limits } } }, spec: { resources } })).toEqual([refusal]);
  expect(problems({ template: { defaults: { resources } } })).toEqual([refusal]);
});

test('a device of a run that its template does not name is refused', () => {
  expect(problems({ spec: { resources: { limits: { 'rdma/hca': 1 } } } })).toEqual(['resources of a run must be cpu, memory, ephemeral-storage or what its template names, got rdma/hca']);
});

test('amounts of the template do not count where the run has its own', () => {
  expect(problems({ template: { defaults: { resources: { requests: { cpu: 2 }, limits: { cpu: 1 } } } }, spec: { resources: {} } })).toEqual([]);
});

test('a repository that cannot be cloned is refused', () => {
  const seed = { repos: [{ url: 'https://git.example.com/a.git', brokerCredentialRef: { name: 's', key: 'GIT_TOKEN' } }] };
  const template = { requires: { credentials: [{ name: 'API_KEY' }] } };
  expect(problems({ template, rest: { workspace: { kind: 'claim', name: 'w', seed } } })).toEqual([
    'seed.repos: the template of the run must require the credential of https://git.example.com/a.git, GIT_TOKEN; it requires API_KEY',
  ]);
});

test('what Pod Security finds is said with its rule', () => {
  expect(problems({ template: { pod: { runAsUser: 0 } } })).toEqual([expect.stringMatching(/^restricted\/run-as-user: /)]);
});

test('a version of Pod Security that nobody knows is refused', () => {
  expect(() => problems({}, 'v0.1')).toThrow('v0.1');
});
