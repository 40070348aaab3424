import fc from 'fast-check';
import { RunCaps, type RunPlace } from '../../../../sidecar/src/egress/gate/run-caps';

const ONE = 'pdk-egress-one';
const OTHER = 'pdk-egress-other';

function caps(options: { connections?: number; perSecond?: number; maxRuns?: number } = {}) {
  const state = { now: 0 };
  return { state, caps: new RunCaps({ connections: 3, perSecond: 100, clock: () => state.now, ...options }) };
}

test('so many connections of a run are open at once, and one more is refused', () => {
  const { caps: all } = caps();
  const places = [1, 2, 3].map(() => all.enter(ONE));
  expect(() => all.enter(ONE)).toThrow(expect.objectContaining({ code: 'TOO_MANY_CONNECTIONS', status: 429 }));
  places[0].leave();
  all.enter(ONE);
  expect(() => all.enter(ONE)).toThrow(expect.objectContaining({ code: 'TOO_MANY_CONNECTIONS' }));
});

test('another run has its own', () => {
  const { caps: all } = caps({ connections: 1 });
  all.enter(ONE);
  expect(() => all.enter(ONE)).toThrow();
  expect(() => all.enter(OTHER)).not.toThrow();
});

test('who leaves twice frees one place', () => {
  const { caps: all } = caps({ connections: 2 });
  const [first] = [all.enter(ONE), all.enter(ONE)];
  first.leave();
  first.leave();
  all.enter(ONE);
  expect(() => all.enter(ONE)).toThrow(expect.objectContaining({ code: 'TOO_MANY_CONNECTIONS' }));
});

test('twice the pace begins at once, and then as many as time brings', () => {
  const { caps: all, state } = caps({ connections: 1_000, perSecond: 5 });
  for (let begun = 0; begun < 10; begun += 1) all.enter(ONE);
  expect(() => all.enter(ONE)).toThrow(expect.objectContaining({ code: 'TOO_MANY_REQUESTS', status: 429, headers: { 'retry-after': '1' } }));
  state.now = 200;
  all.enter(ONE);
  expect(() => all.enter(ONE)).toThrow(expect.objectContaining({ code: 'TOO_MANY_REQUESTS' }));
});

test('who is refused for what it has open uses nothing of its pace', () => {
  const { caps: all } = caps({ connections: 1, perSecond: 1 });
  const place = all.enter(ONE);
  for (let tried = 0; tried < 10; tried += 1) expect(() => all.enter(ONE)).toThrow(expect.objectContaining({ code: 'TOO_MANY_CONNECTIONS' }));
  place.leave();
  expect(() => all.enter(ONE)).not.toThrow();
});

test('who is refused for its pace has nothing open', () => {
  const { caps: all } = caps({ perSecond: 1 });
  [all.enter(ONE), all.enter(ONE)].forEach((place) => place.leave());
  expect(() => all.enter(ONE)).toThrow(expect.objectContaining({ code: 'TOO_MANY_REQUESTS' }));
  expect(all.size).toBe(0);
});

test('more runs than can be remembered are refused while the others are busy', () => {
  const { caps: all, state } = caps({ maxRuns: 1, perSecond: 1 });
  all.enter(ONE);
  expect(() => all.enter(OTHER)).toThrow(expect.objectContaining({ code: 'TOO_MANY_REQUESTS' }));
  state.now = 1_000;
  expect(() => all.enter(OTHER)).not.toThrow();
});

test('no refusal names the token', () => {
  const { caps: all } = caps({ connections: 1 });
  all.enter(ONE);
  expect(() => all.enter(ONE)).not.toThrow(/pdk-/);
});

test('whatever comes and goes, a run is never above its bound, and nothing is kept of those that have gone', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom(ONE, OTHER), fc.boolean()), { maxLength: 60 }), (steps) => {
    const { caps: all } = caps({ connections: 3, perSecond: 1_000 });
    const open: Record<string, RunPlace[]> = { [ONE]: [], [OTHER]: [] };
    for (const [run, enters] of steps) {
      if (!enters) open[run].pop()?.leave();
      else if (open[run].length < 3) open[run].push(all.enter(run));
      else expect(() => all.enter(run)).toThrow(expect.objectContaining({ code: 'TOO_MANY_CONNECTIONS' }));
      expect(all.size).toBe(Object.values(open).filter(({ length }) => length > 0).length);
    }
    Object.values(open).flat().forEach((place) => place.leave());
    expect(all.size).toBe(0);
  }));
});
