import fc from 'fast-check';
import { ApiModel, sorted, WriteKind } from './api-model';

const NAMES = ['a', 'b'];
const name = fc.constantFrom(...NAMES);
const kind = fc.constantFrom<WriteKind>('update', 'update', 'create', 'same', 'last');
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('begin' as const), name, kind }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('arrive' as const, 'answer'), which: fc.nat({ max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('put' as const, 'remove', 'break'), name }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('deliver' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('beginList' as const, 'endList', 'endList') }) },
);
const steps = fc.array(step, { minLength: 10, maxLength: 60 });
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

interface Rules {
  /** Whether nobody else writes an object while it is written, as the work queue sees to it. */
  readonly oneWriter: boolean;
  /** Whether objects can be left out. */
  readonly broken: boolean;
}

function take(model: ApiModel, one: Step, { oneWriter, broken }: Rules): void {
  if (one.do === 'begin' && !(oneWriter && model.writes.some((write) => write.name === one.name))) model.begin(one.name, one.kind);
  if (one.do === 'arrive' || one.do === 'answer') {
    const write = model.writes[one.which % Math.max(1, model.writes.length)];
    if (write !== undefined) model[one.do](write);
  }
  if (one.do === 'put' || one.do === 'break') model.put(one.name, broken && one.do === 'break');
  if (one.do === 'remove') model.remove(one.name);
  if (one.do === 'deliver') model.deliver();
  if (one.do === 'beginList') model.beginList();
  if (one.do === 'endList') model.endList();
}

function expectSettled(model: ApiModel): void {
  model.settle();
  expect(sorted(model.cache.of('team-a'))).toEqual(model.state());
  for (const one of NAMES) expect(model.cache.get('team-a', one)).toEqual(model.state().find((object) => object.name === one));
}

function expectTold(model: ApiModel): void {
  expect(model.surprises).toEqual([]);
  expect(sorted(model.mirror.values()).map(({ resourceVersion }) => resourceVersion))
    .toEqual(sorted(model.cache.of('team-a')).map(({ resourceVersion }) => resourceVersion));
}

test('what was written is there from its answer on, and nothing is ever older than what the watch has told', () => {
  let ahead = 0;
  fc.assert(fc.property(steps, (all) => {
    const model = new ApiModel();
    for (const one of all) {
      take(model, one, { oneWriter: true, broken: false });
      for (const which of NAMES) {
        const shown = model.cache.get('team-a', which);
        const watched = model.watched(which);
        // Of an object that is gone it is known when that was told.
        const order = shown?.order ?? (watched.isThere ? -1 : watched.order);
        expect(order).toBeGreaterThanOrEqual(Math.max(watched.order, model.floors.get(which) ?? 0));
        if (shown !== undefined && !watched.isThere) expect(order).toBeGreaterThan(watched.order);
        if (order > watched.order) ahead += 1;
      }
      expectTold(model);
    }
    expectSettled(model);
  }), { numRuns: 500 });
  // The steps were such that answers did come before their events.
  expect(ahead).toBeGreaterThan(500);
});

test('whoever writes, and whatever is left out, in the end the cache has what the API server has', () => {
  fc.assert(fc.property(steps, (all) => {
    const model = new ApiModel();
    for (const one of all) {
      take(model, one, { oneWriter: false, broken: true });
      expectTold(model);
    }
    expectSettled(model);
  }), { numRuns: 500 });
});
