import { MemoryApi, SYSTEM } from './ship-support';
import { AuditHead } from '../../../../../sidecar/src/broker/audit/log/chain';
import { anchorEvents, publishAnchors } from '../../../../../sidecar/src/broker/audit/shipping/anchors';
import { anchorIn } from '../../../../../sidecar/src/broker/audit/shipping/ship-object';
import { gate, HandTimers, NOON } from '../support';

const head = (sequence: number): AuditHead => ({ stream: 's', sequence, hash: 'f'.repeat(64) });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function publishing(publish?: (head: AuditHead) => void | Promise<void>) {
  const timers = new HandTimers();
  const published: number[] = [];
  const state = { now: head(1) };
  const stop = publishAnchors({
    heads: () => [state.now],
    publish: publish ?? (({ sequence }) => void published.push(sequence)),
    after: timers.after,
  });
  const tick = async (): Promise<void> => {
    timers.fire(10_000);
    await turn();
  };
  return { timers, published, state, stop, tick };
}

test('a head is published every 10 seconds, when it has moved', async () => {
  const { published, state, tick } = publishing();
  expect(published).toEqual([]);
  await tick();
  await tick();
  state.now = head(5);
  await tick();
  expect(published).toEqual([1, 5]);
});

test('the end publishes what is left, and nothing comes after', async () => {
  const { timers, published, state, stop, tick } = publishing();
  await tick();
  state.now = head(2);
  await stop();
  expect(published).toEqual([1, 2]);
  expect(timers.delays).toEqual([]);
});

test('the end says nothing twice', async () => {
  const { published, stop, tick } = publishing();
  await tick();
  await stop();
  expect(published).toEqual([1]);
});

test.each([
  ['throws', () => { throw new Error('no'); }],
  ['rejects', () => Promise.reject(new Error('no'))],
])('a publisher that %s is offered the head again, and stops nothing', async (_, fail) => {
  let calls = 0;
  const { tick, stop } = publishing(() => {
    calls++;
    return calls < 3 ? fail() : undefined;
  });
  for (let count = 0; count < 5; count++) await tick();
  expect(calls).toBe(3);
  await stop();
});

test('a slow publisher is not called a second time meanwhile', async () => {
  const { opened, open } = gate();
  let calls = 0;
  const { state, tick, stop } = publishing(() => {
    calls++;
    return opened;
  });
  await tick();
  state.now = head(2);
  await tick();
  expect(calls).toBe(1);
  open();
  await stop();
  expect(calls).toBe(2);
});

describe('anchors as AuditEvents', () => {
  test('are in the namespace of the platform, once for each head', async () => {
    const api = new MemoryApi();
    const publish = anchorEvents(api, SYSTEM, () => NOON);
    await publish(head(1));
    await publish(head(1));
    await publish(head(2));
    expect([...api.objects.values()].map(anchorIn)).toEqual([head(1), head(2)]);
    expect([...api.objects.keys()][0]).toMatch(/^agent-platform\/anchor-s-1-f{12}$/);
  });

  test.each(['refused', 'invalid'] as const)('that are %s are told of and offered again', async (result) => {
    const api = new MemoryApi();
    api.answer = async () => result;
    const timers = new HandTimers();
    const errors: string[] = [];
    const failed = (error: unknown) => errors.push((error as Error).message);
    const stop = publishAnchors({ heads: () => [head(1)], publish: anchorEvents(api, SYSTEM, () => NOON), failed, after: timers.after });
    timers.fire(10_000);
    await turn();
    expect(errors).toEqual([`namespace agent-platform does not take anchors of the audit log: ${result}`]);
    api.answer = async () => undefined;
    await stop();
    expect(api.objects.size).toBe(1);
  });
});
