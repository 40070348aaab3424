import fc from 'fast-check';
import { begin, DAEMONS, handshake, later, Loss, race, replay, request, restarted, SESSIONS } from './handshake-commands';

const at = fc.nat(DAEMONS - 1);
const session = fc.nat(SESSIONS.length - 1);
const loss = fc.constantFrom<Loss>('nothing', 'the request', 'the answer', 'the boot');

const STEPS = [
  fc.tuple(at, session, loss).map((args) => handshake(...args)),
  fc.tuple(at, fc.constantFrom([0, 1], [1, 0], [0, 2])).map(([one, [first, second]]) => race(one, first, second)),
  fc.tuple(fc.nat(50), at).map((args) => replay(...args)),
  fc.tuple(at, session).map((args) => request(...args)),
  fc.tuple(at, session).map((args) => request(...args)),
  at.map(restarted),
  fc.constantFrom(1, 60, 179, 181).map(later),
];

test('whatever happens in whatever order, a daemon serves the session that it has pinned in this boot, and no other', async () => {
  await fc.assert(fc.asyncProperty(fc.commands(STEPS, { maxCommands: 25 }), (steps) => fc.asyncModelRun(begin, steps)), { numRuns: 60 });
}, 120_000);

test('after each restart every token and every init of before is worthless, until the session is claimed again', async () => {
  await fc.assert(fc.asyncProperty(session, loss, async (one, lost) => {
    const steps = [
      request(0, one), handshake(0, one, lost), request(0, one), restarted(0), request(0, one), replay(0, 0), replay(1, 0), request(0, one),
      handshake(0, one, lost), request(0, one), replay(0, 1), request(1, one),
    ];
    const { model, real } = begin();
    for (const step of steps) await step.run(model, real);
    expect(model.daemons[0].pinned).toBe(one);
    expect(model.daemons[1].pinned).toBeUndefined();
  }), { numRuns: 12 });
}, 60_000);
