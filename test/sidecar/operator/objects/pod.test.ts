import type { KubeObject } from '../../../../sidecar/src/kube/client';
import { podOf } from '../../../../sidecar/src/operator/objects/pod';
import { ANNOTATIONS, LABELS } from '../../../../src/protocol/names';

const object = (rest: object): KubeObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'team', name: 'fix-1', uid: 'a1c2', resourceVersion: '77' }, ...rest }) as KubeObject;
const status = (rest: object) => podOf(object({ status: rest }));
const metadata = (rest: object) => podOf(object({ metadata: { namespace: 'team', name: 'fix-1', uid: 'a1c2', resourceVersion: '77', ...rest } }));
const noon = Date.parse('2026-03-01T12:00:00Z');

const OWNER = { apiVersion: 'paddock.dev/v1alpha1', kind: 'HarnessRun', name: 'fix', uid: 'r9', controller: true };

describe('a pod that was just made', () => {
  test('is pending, without containers, addresses or conditions', () => {
    expect(podOf(object({}))).toEqual({
      namespace: 'team',
      name: 'fix-1',
      uid: 'a1c2',
      resourceVersion: '77',
      generation: 0,
      createdAt: 0,
      run: '',
      attempt: NaN,
      graceSeconds: 30,
      phase: 'Pending',
      ips: [],
      inits: [],
      containers: [],
    });
  });

  test('names its run and its attempt in its labels', () => {
    expect(metadata({ labels: { [LABELS.run]: 'fix', [LABELS.attempt]: '1' } })).toMatchObject({ run: 'fix', attempt: 1 });
  });

  test('has no attempt when its label is no number', () => {
    expect(metadata({ labels: { [LABELS.attempt]: 'one' } }).attempt).toBeNaN();
  });
});

test('its user is that of the pod', () => {
  expect(podOf(object({ spec: { securityContext: { runAsUser: 1007 } } })).userId).toBe(1007);
});

describe('what it was made of', () => {
  const made = (text: string) => metadata({ annotations: { [ANNOTATIONS.template]: text } });

  test('is what its annotation says', () => {
    const identity = { name: 'coder', kind: 'ClusterHarnessTemplate', imageDigest: `sha256:${'a'.repeat(64)}` };
    expect(made(JSON.stringify(identity)).template).toEqual(identity);
    expect(made('{"name":"coder","kind":"HarnessTemplate","shadows":true}').template).toEqual({ name: 'coder', kind: 'HarnessTemplate', shadows: true });
  });

  test.each(['', 'coder', '[]', 'null', '{"name":"coder"}', '{"name":"coder","kind":"Pod"}', '{"name":"","kind":"HarnessTemplate"}', '{"name":"coder","kind":"HarnessTemplate","shadows":"yes"}'])(
    'is not known from %j', (text) => expect(made(text)).not.toHaveProperty('template'),
  );
});

describe('the owner', () => {
  test('is the run that controls it', () => expect(metadata({ ownerReferences: [{ kind: 'Node', uid: 'n1' }, OWNER] }).ownerUid).toBe('r9'));

  test('is no run that only refers to it', () => expect(metadata({ ownerReferences: [{ ...OWNER, controller: false }] })).not.toHaveProperty('ownerUid'));

  test('is no controller of another kind', () => expect(metadata({ ownerReferences: [{ ...OWNER, kind: 'Job' }] })).not.toHaveProperty('ownerUid'));
});

describe('the grace period', () => {
  test('is that of the pod before it is deleted', () => expect(podOf(object({ spec: { terminationGracePeriodSeconds: 60 } })).graceSeconds).toBe(60));

  test('is that of its deletion afterwards, 0 included', () => {
    const pod = podOf(object({
      metadata: { name: 'fix-1', deletionTimestamp: '2026-03-01T12:00:00Z', deletionGracePeriodSeconds: 0 },
      spec: { terminationGracePeriodSeconds: 60 },
    }));
    expect(pod).toMatchObject({ graceSeconds: 0, deletedAt: noon });
  });
});

test('the deadline is that of the pod, which has none unless it says so', () => {
  expect(podOf(object({ spec: { activeDeadlineSeconds: 1860 } })).activeDeadlineSeconds).toBe(1860);
  expect(podOf(object({ spec: {} }))).not.toHaveProperty('activeDeadlineSeconds');
});

describe('the status', () => {
  test('keeps phase, reason, message, time and addresses', () => {
    expect(status({
      phase: 'Failed',
      reason: 'Evicted',
      message: 'The node was low on resource: memory.',
      startTime: '2026-03-01T12:00:00Z',
      podIP: '10.0.0.7',
      podIPs: [{ ip: '10.0.0.7' }, { ip: 'fd00::7' }, {}],
    })).toMatchObject({ phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.', startedAt: noon, ips: ['10.0.0.7', 'fd00::7'] });
  });

  test('keeps the conditions that a phase depends on and no other', () => {
    const conditions = [
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available', lastTransitionTime: '2026-03-01T12:00:00Z' },
      { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' },
      { type: 'Ready', status: 'Unknown', lastTransitionTime: null },
      { type: 'Initialized', status: 'True' },
    ];
    const pod = status({ conditions });
    expect(pod.scheduled).toEqual({ status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available', since: noon });
    expect(pod.disrupted).toEqual({ status: 'True', reason: 'PreemptionByScheduler' });
    expect(pod.ready).toEqual({ status: 'Unknown' });
    expect(JSON.stringify(pod)).not.toContain('Initialized');
  });

  test('takes no text for a time that is none', () => expect(status({ startTime: 'yesterday' })).not.toHaveProperty('startedAt'));
});

describe('a container', () => {
  const of = (state: object | undefined) => status({ containerStatuses: [{ name: 'agent', restartCount: 2, ...(state && { state }) }] }).containers[0];

  test('waits for a reason', () => {
    expect(of({ waiting: { reason: 'ErrImagePull', message: 'timeout' } })).toEqual({ name: 'agent', state: 'waiting', reason: 'ErrImagePull', message: 'timeout', restarts: 2 });
  });

  test('runs since a time', () => expect(of({ running: { startedAt: '2026-03-01T12:00:00Z' } })).toEqual({ name: 'agent', state: 'running', startedAt: noon, restarts: 2 }));

  test('has ended with a code, 0 included', () => {
    expect(of({ terminated: { exitCode: 0, reason: 'Completed', startedAt: '2026-03-01T12:00:00Z', finishedAt: '2026-03-01T12:00:09Z', containerID: 'containerd://1' } }))
      .toEqual({ name: 'agent', state: 'terminated', exitCode: 0, reason: 'Completed', startedAt: noon, finishedAt: noon + 9000, restarts: 2 });
  });

  test('that was lost has no time of its end', () => {
    expect(of({ terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', message: 'not located', startedAt: null, finishedAt: null } }))
      .toEqual({ name: 'agent', state: 'terminated', exitCode: 137, reason: 'ContainerStatusUnknown', message: 'not located', restarts: 2 });
  });

  test.each([[undefined], [{}]])('without a state waits for nobody knows what: %p', (state) => expect(of(state)).toEqual({ name: 'agent', state: 'waiting', restarts: 2 }));

  test('keeps its place, those of initialisation apart', () => {
    const names = (list: readonly string[]) => list.map((name) => ({ name, restartCount: 0, state: {} }));
    const pod = status({ initContainerStatuses: names(['fence', 'seed', 'runtime']), containerStatuses: names(['agent', 'istio-proxy']) });
    expect([pod.inits, pod.containers].map((list) => list.map(({ name }) => name))).toEqual([['fence', 'seed', 'runtime'], ['agent', 'istio-proxy']]);
  });
});

test('a container that waits to be begun again has the exit code of its last end, and none of its last words', () => {
  const lastState = { terminated: { exitCode: 3, message: 'token=x' } };
  const runtime = { name: 'runtime', restartCount: 2, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState };
  expect(podOf(object({ spec: {}, status: { initContainerStatuses: [runtime] } })).inits).toEqual([{ name: 'runtime', state: 'waiting', reason: 'CrashLoopBackOff', lastExitCode: 3, restarts: 2 }]);
});
