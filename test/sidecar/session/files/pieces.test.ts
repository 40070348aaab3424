import { PIECE, Pieces } from '../../../../sidecar/src/session/files/pieces';
import { HeldBytes } from '../../../../sidecar/src/session/held-bytes';

test('a piece that was sent is used again, one of an answer that broke off is not', () => {
  const pieces = new Pieces(new HeldBytes(10 * PIECE));
  const first = pieces.take();
  pieces.release(first, true);
  expect(pieces.take()).toBe(first);
  pieces.release(first, false);
  expect(pieces.take()).not.toBe(first);
});

test('no two answers have the same piece', () => {
  const pieces = new Pieces(new HeldBytes(10 * PIECE));
  const taken = Array.from({ length: 10 }, () => pieces.take());
  taken.forEach((piece) => pieces.release(piece, true));
  expect(new Set(Array.from({ length: 10 }, () => pieces.take())).size).toBe(10);
});

test('without room for a long piece there is a short one, which takes none', () => {
  const held = new HeldBytes(PIECE);
  const pieces = new Pieces(held);
  const [long, short] = [pieces.take(), pieces.take()];
  expect(long).toHaveLength(PIECE);
  expect(short.length).toBeLessThan(PIECE / 8);
  pieces.release(short, true);
  expect(held.take(1)).toBe(false);
  pieces.release(long, false);
  expect(held.take(PIECE)).toBe(true);
});
