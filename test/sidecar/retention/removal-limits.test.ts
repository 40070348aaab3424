import { eventsAged, EventServer } from './event-server';
import { DAY, NOW, old, RetentionWorld, young } from './world';
import { KubeError } from '../../../sidecar/src/kube/kube-error';
import type { RemovalDeps } from '../../../sidecar/src/retention/removal';

let world: RetentionWorld;
let api: EventServer;

beforeEach(async () => {
  world = await new RetentionWorld().open();
  ({ api } = world);
});
afterEach(() => world.close());

describe('a list that has become too old', () => {
  const expired = (next?: string) => ({ status: 410, body: { reason: 'Expired', metadata: { continue: next } } });

  test('goes on where the answer says, so a list of any length ends', async () => {
    api.put('team-a', ...eventsAged('a', 2600, 8 * DAY, NOW));
    const told = new Set<string>();
    // Each page but the first has to be asked for twice.
    api.refuse = (_, { name, next }) => {
      if (name !== undefined || next === null || told.has(next)) return undefined;
      told.add(next);
      return expired(next);
    };
    expect(await world.remove()).toBe(true);
    expect(api.names('team-a')).toEqual([]);
    expect(told.size).toBe(5);
  });

  test.each<[string, string | undefined]>([['twice without a page', 'a-00499'], ['without saying where', undefined]])('%s is a failure, after which nothing is asked for', async (_, next) => {
    api.put('team-a', ...eventsAged('a', 600, 8 * DAY, NOW));
    api.refuse = (_request, called) => (called.name === undefined && called.next !== null ? expired(next) : undefined);
    expect(await world.remove()).toBe(false);
    expect(api.names('team-a')).toHaveLength(100);
    expect(world.said('team-a')).toMatchObject({ level: 'error', removed: 500, problem: expect.stringContaining('410 Expired') });
    expect(api.calls('GET').length).toBeLessThanOrEqual(3);
  });

  test('a page that is too long is asked for in parts', async () => {
    const limits: number[] = [];
    const long: RemovalDeps['client'] = {
      listMetadata: async (_resource, page) => {
        limits.push(page.limit);
        if (page.limit > 32) throw new KubeError('TooLarge', 'page');
        return { items: [], time: NOW };
      },
      delete: async () => undefined,
    };
    expect(await world.remove(['team-a'], { client: long })).toBe(true);
    expect(limits).toEqual([500, 125, 32]);
  });
});

describe('a clock that is wrong', () => {
  const YEAR = 365 * DAY * 1000;
  beforeEach(() => api.put('team-a', old('a'), young('b')));

  test.each([['of the node', NOW, NOW + YEAR], ['of the API server', NOW + YEAR, NOW]])('%s and ahead removes nothing that is young, and is told', async (_, ofApi, ofNode) => {
    api.now = ofApi;
    expect(await world.remove(['team-a'], { clock: () => ofNode })).toBe(false);
    expect(api.names('team-a')).toEqual(['b']);
    expect(world.said('team-a')).toMatchObject({ level: 'error', removed: 1, problem: expect.stringContaining('clocks') });
  });

  test('of the node and behind removes too little, and is told', async () => {
    expect(await world.remove(['team-a'], { clock: () => NOW - YEAR })).toBe(false);
    expect(api.names('team-a')).toEqual(['a', 'b']);
  });

  test('an answer without date removes nothing', async () => {
    api.now = undefined;
    expect(await world.remove()).toBe(false);
    expect(api.names('team-a')).toEqual(['a', 'b']);
    expect(world.said('team-a')).toMatchObject({ problem: expect.stringContaining('no date') });
  });
});

describe('the end of the time', () => {
  test('lets what has begun end and counts it, begins nothing more, and is no success', async () => {
    api.put('team-a', ...eventsAged('a', 600, 8 * DAY, NOW));
    api.put('team-b', old('b'));
    let removals = 0;
    api.refuse = ({ method }) => {
      if (method === 'DELETE' && (removals += 1) === 20) world.end.abort(new Error('SIGTERM'));
      return undefined;
    };
    expect(await world.remove(['team-a', 'team-b'])).toBe(false);
    const removed = 600 - api.names('team-a').length;
    expect(removed).toBeLessThan(30);
    expect(api.names('team-b')).toEqual(['b']);
    expect(world.said('team-a')).toMatchObject({ level: 'warn', removed });
    expect(world.sum()).toMatchObject({ removed, failed: 0, unfinished: 2 });
  });

  test('before anything began removes nothing', async () => {
    api.put('team-a', old('a'));
    world.end.abort(new Error('SIGTERM'));
    expect(await world.remove()).toBe(false);
    expect(api.arrived).toEqual([]);
  });

  test('ends a list that takes its time', async () => {
    api.answer = () => world.end.abort(new Error('SIGTERM'));
    expect(await world.remove()).toBe(false);
    expect(world.sum()).toMatchObject({ failed: 0, unfinished: 1 });
  });

  test.each(['GET', 'DELETE'])('ends the wait for another attempt of a %s', async (held) => {
    api.put('team-a', old('a'));
    api.refuse = ({ method }) => (method === held ? { status: 503 } : undefined);
    const wait = async (_: number, signal?: AbortSignal): Promise<void> => {
      world.end.abort(new Error('SIGTERM'));
      signal!.throwIfAborted();
    };
    expect(await world.remove(['team-a'], { wait })).toBe(false);
    expect(world.sum()).toMatchObject({ removed: 0, failed: 0, unfinished: 1 });
    expect(world.captured.text()).not.toContain('"level":"error"');
  });
});
