import { answers, OPEN, scripted, SHUT, steppingTime, target } from './world';
import type { Dial, Dialed } from '../../../sidecar/src/probe/dial';
import { measure } from '../../../sidecar/src/probe/measure';
import type { Target } from '../../../sidecar/src/probe/target';
import { PROBE_SETTLE_SECONDS } from '../../../src/protocol/limits';

const run = async (one: Target, dial: Dial, ips = ['10.0.0.1']) => measure('me', [one], ips, dial, steppingTime());
const allow = target({ expect: 'allow', rows: ['a-to-b'] });
const listener = target({ expect: 'allow', rows: ['a-to-b'], listener: true });
const unknown: Dialed = { because: 'EMFILE' };

describe('an edge that is to be denied', () => {
  test('is right when it is closed three times in a row', async () => {
    const dial = scripted(SHUT);
    expect(await run(target(), dial)).toEqual({ self: 'me', tried: 1, wrong: [], unpromised: [], untold: [] });
    expect(dial.count()).toBe(3);
  });

  test('is wrong when it stays open', async () => {
    const { wrong } = await run(target(), scripted(OPEN));
    expect(wrong).toEqual([expect.objectContaining({ to: 'broker in system', at: '10.96.0.200', port: 8443, open: true, because: OPEN.because })]);
  });

  test('is tried again until policies have had time: one that closes is right', async () => {
    expect((await run(target(), scripted(OPEN, OPEN, OPEN, SHUT))).wrong).toEqual([]);
  });

  test('is wrong when it opens after it was closed: nothing gets through while a pod is set up', async () => {
    expect((await run(target(), scripted(SHUT, SHUT, OPEN))).wrong).toHaveLength(1);
  });

  test('is wrong when it is closed only now and then, also where the last attempt happens to be', async () => {
    for (const first of [OPEN, SHUT]) {
      const flapping = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? first : first === OPEN ? SHUT : OPEN));
      expect((await run(target(), scripted(...flapping))).wrong).toHaveLength(1);
    }
  });

  test('is not tried for ever', async () => {
    const time = steppingTime();
    await measure('me', [target()], [], scripted(OPEN), time);
    expect(time.slept).toBeLessThanOrEqual(PROBE_SETTLE_SECONDS * 1000);
  });

  test('is wrong also where somebody accepts and does not say who it is', async () => {
    expect((await run(target({ listener: true }), scripted(OPEN))).wrong).toHaveLength(1);
  });
});

describe('an edge that is to be allowed', () => {
  test('is right at the first success', async () => {
    const dial = scripted(SHUT, OPEN);
    expect((await run(allow, dial)).wrong).toEqual([]);
    expect(dial.count()).toBe(2);
  });

  test('is wrong when it stays closed', async () => {
    expect((await run(allow, scripted(SHUT))).wrong).toEqual([expect.objectContaining({ open: false, rows: ['a-to-b'], because: SHUT.because })]);
  });

  test.each([['nobody', OPEN], ['somebody else', answers('another')]])('to a listener where %s answers cannot be told', async (_, dialed) => {
    expect(await run(listener, scripted(dialed))).toMatchObject({ wrong: [], untold: [expect.stringContaining('broker in system, 10.96.0.200 TCP 8443')] });
  });
});

describe('an edge that nobody promises', () => {
  test('is told when it is open, and not wrong', async () => {
    expect(await run(target({ expect: 'unpromised' }), scripted(OPEN))).toMatchObject({ wrong: [], unpromised: [expect.objectContaining({ open: true })] });
  });

  test('is not told when it is closed', async () => {
    expect(await run(target({ expect: 'unpromised' }), scripted(SHUT))).toMatchObject({ wrong: [], unpromised: [] });
  });
});

test.each(['allow', 'deny', 'unpromised'] as const)('a fault of this side is no answer where %s is expected', async (expected) => {
  expect(await run(target({ expect: expected }), scripted(unknown))).toMatchObject({ wrong: [], unpromised: [], untold: ['broker in system, 10.96.0.200 TCP 8443: EMFILE'] });
});

describe('client addresses', () => {
  test.each<[boolean, string, string[]]>([
    [true, '10.0.0.1', ['10.0.0.1']],
    [true, 'fd00::1', ['10.0.0.1', 'fd00::1']],
    [false, '192.0.2.1', ['10.0.0.1']],
  ])('are kept: %s, where %s is seen of %j', async (kept, seen, ips) => {
    expect((await run(listener, scripted(answers('broker in system', seen)), ips)).keepsAddresses).toBe(kept);
  });

  test('are unknown where nobody said whom it sees', async () => {
    expect(await run(allow, scripted(OPEN))).not.toHaveProperty('keepsAddresses');
  });

  test('are not kept when one of several listeners sees another', async () => {
    const dial: Dial = async ({ port }) => answers('broker in system', port === 1 ? '10.0.0.1' : '10.0.0.9');
    const { keepsAddresses } = await measure('me', [{ ...listener, port: 1 }, { ...listener, port: 2 }], ['10.0.0.1'], dial, steppingTime());
    expect(keepsAddresses).toBe(false);
  });
});

test('many edges keep their order, whichever is done first', async () => {
  const targets = Array.from({ length: 300 }, (_, port) => target({ port: port + 1 }));
  const dial: Dial = async ({ port }) => {
    for (let turn = port % 7; turn > 0; turn--) await Promise.resolve();
    return OPEN;
  };
  const { wrong, tried } = await measure('me', targets, [], dial, steppingTime());
  expect([tried, wrong.map(({ port }) => port)]).toEqual([300, targets.map(({ port }) => port)]);
});
