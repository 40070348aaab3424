import { pino } from 'pino';
import { FakeClient, forbidden, metaNamed } from './fake-run';
import { KubeError } from '../../../../sidecar/src/kube/kube-error';
import { whyWaiting } from '../../../../sidecar/src/operator/runs/pod-events';

const POD = metaNamed('fix-it-0');

const MISSING = 'MountVolume.SetUp failed for volume "prompt" : secret "texts" not found';

function event(message: unknown, more: object = {}) {
  return { metadata: { name: 'fix-it-0.1' }, involvedObject: { kind: 'Pod', name: 'fix-it-0', uid: POD.uid }, type: 'Warning', reason: 'FailedMount', message, lastTimestamp: '2026-11-22T09:00:00Z', ...more };
}

async function why(...items: object[]) {
  const client = new FakeClient(() => ({ items, resourceVersion: '1' }));
  return { client, said: await whyWaiting({ client: client.asClient(), log: pino({ enabled: false }) }, POD) };
}

describe('why a pod waits', () => {
  test('is what its Event says', async () => {
    expect((await why(event(MISSING))).said).toBe(MISSING);
  });

  test.each(['FailedMount', 'FailedAttachVolume', 'FailedScheduling', 'FailedCreatePodSandBox'])('is told by Events of the reason %s', async (reason) => {
    expect((await why(event('x', { reason }))).said).toBe('x');
  });

  test('is the newest of them, by whatever field has its time', async () => {
    const at = (time: string, field: string) => event(time, { lastTimestamp: null, [field]: time });
    const times = [
      at('2026-11-22T09:00:01Z', 'eventTime'),
      event('2026-11-22T09:00:04Z', { lastTimestamp: null, eventTime: '2026-11-22T08:00:00Z', series: { count: 2, lastObservedTime: '2026-11-22T09:00:04Z' } }),
      at('2026-11-22T09:00:02Z', 'lastTimestamp'),
      event('2026-11-22T09:00:03Z', { lastTimestamp: null, metadata: { name: 'x', creationTimestamp: '2026-11-22T09:00:03Z' } }),
      event('no time', { lastTimestamp: null }),
    ];
    expect((await why(...times)).said).toBe('2026-11-22T09:00:04Z');
    expect((await why(...times.reverse())).said).toBe('2026-11-22T09:00:04Z');
  });

  test('is cut to 300 characters, none of them halved', async () => {
    const { said } = await why(event('𝄞'.repeat(400)));
    expect([...said!]).toHaveLength(300);
    expect(said!.endsWith('𝄞…')).toBe(true);
    expect((await why(event('x'.repeat(300)))).said).toBe('x'.repeat(300));
  });

  test('is asked for with one call that has an end', async () => {
    const { client } = await why();
    expect(client.calls).toEqual([['list', 'events', { limit: 500 }]]);
  });
});

describe('nothing is said', () => {
  test.each<[string, object[]]>([
    ['without Events', []],
    ['by Events of what went well', [event('Successfully assigned', { type: 'Normal', reason: 'Scheduled' })]],
    ['by Events of an earlier pod of the name', [event(MISSING, { involvedObject: { kind: 'Pod', name: 'fix-it-0', uid: 'earlier' } })]],
    ['by Events that are none', [event(7), event(undefined), { metadata: { name: 'x' } }]],
  ])('%s', async (_case, items) => {
    expect((await why(...items)).said).toBeUndefined();
  });

  test.each([forbidden('no'), new KubeError('Unavailable', 'GET /x: no answer')])('where the Events cannot be read: %s', async (error) => {
    const client = new FakeClient(() => error);
    expect(await whyWaiting({ client: client.asClient(), log: pino({ enabled: false }) }, POD)).toBeUndefined();
  });
});
