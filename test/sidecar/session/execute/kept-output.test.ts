import fc from 'fast-check';
import { KeptOutput } from '../../../../sidecar/src/session/execute/kept-output';
import { HeldBytes } from '../../../../sidecar/src/session/held-bytes';

test('what is kept is the beginning of what came, as far as there is room, and all room is given back', () => {
  const outputs = fc.array(fc.tuple(fc.constantFrom('stdout' as const, 'stderr' as const), fc.uint8Array({ maxLength: 3000 })), { maxLength: 30 });
  fc.assert(fc.property(outputs, fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 0, max: 30_000 }), (pieces, max, room) => {
    const held = new HeldBytes(room);
    const kept = new KeptOutput(max, held);
    for (const [source, bytes] of pieces) kept.add(source, bytes);
    for (const source of ['stdout', 'stderr'] as const) {
      const all = Buffer.concat(pieces.filter(([from]) => from === source).map(([, bytes]) => bytes));
      const mine = Buffer.from(kept.text(source, 'base64'), 'base64');
      expect(mine.equals(all.subarray(0, mine.length))).toBe(true);
      expect(mine.length).toBeLessThanOrEqual(max);
      expect(kept.isCut(source)).toBe(mine.length < all.length);
    }
    kept.release();
    expect(held.take(room)).toBe(true);
  }));
});

test('with room for it, as much is kept as may be', () => {
  const kept = new KeptOutput(10_000, new HeldBytes(100_000));
  for (let at = 0; at < 9_999; at += 1) kept.add('stdout', Buffer.from('a'));
  kept.add('stdout', Buffer.from('bcd'));
  expect(kept.text('stdout', 'utf8')).toBe(`${'a'.repeat(9_999)}b`);
  expect(kept.isCut('stdout')).toBe(true);
});

test('nothing comes behind a gap', () => {
  const held = new HeldBytes(8192);
  const kept = new KeptOutput(100_000, held);
  kept.add('stdout', Buffer.alloc(4096, 'a'));
  kept.add('stdout', Buffer.alloc(8192, 'b'));
  kept.add('stdout', Buffer.from('c'));
  expect(kept.text('stdout', 'utf8')).toBe('a'.repeat(4096));
});
