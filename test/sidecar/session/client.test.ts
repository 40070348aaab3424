import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { AnswerWriter } from '../../../sidecar/src/session/client';

/** An answer whose client takes nothing. */
class Untaken extends EventEmitter {
  destroyed = false;
  writableEnded = false;
  write(): boolean {
    return false;
  }

  end(): void {
    this.writableEnded = true;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

function writer() {
  const raw = new Untaken();
  const timers = new Set<() => void>();
  const timer = (_ms: number, run: () => void) => {
    timers.add(run);
    return () => void timers.delete(run);
  };
  return { raw, timers, writer: new AnswerWriter(raw as unknown as ServerResponse, 1000, timer) };
}

test.each<[string, (to: AnswerWriter) => void | Promise<void>]>([
  ['written', (to) => to.write('x')], ['flushed', (to) => to.flush(Buffer.from('x'))],
])('an answer of which nothing is taken is cut off: %s', async (_name, act) => {
  const { raw, timers, writer: to } = writer();
  const taken = act(to);
  timers.forEach((run) => run());
  await expect(taken).rejects.toThrow('the client went away');
  expect({ destroyed: raw.destroyed, timers: timers.size }).toEqual({ destroyed: true, timers: 0 });
});

test('the end of an answer that is not taken cuts it off too', () => {
  const { raw, timers, writer: to } = writer();
  to.end();
  to.end();
  expect({ ended: raw.writableEnded, timers: timers.size }).toEqual({ ended: true, timers: 1 });
  timers.forEach((run) => run());
  expect({ destroyed: raw.destroyed, timers: timers.size }).toEqual({ destroyed: true, timers: 0 });
});

test('an answer whose end was taken is left alone', () => {
  const { raw, timers, writer: to } = writer();
  to.end();
  raw.emit('close');
  expect({ destroyed: raw.destroyed, timers: timers.size }).toEqual({ destroyed: false, timers: 0 });
});

test('nothing is written to a client that has gone', () => {
  const { raw, writer: to } = writer();
  raw.destroy();
  expect(() => to.write('x')).toThrow('the client went away');
});
