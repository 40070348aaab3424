import fc from 'fast-check';
import { Outages } from '../../../../sidecar/src/controller/reaper/outages';

function begun(at: number): Outages {
  const outages = new Outages();
  outages.read(at);
  return outages;
}

test('what was before the first answer is not known', () => {
  expect([begun(100).unnotedSince(40), begun(100).unnotedSince(100), begun(100).unnotedSince(120)]).toEqual([60, 0, 0]);
});

test('an outage lasts from the last answer to the next one', () => {
  const outages = begun(0);
  outages.read(100);
  outages.readFailed();
  outages.readFailed();
  outages.read(250);
  outages.read(900);
  expect([0, 100, 200, 250, 900].map((since) => outages.unnotedSince(since))).toEqual([150, 150, 50, 0, 0]);
});

test('a store that answers is not away, however long nobody asked', () => {
  const outages = begun(0);
  outages.read(1_000_000);
  expect(outages.unnotedSince(0)).toBe(0);
});

test('writes that fail are an outage since the last one that did not, however well the store is read', () => {
  const outages = begun(0);
  outages.written(100);
  outages.read(400);
  outages.writeFailed();
  outages.read(500);
  outages.writeFailed();
  outages.read(600);
  expect([50, 100, 450, 550].map((since) => outages.unnotedSince(since))).toEqual([500, 500, 150, 50]);
});

test('no time is counted twice, and none that is to come', () => {
  const step = fc.record({ after: fc.nat(100), what: fc.constantFrom('read', 'readFailed', 'written', 'writeFailed') });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), fc.nat(2000), (steps, since) => {
    const outages = begun(0);
    let now = 0;
    for (const { after, what } of steps) {
      now += after;
      if (what === 'read') outages.read(now);
      else if (what === 'written') outages.written(now);
      else if (what === 'readFailed') outages.readFailed();
      else outages.writeFailed();
    }
    const unnoted = outages.unnotedSince(since);
    expect(unnoted).toBeGreaterThanOrEqual(0);
    expect(unnoted).toBeLessThanOrEqual(Math.max(0, now - since));
  }));
});
