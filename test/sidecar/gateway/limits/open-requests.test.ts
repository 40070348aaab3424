import * as fc from 'fast-check';
import type { Leave } from '../../../../sidecar/src/gateway/deps';
import { OpenRequests } from '../../../../sidecar/src/gateway/limits/open-requests';

const principal = (key: string) => ({ owner: key, admin: false, key });
const ALICE = principal('alice');
const BOB = principal('bob');

function requests(limits: { requestsPerSecond?: number; concurrentPerClient?: number; concurrent?: number } = {}) {
  const time = { now: 1_000_000 };
  const open = new OpenRequests({ requestsPerSecond: 1000, concurrentPerClient: 2, concurrent: 3, ...limits }, () => time.now);
  return { open, time };
}

/** Code of the refusal, or `in`. */
function tried(enter: () => Leave): string {
  try {
    enter();
    return 'in';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

test('a client at its limit is refused, and another one does not feel it', () => {
  const { open } = requests();
  open.enter(ALICE);
  open.enter(ALICE);
  expect(() => open.enter(ALICE)).toThrow(expect.objectContaining({ code: 'TOO_MANY_REQUESTS', status: 429, headers: { 'retry-after': '1' } }));
  expect(tried(() => open.enter(BOB))).toBe('in');
});

test('all clients together are bounded, which is another code', () => {
  const { open } = requests();
  open.enter(ALICE);
  open.enter(ALICE);
  open.enter(BOB);
  expect(() => open.enter(BOB)).toThrow(expect.objectContaining({ code: 'SERVER_OVERLOADED', status: 429, headers: { 'retry-after': '1' } }));
});

test('a slot that is given back is free, and only once', () => {
  const { open } = requests();
  const first = open.enter(ALICE);
  open.enter(ALICE);
  first.end();
  first.end();
  expect(open.size).toBe(1);
  expect(tried(() => open.enter(ALICE))).toBe('in');
  expect(tried(() => open.enter(ALICE))).toBe('TOO_MANY_REQUESTS');
});

test('a client begins twice its rate at once, then its rate, and is told how long to wait', () => {
  const { open, time } = requests({ requestsPerSecond: 2, concurrentPerClient: 100, concurrent: 100 });
  const begin = () => tried(() => open.enter(ALICE));
  expect(Array.from({ length: 5 }, begin)).toEqual(['in', 'in', 'in', 'in', 'TOO_MANY_REQUESTS']);
  expect(() => open.enter(ALICE)).toThrow(expect.objectContaining({ headers: { 'retry-after': '1' } }));
  expect(tried(() => open.enter(BOB))).toBe('in');
  time.now += 500;
  expect([begin(), begin()]).toEqual(['in', 'TOO_MANY_REQUESTS']);
});

test('a refusal takes no slot, and one for concurrency nothing of the rate', () => {
  const { open } = requests({ requestsPerSecond: 1, concurrentPerClient: 1, concurrent: 10 });
  const first = open.enter(ALICE);
  for (let i = 0; i < 10; i += 1) expect(tried(() => open.enter(ALICE))).toBe('TOO_MANY_REQUESTS');
  first.end();
  expect(tried(() => open.enter(ALICE))).toBe('in');
  expect(open.size).toBe(1);
});

test('in any order of requests and of ends, also repeated ones, what is open is counted exactly and bounded', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('enter' as const), key: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ kind: fc.constant('end' as const), which: fc.nat(30) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
    const { open } = requests();
    const leaves: Leave[] = [];
    const held: { key: string; leave: Leave }[] = [];
    for (const one of steps) {
      const of = (key: string): number => held.filter((other) => other.key === key).length;
      if (one.kind === 'end') {
        const leave = leaves[one.which];
        leave?.end();
        const at = held.findIndex((other) => other.leave === leave);
        if (at >= 0) held.splice(at, 1);
      } else {
        const expected = of(one.key) >= 2 ? 'TOO_MANY_REQUESTS' : held.length >= 3 ? 'SERVER_OVERLOADED' : 'in';
        expect(tried(() => {
          const leave = open.enter(principal(one.key));
          leaves.push(leave);
          held.push({ key: one.key, leave });
          return leave;
        })).toBe(expected);
      }
      expect(open.size).toBe(held.length);
    }
    for (const leave of leaves) leave.end();
    expect(open.size).toBe(0);
  }));
});
