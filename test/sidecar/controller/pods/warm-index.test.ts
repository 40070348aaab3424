import fc from 'fast-check';
import { PodServer } from './pod-server';
import { Pod, podOf } from '../../../../sidecar/src/controller/pods/pod';
import { WarmIndex } from '../../../../sidecar/src/controller/pods/warm-index';
import { keyOf } from '../../../../sidecar/src/kube/watch-event';
import { settle } from '../../kube/watched-server';

function keyed(name: string, uid: string, ready = true): [string, Pod] {
  const server = new PodServer();
  server.make({ name, uid, ready });
  const object = server.pods.get(name)!;
  return [keyOf(object), podOf(object)!];
}

test('a pod in hand is nobody else\'s until it is given back', async () => {
  const index = new WarmIndex(() => 0);
  index.changed(...keyed('a', 'u1'));
  const pod = await index.take('small', 1, new AbortController().signal);
  index.changed(...keyed('a', 'u1'));
  expect(index.idle('small')).toEqual([]);
  expect(index.hold(pod)).toBe(false);
  index.giveBack(pod);
  expect(index.hold(pod)).toBe(true);
});

test('a pod that was made anew under the same name is another', async () => {
  const index = new WarmIndex(() => 0);
  index.changed(...keyed('a', 'u1'));
  const pod = await index.take('small', 1, new AbortController().signal);
  index.changed(...keyed('a', 'u2'));
  expect(index.idle('small').map(({ uid }) => uid)).toEqual(['u2']);
  expect(index.hold(pod)).toBe(false);
});

test('whatever happens, nobody gets a pod that is in hand, and nobody waits while one is free', async () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('put' as const), name, uid: fc.constantFrom('1', '2'), ready: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('remove' as const), name }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('take' as const, 'giveBack', 'abort', 'relist') }) },
  );
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
    const index = new WarmIndex(() => 0.7);
    const there = new Map<string, Pod>();
    const held: Pod[] = [];
    const waiting: { turn: number; controller: AbortController }[] = [];
    const served: (typeof waiting)[number][] = [];
    for (const [turn, one] of steps.entries()) {
      if (one.do === 'put') {
        const [key, pod] = keyed(one.name, `${one.name}${one.uid}`, one.ready);
        there.set(key, pod);
        index.changed(key, pod);
      }
      if (one.do === 'remove') {
        there.delete(`team-a/${one.name}`);
        index.changed(`team-a/${one.name}`, undefined);
      }
      if (one.do === 'relist') index.replaced(there);
      if (one.do === 'abort') waiting.shift()?.controller.abort(new Error('gone'));
      if (one.do === 'giveBack' && held.length > 0) index.giveBack(held.shift()!);
      if (one.do === 'take') {
        const waiter = { turn, controller: new AbortController() };
        waiting.push(waiter);
        index.take('small', turn, waiter.controller.signal).then((pod) => {
          served.push(waiter);
          held.push(pod);
        }, () => undefined);
      }
      await settle();
      // Who came first is served first.
      expect(waiting.splice(0, served.length)).toEqual(served.splice(0));
      // A hand is open again when its pod has gone.
      for (const pod of [...held]) if (![...there.values()].some(({ uid }) => uid === pod.uid)) held.splice(held.indexOf(pod), 1);
      expect(new Set(held.map(({ uid }) => uid)).size).toBe(held.length);
      const free = index.idle('small').filter(({ ready }) => ready);
      expect(free.filter(({ uid }) => held.some((pod) => pod.uid === uid))).toEqual([]);
      expect(waiting.length > 0 && free.length > 0).toBe(false);
      expect(index.isAwaited('small')).toBe(waiting.length > 0);
    }
  }), { numRuns: 60 });
});

test.each<[string, (index: WarmIndex, key: string) => void]>([
  ['is told to be gone', (index, key) => index.changed(key, undefined)],
  ['is not in the next list', (index) => index.replaced(new Map())],
])('a pod that %s is in nobody\'s hand any more, should it ever be warm again', async (_, lose) => {
  const index = new WarmIndex(() => 0);
  const [key, pod] = keyed('a', 'u1');
  index.changed(key, pod);
  expect(index.hold(pod)).toBe(true);
  lose(index, key);
  expect(index.hold(pod)).toBe(false);
  index.changed(key, pod);
  expect(index.idle('small')).toEqual([pod]);
});
