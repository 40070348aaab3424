import type { KubeObject, Resource } from '../../../sidecar/src/kube/client';
import { EventRecorder, Involved } from '../../../sidecar/src/kube/event-recorder';
import { KubeError } from '../../../sidecar/src/kube/kube-error';
import { capturedLog } from '../server/frame';

const T0 = Date.UTC(2026, 0, 1);
const RUN: Involved = { kind: 'HarnessRun', namespace: 'team-a', name: 'r', uid: 'u1' };

function recorder() {
  const time = { now: T0 };
  const calls: { readonly verb: string; readonly resource: Resource; readonly name: string; readonly body: Record<string, unknown> }[] = [];
  const faults = { create: undefined as KubeError | undefined, patch: undefined as KubeError | undefined };
  const { log, lines } = capturedLog('debug');
  const answer = async (fault: KubeError | undefined): Promise<KubeObject> => {
    await new Promise((resolve) => setImmediate(resolve));
    if (fault !== undefined) throw fault;
    return { metadata: { name: 'e' } };
  };
  const client = {
    create: (resource: Resource, body: object) => {
      calls.push({ verb: 'create', resource, name: (body as KubeObject).metadata.name, body: body as Record<string, unknown> });
      return answer(faults.create);
    },
    mergePatch: (resource: Resource, name: string, body: object) => {
      calls.push({ verb: 'patch', resource, name, body: body as Record<string, unknown> });
      return answer(faults.patch);
    },
  };
  const events = new EventRecorder({ client, component: 'operator', instance: 'operator-0', clock: () => time.now, log });
  /** Lets everything be told that waits. */
  const told = async () => {
    for (let turn = 0; turn < 60; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return { events, time, calls, faults, lines, told };
}

test('an Event is in the namespace of its object and says who tells it, how often and when', async () => {
  const { events, calls, told } = recorder();
  events.record(RUN, 'Warning', 'RevokeFailed', 'a lease may live on');
  await told();
  expect(calls.map(({ verb, resource }) => [verb, resource])).toEqual([['create', { group: '', version: 'v1', plural: 'events', namespace: 'team-a' }]]);
  expect(calls[0].body).toEqual({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: expect.stringMatching(/^r\.[0-9a-f]+$/), namespace: 'team-a' },
    involvedObject: { apiVersion: 'paddock.dev/v1alpha1', kind: 'HarnessRun', namespace: 'team-a', name: 'r', uid: 'u1' },
    type: 'Warning',
    reason: 'RevokeFailed',
    message: 'a lease may live on',
    count: 1,
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: '2026-01-01T00:00:00Z',
    source: { component: 'operator' },
    reportingComponent: 'operator',
    reportingInstance: 'operator-0',
  });
});

test('the same again is counted, whatever has become of it within ten minutes', async () => {
  const { events, time, calls, told } = recorder();
  events.record(RUN, 'Normal', 'Waiting', 'w');
  await told();
  time.now += 599_999;
  events.record(RUN, 'Normal', 'Waiting', 'w');
  await told();
  expect(calls[1]).toMatchObject({ verb: 'patch', name: calls[0].name, body: { count: 2, lastTimestamp: '2026-01-01T00:09:59Z' } });
  time.now += 600_000;
  events.record(RUN, 'Normal', 'Waiting', 'w');
  await told();
  expect(calls[2]).toMatchObject({ verb: 'create', body: { count: 1 } });
  expect(calls[2].name).not.toBe(calls[0].name);
});

test.each<[string, Involved, 'Normal' | 'Warning', string, string]>([
  ['object', { ...RUN, uid: 'u2' }, 'Normal', 'Waiting', 'w'],
  ['type', RUN, 'Warning', 'Waiting', 'w'],
  ['reason', RUN, 'Normal', 'Busy', 'w'],
  ['note', RUN, 'Normal', 'Waiting', 'v'],
])('another %s is another Event', async (_, involved, type, reason, note) => {
  const { events, calls, told } = recorder();
  events.record(RUN, 'Normal', 'Waiting', 'w');
  events.record(involved, type, reason, note);
  await told();
  expect(calls.map(({ verb }) => verb)).toEqual(['create', 'create']);
});

test('what comes again before it was told is told once, with its count', async () => {
  const { events, calls, told } = recorder();
  events.record(RUN, 'Normal', 'First', 'f');
  for (let count = 0; count < 500; count += 1) events.record(RUN, 'Normal', 'Waiting', 'w');
  await told();
  expect(calls.map(({ verb, body }) => [verb, body.count])).toEqual([['create', 1], ['create', 500]]);
});

test('an Event that was deleted is made anew, with what was counted', async () => {
  const { events, calls, faults, told } = recorder();
  events.record(RUN, 'Normal', 'Waiting', 'w');
  await told();
  faults.patch = new KubeError('NotFound', 'gone');
  events.record(RUN, 'Normal', 'Waiting', 'w');
  await told();
  expect(calls.map(({ verb }) => verb)).toEqual(['create', 'patch', 'create']);
  expect(calls[2].body.count).toBe(2);
});

test('an object may have 25 Events at once and one more each five minutes, and others are not held up', async () => {
  const { events, time, calls, lines, told } = recorder();
  for (let index = 0; index < 40; index += 1) events.record(RUN, 'Normal', 'Waiting', `note ${index}`);
  events.record({ ...RUN, uid: 'u2' }, 'Normal', 'Waiting', 'other');
  await told();
  expect(calls.map(({ body }) => body.message)).toEqual([...Array.from({ length: 25 }, (_, index) => `note ${index}`), 'other']);
  expect(lines().filter(({ msg }) => msg.includes('too many'))).toHaveLength(15);
  time.now += 300_000;
  events.record(RUN, 'Normal', 'Waiting', 'x');
  events.record(RUN, 'Normal', 'Waiting', 'y');
  await told();
  expect(calls.slice(26).map(({ body }) => body.message)).toEqual(['x']);
});

test('a note is cut to 1024 characters', async () => {
  const { events, calls, told } = recorder();
  events.record(RUN, 'Normal', 'Waiting', '🌍'.repeat(3000));
  await told();
  expect(calls[0].body.message).toBe('🌍'.repeat(1024));
});

test('what has no namespace has its Events in default', async () => {
  const { events, calls, told } = recorder();
  events.record({ kind: 'ClusterHarnessTemplate', namespace: '', name: 't', uid: 'u3' }, 'Warning', 'Invalid', 'n');
  await told();
  expect(calls[0].resource.namespace).toBe('default');
  expect(calls[0].body.involvedObject).toEqual({ apiVersion: 'paddock.dev/v1alpha1', kind: 'ClusterHarnessTemplate', name: 't', uid: 'u3' });
});

test('failures are for the log alone, and the next Event is told', async () => {
  const { events, calls, faults, lines, told } = recorder();
  faults.create = new KubeError('Forbidden', 'POST: 403', { statusMessage: 'planted' });
  events.record(RUN, 'Normal', 'Waiting', 'planted note');
  await told();
  faults.create = undefined;
  events.record(RUN, 'Normal', 'Waiting', 'planted note');
  await told();
  expect(calls.map(({ verb, body }) => [verb, body.count])).toEqual([['create', 1], ['create', 2]]);
  expect(lines()).toHaveLength(1);
  expect(lines()[0]).toMatchObject({ level: 'debug', err: { code: 'Forbidden' } });
  expect(JSON.stringify(lines())).not.toContain('planted');
});

test('no more than a thousand wait, however long the API server takes', () => {
  const { events, lines } = recorder();
  for (let index = 0; index < 1100; index += 1) events.record({ ...RUN, uid: `u${index}` }, 'Normal', 'Waiting', 'w');
  // The first is under way.
  expect(lines()).toHaveLength(99);
});

describe('at the end', () => {
  test('everything is told', async () => {
    const { events, calls } = recorder();
    for (let index = 0; index < 10; index += 1) events.record(RUN, 'Normal', 'Waiting', `${index}`);
    await events.settled();
    expect(calls).toHaveLength(10);
  });

  test('nothing is waited for that cannot be told', async () => {
    const { events, calls, faults } = recorder();
    faults.create = new KubeError('Unavailable', 'down');
    for (let index = 0; index < 10; index += 1) events.record(RUN, 'Normal', 'Waiting', `${index}`);
    await events.settled();
    expect(calls).toHaveLength(1);
  });

  test('of one that has told nothing there is nothing to wait for', async () => {
    await expect(recorder().events.settled()).resolves.toBeUndefined();
  });
});
