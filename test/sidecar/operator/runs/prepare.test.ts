import { answered, START, timeText, unreachable } from './leases/lease-world';
import { MINUTE, RunWorld, TEMPLATE } from './run-world';
import { KubeError } from '../../../../sidecar/src/kube/kube-error';
import type { HarnessRunSpec } from '../../../../src/protocol/resources';
import { PREREQUISITE_SECONDS } from '../../../../src/protocol/runs';

const SECOND = 1000;
const FULL = 'pods "r1-0" is forbidden: exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1';
const DENIED = "pods \"r1-0\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: images";

const refuse = (world: RunWorld, call: string, statusMessage: string) => {
  world.api.before = (one) => { if (one === call) throw new KubeError('Forbidden', 'POST: 403 Forbidden', { statusMessage }); };
};

interface Case {
  readonly spec?: Partial<HarnessRunSpec>;
  readonly hinder: (world: RunWorld) => void;
  readonly reason: string;
  readonly againAfter: number;
  /** What has been made before. */
  readonly made: readonly string[];
}

const BEGUN = ['finalizer on', 'status', 'create networkpolicies/r1-egress'];
const ISSUED = [...BEGUN, 'issue A', 'issue B', 'status', 'issue egress'];
const SECRETS = ['create secrets/r1-broker-creds', 'create secrets/r1-egress', 'create secrets/r1-prompt'];

const WAITS: readonly (readonly [string, Case])[] = [
  ['its template', { hinder: ({ templates }) => { delete templates.coder; }, reason: 'TemplateNotFound', againAfter: PREREQUISITE_SECONDS * SECOND, made: ['finalizer on'] }],
  ['a policy', { hinder: ({ policies }) => { policies.length = 0; }, reason: 'PolicyMissing', againAfter: PREREQUISITE_SECONDS * SECOND, made: ['finalizer on'] }],
  ['its Workspace', { spec: { workspaceRef: 'repo' }, hinder: () => undefined, reason: 'WorkspaceNotFound', againAfter: PREREQUISITE_SECONDS * SECOND, made: ['finalizer on'] }],
  ['leave for its NetworkPolicy', {
    hinder: (world) => refuse(world, 'create networkpolicies/r1-egress', 'networkpolicies "r1-egress" is forbidden: exceeded quota: few, requested: x=1'), reason: 'QuotaExceeded', againAfter: 30 * SECOND, made: BEGUN.slice(0, 2),
  }],
  ['the broker', { hinder: ({ broker }) => { broker.before = () => { throw unreachable(); }; }, reason: 'BrokerUnavailable', againAfter: 10 * SECOND, made: [...BEGUN, 'issue A', 'issue B', 'status'] }],
  ['a token of a pool', {
    hinder: ({ broker }) => { broker.before = (_, name) => { if (name === 'B') throw answered('PoolExhausted'); }; }, reason: 'PoolExhausted', againAfter: 10 * SECOND, made: [...BEGUN, 'issue A', 'issue B', 'status'],
  }],
  ['its egress token', {
    hinder: ({ broker }) => { broker.before = (call) => { if (call === 'issue-egress') throw answered('Unavailable'); }; }, reason: 'BrokerUnavailable', againAfter: 10 * SECOND, made: ISSUED,
  }],
  ['the address of the proxy', { hinder: (world) => world.publishProxy({}), reason: 'ProxyNotConfigured', againAfter: 5 * SECOND, made: ISSUED }],
  ['a quota', { hinder: (world) => refuse(world, 'create pods/r1-0', FULL), reason: 'QuotaExceeded', againAfter: 30 * SECOND, made: [...ISSUED, ...SECRETS] }],
];

describe('a run waits for', () => {
  test.each(WAITS)('%s, says so at once, has made nothing beyond it, and tells people once', async (_, { spec, hinder, reason, againAfter, made }) => {
    const world = new RunWorld(spec);
    hinder(world);
    expect(await world.reconcile()).toBe(againAfter);
    expect(world.done()).toEqual([...made, 'status']);
    expect(world.completed).toBe(`False ${reason}`);
    expect(world.status).toMatchObject({ phase: 'Pending' });
    await world.reconcile();
    await world.reconcile();
    expect(world.events).toEqual([`Warning ${reason}`]);
  });

  test.each(WAITS)('%s, and goes on when it comes', async (_, { spec, hinder }) => {
    const world = new RunWorld(spec);
    hinder(world);
    await world.settle().catch(() => undefined);
    world.templates.coder = TEMPLATE;
    world.policies.push(...new RunWorld().policies.filter(() => world.policies.length === 0));
    world.broker.before = () => undefined;
    world.api.before = () => undefined;
    world.publishProxy();
    world.api.put('workspaces', 'repo', { metadata: {}, spec: { storage: { size: '1Gi' } }, status: { phase: 'Active', activeRunRef: 'r1', lastCountedRun: world.api.get('harnessruns', 'r1').metadata.uid } });
    await world.settle();
    expect(world.api.names('pods')).toEqual(['r1-0']);
    expect(world.completed).toBe('False InProgress');
  });

  test.each(WAITS)('%s, and not beyond its cancellation', async (_, { spec, hinder }) => {
    const world = new RunWorld(spec);
    hinder(world);
    await world.reconcile();
    world.cancel();
    world.broker.before = () => undefined;
    await world.settle();
    expect(world.status).toMatchObject({ phase: 'Cancelled', agentPhase: 'stopped' });
    expect(world.api.names('pods')).toEqual([]);
    expect(world.events.at(-1)).toBe('Normal Cancelled');
  });
});

describe('a run fails, and takes back what it had, when', () => {
  test.each<[string, Partial<HarnessRunSpec>, (world: RunWorld) => void, string, number]>([
    ['it is for a person', { mode: 'Interactive' }, () => undefined, 'InteractiveUnsupported', 0],
    ['it sets a credential itself', { extraEnv: [{ name: 'A', value: 'x' }] }, () => undefined, 'CredentialNameTaken', 0],
    ['its prompt is granted', { prompt: undefined, promptFrom: { secretKeyRef: { name: 'upstream', key: 'x' } } } as Partial<HarnessRunSpec>, () => undefined, 'PromptGranted', 0],
    ['the broker denies it a credential', {}, ({ broker }) => { broker.before = (_, name) => { if (name === 'B') throw answered('PolicyRevoked'); }; }, 'BrokerDenied', 1],
    ['its pod is refused', {}, (world) => refuse(world, 'create pods/r1-0', DENIED), 'AdmissionDenied', 2],
  ])('%s', async (_, spec, hinder, reason, leases) => {
    const world = new RunWorld(spec);
    hinder(world);
    await world.reconcile();
    expect(world.completed).toBe(`True ${reason}`);
    expect(world.status).toMatchObject({ phase: 'Failed', agentPhase: 'error', completionTime: timeText(START) });
    expect(world.events.at(-1)).toBe(`Warning ${reason}`);
    world.broker.before = () => undefined;
    await world.settle();
    expect(world.broker.asked.filter((call) => call.startsWith('revoke'))).toHaveLength(leases);
    expect(world.api.get('harnessruns', 'r1').metadata.finalizers).toEqual([]);
    expect(world.api.names('pods')).toEqual([]);
  });

  test.each(WAITS.slice(0, 3))('%s has not come in its time', async (_, { spec, hinder, reason }) => {
    const world = new RunWorld(spec);
    hinder(world);
    await world.settle();
    world.pass(PREREQUISITE_SECONDS * SECOND);
    await world.settle();
    expect(world.completed).toBe(`True ${reason}`);
    expect(world.broker.asked).toEqual([]);
  });

  test('its time is over before it has a pod', async () => {
    const world = new RunWorld({ timeout: '10m' });
    refuse(world, 'create pods/r1-0', FULL);
    await world.reconcile();
    world.pass(10 * MINUTE - 10 * SECOND);
    expect(await world.reconcile()).toBe(10 * SECOND);
    world.pass(10 * SECOND);
    await world.settle();
    expect(world.completed).toBe('True DeadlineExceeded');
    expect(world.status).toMatchObject({ phase: 'Failed', agentPhase: 'error' });
    expect(world.broker.asked.filter((call) => call.startsWith('revoke'))).toHaveLength(2);
  });
});

test('the time of a run counts from its first start, not from when it was made or goes on', async () => {
  const world = new RunWorld();
  world.policies.length = 0;
  await world.reconcile();
  expect(world.status).not.toHaveProperty('startTime');
  world.pass(30 * SECOND);
  world.policies.push(...new RunWorld().policies);
  refuse(world, 'create pods/r1-0', FULL);
  await world.reconcile();
  world.pass(30 * SECOND);
  world.api.before = () => undefined;
  await world.settle();
  expect(world.status.startTime).toBe(timeText(START + 30 * SECOND));
});
