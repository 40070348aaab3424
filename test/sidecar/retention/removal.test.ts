import { eventsAged, EventServer } from './event-server';
import { DAY, NOW, old, RetentionWorld, young } from './world';
import type { RemovalDeps } from '../../../sidecar/src/retention/removal';

let world: RetentionWorld;
let api: EventServer;

beforeEach(async () => {
  world = await new RetentionWorld().open();
  ({ api } = world);
});
afterEach(() => world.close());

describe('events that are older than the retention', () => {
  test('are removed from all namespaces, on as many pages as there are; the younger ones stay', async () => {
    api.put('team-a', ...eventsAged('a', 1100, 8 * DAY, NOW), young('b'));
    api.put('agent-platform', old('anchor-1'), young('anchor-2'));
    expect(await world.remove(['agent-platform', 'team-a', 'team-a'])).toBe(true);
    expect([api.names('team-a'), api.names('agent-platform')]).toEqual([['b'], ['anchor-2']]);
    expect(world.said('team-a')).toMatchObject({ level: 'info', removed: 1100, kept: 1, failed: 0 });
    expect(world.sum()).toMatchObject({ level: 'info', removed: 1101, kept: 2, failed: 0, unfinished: 0, retentionSeconds: 7 * DAY });
  });

  test('are asked for without their content, 500 at a time, of each namespace a page in turn', async () => {
    api.put('team-a', ...eventsAged('a', 501, 0, NOW));
    api.put('team-b', young('b'));
    await world.remove(['team-a', 'team-b']);
    expect(api.calls('GET').map((url) => url.replace('/apis/paddock.dev/v1alpha1/namespaces/', ''))).toEqual([
      'team-a/auditevents?limit=500', 'team-b/auditevents?limit=500', 'team-a/auditevents?limit=500&continue=a-00499',
    ]);
    expect(api.arrived[0].headers.accept).toBe('application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1');
  });

  test('are never more than eight on their way out at a time', async () => {
    let [open, most] = [0, 0];
    api.put('team-a', ...eventsAged('a', 60, 8 * DAY, NOW));
    const counted: RemovalDeps['client'] = {
      listMetadata: (...args) => world.client.listMetadata(...args),
      delete: async (...args) => {
        most = Math.max(most, open += 1);
        await world.client.delete(...args).finally(() => open -= 1);
      },
    };
    expect(await world.remove(['team-a'], { client: counted })).toBe(true);
    expect(most).toBe(8);
  });

  test('that somebody else removes, or another of the same name, are no failure, and the other one stays', async () => {
    api.put('team-a', old('gone'), old('other'), old('rest'));
    api.refuse = ({ method }, { name }) => {
      if (method === 'DELETE' && name === 'other') api.put('team-a', { ...young('other'), uid: 'another' });
      return method === 'DELETE' && name === 'gone' ? { status: 404 } : undefined;
    };
    expect(await world.remove()).toBe(true);
    expect(api.names('team-a')).toEqual(['gone', 'other']);
    expect(world.sum()).toMatchObject({ removed: 1, failed: 0 });
  });

  test('none of which there are is no failure, and is told once', async () => {
    expect(await world.remove(['team-a', 'team-b'])).toBe(true);
    expect(world.captured.lines()).toHaveLength(1);
  });
});

describe('what cannot be removed', () => {
  test('keeps nothing else from it, and is told', async () => {
    api.put('team-a', old('a'), old('b'), old('c'));
    api.refuse = ({ method }, { name }) => (method === 'DELETE' && name === 'b' ? { status: 403, body: { reason: 'Forbidden', message: 'planted' } } : undefined);
    expect(await world.remove()).toBe(false);
    expect(api.names('team-a')).toEqual(['b']);
    expect(world.said('team-a')).toMatchObject({ level: 'error', removed: 2, failed: 1, problem: expect.stringMatching(/auditevents\/b: 403 Forbidden$/) });
    expect(world.captured.text()).not.toContain('planted');
  });

  test('is not tried without end, where everything is refused', async () => {
    api.put('team-a', ...eventsAged('a', 900, 8 * DAY, NOW));
    api.refuse = ({ method }) => (method === 'DELETE' ? { status: 403 } : undefined);
    expect(await world.remove()).toBe(false);
    expect(api.calls('GET')).toHaveLength(2);
    expect(api.calls('DELETE').length).toBeLessThan(2 * 110);
  });

  test('keeps nothing else from it where very much of it stands together, as under a legal hold', async () => {
    api.put('team-a', ...eventsAged('a-held', 120, 8 * DAY, NOW), ...eventsAged('b', 1000, 8 * DAY, NOW));
    api.refuse = ({ method }, { name }) => (method === 'DELETE' && name!.startsWith('a-held') ? { status: 403 } : undefined);
    let last = 1;
    const random = (): number => (last = last * 16_807 % 2_147_483_647) / 2_147_483_647;
    expect(await world.remove(['team-a'], { random })).toBe(false);
    expect(world.sum()).toMatchObject({ removed: 1000, failed: 120 });
  });

  test('a list that answers with the same place again ends', async () => {
    api.refuse = () => ({ status: 200, body: { metadata: { continue: 'here' }, items: [] } });
    expect(await world.remove()).toBe(false);
    expect(api.calls('GET')).toHaveLength(2);
    expect(world.said('team-a')).toMatchObject({ problem: 'the list does not go on' });
  });

  test.each([403, 404, 401, 400])('a namespace that answers %d is told, and the others are done', async (status) => {
    api.put('team-b', old('b'));
    api.refuse = (_, { namespace }) => (namespace === 'team-a' ? { status } : undefined);
    expect(await world.remove(['team-a', 'team-b'])).toBe(false);
    expect(api.names('team-b')).toEqual([]);
    expect(world.said('team-a')).toMatchObject({ level: 'error', removed: 0 });
    expect(world.waits).toEqual([]);
  });

  test('a call that the API server has no time for world.waits as it asks, and is tried again', async () => {
    api.put('team-a', old('a'));
    const refused = new Set<string>();
    api.refuse = ({ method }) => {
      if (refused.has(method)) return undefined;
      refused.add(method);
      return { status: 429, headers: { 'retry-after': '3' } };
    };
    expect(await world.remove()).toBe(true);
    expect(world.waits).toEqual([3000, 3000]);
    expect(api.names('team-a')).toEqual([]);
  });

  test('an API server that does not come back ends it after six attempts for each namespace', async () => {
    api.refuse = () => ({ status: 503 });
    expect(await world.remove(['team-a', 'team-b'])).toBe(false);
    expect(api.arrived).toHaveLength(12);
    expect(world.sum()).toMatchObject({ removed: 0, unfinished: 0 });
  });

  test('an API server that goes while events are removed ends it, too', async () => {
    api.put('team-a', ...eventsAged('a', 900, 8 * DAY, NOW));
    api.refuse = ({ method }) => (method === 'DELETE' ? { status: 500 } : undefined);
    expect(await world.remove()).toBe(false);
    expect(api.calls('DELETE')).toHaveLength(48);
  });
});
