import { eventually } from './api-server';
import { LeaseBook } from './lease-book';
import { SkippableTime } from './operator-time';
import { admin, clear, condition, deploy, eventsOf, get, isTerminal, messageOf, OpenOperator, openHere, over, PODS, podsOf, submit, TEAM, told, until } from './operator-world';
import { agentWaits, collected, ended, evicted, fencing, running, scheduled, silent, unscheduled } from './pod-reports';
import { Course, PretendKubelet, Report } from './pretend-kubelet';
import { LABELS } from '../../src/protocol/names';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** What becomes of the pods, by name. */
const courses = new Map<string, Course>();

let kubelet: PretendKubelet;
let time: SkippableTime;
let book: LeaseBook;
let operator: OpenOperator;

beforeAll(() => {
  deploy();
  kubelet = new PretendKubelet(admin, TEAM, ({ metadata }) => courses.get(metadata.name) ?? 0);
});

beforeEach(() => {
  time = new SkippableTime();
  book = new LeaseBook();
  operator = openHere({ time, broker: book });
});

afterEach(() => operator.close());

afterAll(async () => {
  await clear();
  await kubelet.close();
  admin.close();
});

/** Reports nothing more until it is open. */
class Gate {
  private isOpen = false;

  public open(): void {
    this.isOpen = true;
  }

  public before(report: Report): Report {
    return (pod) => (this.isOpen ? report(pod) : undefined);
  }
}

const BACK_OFF = agentWaits('ImagePullBackOff', 'Back-off pulling image "registry.example.com/coder:1"');
const NO_IMAGE = agentWaits('ErrImagePull', 'manifest unknown');

test('a run whose image cannot be pulled says so, and runs when it can', async () => {
  const [later, mended] = [new Gate(), new Gate()];
  courses.set('flaky-0', [scheduled, fencing, NO_IMAGE, later.before(BACK_OFF), mended.before(running), ended(0)]);
  await submit('flaky');
  const first = await told('flaky', 'ErrImagePull');
  expect(messageOf(first)).toMatch(/check the name and the tag of the image.*the kubelet says: manifest unknown/);
  expect([first.status.phase, condition(first, 'PodReady').reason]).toEqual(['Pending', 'Pending']);
  later.open();
  await told('flaky', 'ImagePullBackOff');
  mended.open();
  expect((await over('flaky')).status).toMatchObject({ phase: 'Succeeded', agentPhase: 'stopped' });
  expect(await podsOf('flaky')).toEqual(['flaky-0']);
});

test('a run whose image never comes is given up by itself, and its pod with it', async () => {
  courses.set('absent-0', [scheduled, fencing, NO_IMAGE, BACK_OFF]);
  await submit('absent');
  await told('absent', 'ImagePullBackOff');
  time.skip(240);
  expect((await get('absent')).status.phase).toBe('Pending');
  const run = await time.passes(30, () => get('absent'), isTerminal);
  expect(condition(run, 'Completed')).toMatchObject({ reason: 'ErrImagePull', message: expect.stringContaining('given up after 5 min') });
  await over('absent');
  expect(book.live('absent')).toEqual([]);
  // Its node takes a moment to let it go.
  await eventually(() => podsOf('absent'), (pods) => pods.length === 0);
});

test.each<[string, string, Report, string, RegExp]>([
  ['keyless', 'names a Secret that is not there', agentWaits('CreateContainerConfigError', 'secret "gone" not found'), 'CreateContainerConfigError', /create it/],
  ['nameless', 'has an image with a name that cannot be', agentWaits('InvalidImageName', 'couldn\'t parse image name'), 'InvalidImageName', /the template names an image that cannot be/],
])('%s: a run that %s fails with a hint, once it had time to come right', async (name, _what, report, reason, hint) => {
  courses.set(`${name}-0`, [scheduled, fencing, report]);
  await submit(name);
  await told(name, reason);
  const run = await time.passes(30, () => get(name), isTerminal);
  expect(condition(run, 'Completed')).toMatchObject({ status: 'True', reason, message: expect.stringMatching(hint) });
  expect((await over(name)).status).toMatchObject({ phase: 'Failed', agentPhase: 'error' });
});

test.each<[string, Report, string, RegExp]>([
  ['greedy', ended(137, 'OOMKilled'), 'OOMKilled', /raise it/],
  ['misled', ended(127), 'AgentFailed', /exit code 127; a shell in the agent ends so when it does not find a program/],
  ['failing', ended(1), 'AgentFailed', /exit code 1; if it could not write: it ran as user 1000 with a read-only image/],
  ['shut', evicted('The node was low on resource: ephemeral-storage.'), 'Evicted', /give the template more ephemeral storage/],
])('%s: a run without retries is over with its first pod', async (name, report, reason, message) => {
  courses.set(`${name}-0`, [scheduled, fencing, running, report]);
  await submit(name);
  const run = await over(name);
  expect(run.status).toMatchObject({ phase: 'Failed', agentPhase: 'error', podName: `${name}-0` });
  expect(condition(run, 'Completed')).toMatchObject({ status: 'True', reason, message: expect.stringMatching(message) });
  expect(book.live(name)).toEqual([]);
});

test('an evicted run with a retry gets a second pod of the same bearers, after the first', async () => {
  courses.set('moved-0', [scheduled, fencing, running, evicted('The node was low on resource: memory.')]);
  let alive = 0;
  kubelet.seen = (pods) => {
    alive = Math.max(alive, pods.filter((pod) => pod.metadata.labels[LABELS.run] === 'moved' && !['Failed', 'Succeeded'].includes(pod.status.phase)).length);
  };
  await submit('moved', { retries: 1 });
  await time.passes(1, () => get('moved'), isTerminal);
  const run = await over('moved');
  expect(run.status).toMatchObject({ phase: 'Succeeded', attempt: 1, podName: 'moved-1' });
  expect(run.status.issuedLeases).toHaveLength(2);
  expect((await podsOf('moved')).sort()).toEqual(['moved-0', 'moved-1']);
  const [first, second] = await Promise.all(['moved-0', 'moved-1'].map(async (pod) => (await admin.call('GET', `${PODS}/${pod}`)).body as any));
  expect(second.spec.containers[0].envFrom).toEqual(first.spec.containers[0].envFrom);
  expect(alive).toBe(1);
  await eventsOf('moved', (events) => events.includes('Warning Retrying'));
});

test('a run with a retry fails when it is used up, and a second one is not made for what cannot change', async () => {
  for (const [name, code] of [['unlucky', 1], ['hopeless', 127]] as const) {
    courses.set(`${name}-0`, [scheduled, fencing, running, ended(code)]);
    courses.set(`${name}-1`, [scheduled, fencing, running, ended(code)]);
    await submit(name, { retries: 1 });
  }
  await time.passes(1, () => get('unlucky'), isTerminal);
  expect([(await over('unlucky')).status.attempt, (await over('hopeless')).status.attempt]).toEqual([1, 0]);
});

test('a run whose node is silent goes on as running, and is over when the cluster takes the pod away', async () => {
  const gone = new Gate();
  courses.set('remote-0', [scheduled, fencing, running, silent, gone.before(collected)]);
  await submit('remote');
  const run = await told('remote', 'NodeUnreachable');
  expect([run.status.phase, run.status.agentPhase, condition(run, 'PodReady').reason]).toEqual(['Running', 'running', 'NodeUnreachable']);
  gone.open();
  const end = await over('remote');
  expect(condition(end, 'Completed')).toMatchObject({ status: 'True', reason: 'NodeLost' });
});

test.each([['torn', 0, 'PodLost'], ['mended', 1, 'Succeeded']] as const)('%s: a run whose pod somebody deletes by force with %i retries ends with %s', async (name, retries, reason) => {
  courses.set(`${name}-0`, 'never');
  await submit(name, { retries });
  await until(name, (run) => run?.status?.agentPhase === 'running');
  await admin.call('DELETE', `${PODS}/${name}-0?gracePeriodSeconds=0`);
  expect(condition(await over(name), 'Completed')).toMatchObject({ status: 'True', reason });
  expect(book.live(name)).toEqual([]);
});

test('a run waits for a node and for its volume, and says for which', async () => {
  const room = new Gate();
  const volume = '0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: not eligible';
  courses.set('patient-0', [unscheduled(volume), room.before(unscheduled('0/1 nodes are available: 1 Insufficient memory.')), room.before(scheduled), fencing, running, ended(0)]);
  await submit('patient');
  const run = await told('patient', 'VolumePending');
  expect([run.status.agentPhase, messageOf(run)]).toEqual(['provisioning', expect.stringContaining('check the storage class of the Workspace')]);
  room.open();
  await over('patient');
  expect((await get('patient')).status.phase).toBe('Succeeded');
});
