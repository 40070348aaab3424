import { Duplex } from 'node:stream';
import { HelperConnection, HelperGone, Ids } from '../../../../sidecar/src/session/native/helper-connection';
import { HelperProcesses } from '../../../../sidecar/src/session/native/helper-processes';
import { MAX_IDS, PROTOCOL_VERSION, REPLY, REQUEST } from '../../../../sidecar/src/session/native/protocol';
import { start } from '../commands';

/** A socket of which the test is the other end. */
class FakeSocket extends Duplex {
  readonly written: Buffer[] = [];

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(chunk);
    done();
  }

  /** Says what a helper says. */
  reply(type: number, id: number, payload: readonly number[]): void {
    const bytes = Buffer.alloc(9 + payload.length);
    bytes.writeUInt32LE(5 + payload.length, 0);
    bytes[4] = type;
    bytes.writeUInt32LE(id, 5);
    bytes.set(payload, 9);
    this.push(bytes);
  }

  hello(version = PROTOCOL_VERSION, openat2 = 1): void {
    this.reply(REPLY.HELLO, 0, [version, 0, 0, 0, 7, 1, 0, 0, openat2]);
  }
}

const EXITED = [0, 4, ...Array.from({ length: 43 }, () => 0)];

async function connected() {
  const socket = new FakeSocket();
  const opening = HelperConnection.open(socket);
  socket.hello();
  return { socket, ...await opening };
}

/** Types of the requests that were sent. */
const types = (socket: FakeSocket): number[] => socket.written.map((frame) => frame[4]);

test.each([[1, true], [0, false]])('the greeting tells the process and whether there is openat2: %d', async (flag, openat2) => {
  const socket = new FakeSocket();
  const opening = HelperConnection.open(socket);
  socket.hello(PROTOCOL_VERSION, flag);
  expect((await opening).hello).toEqual({ pid: 263, openat2 });
});

test('a reply for an id that nobody has is passed over', async () => {
  const { socket, connection } = await connected();
  socket.reply(REPLY.EXITED, 5, EXITED);
  socket.reply(REPLY.OPENED, 5, [0, 0, 0, 0]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(connection.gone).toBeUndefined();
});

test('an id is free after the end, but after SIGTERM only when SIGKILL was sent', async () => {
  const { socket, connection } = await connected();
  const timers: (() => void)[] = [];
  const processes = new HelperProcesses(connection, (_, run) => {
    timers.push(run);
    return () => undefined;
  });
  const first = start(processes, ['a']);
  first.running.terminate(1);
  socket.reply(REPLY.EXITED, 0, EXITED);
  expect((await first.ended).code).toBe(4);
  void start(processes, ['b']).ended.catch(() => undefined);
  timers[0]();
  void start(processes, ['c']).ended.catch(() => undefined);
  expect(types(socket)).toEqual([REQUEST.SPAWN, REQUEST.SIGNAL, REQUEST.SPAWN, REQUEST.SIGNAL, REQUEST.SPAWN]);
  expect(socket.written.map((frame) => frame.readUInt32LE(5))).toEqual([0, 0, 1, 0, 0]);
});

test('there are no more ids than the helper has places', () => {
  const ids = new Ids();
  const target = { reply: () => undefined, gone: () => undefined };
  expect(Array.from({ length: MAX_IDS }, () => ids.take(target))).toEqual(Array.from({ length: MAX_IDS }, (_, i) => i));
  expect(ids.take(target)).toBeUndefined();
  ids.release(3);
  ids.release(3);
  expect([ids.take(target), ids.take(target)]).toEqual([3, undefined]);
});

describe('refused is', () => {
  test('a helper of another protocol', async () => {
    const socket = new FakeSocket();
    const opening = HelperConnection.open(socket);
    socket.hello(2);
    const refusal: unknown = await opening.catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(HelperGone);
    expect((refusal as HelperGone).cause).toEqual(new Error('the helper speaks protocol 2, not 1'));
  });

  test('a socket that closes without a greeting', async () => {
    const socket = new FakeSocket();
    const opening = HelperConnection.open(socket);
    socket.push(null);
    await expect(opening).rejects.toThrow(HelperGone);
  });

  test.each([
    ['a reply of a type that there is not', 99, []],
    ['a reply that is too short', REPLY.EXITED, [0]],
  ])('%s: what runs is told that the helper has gone', async (_, type, payload) => {
    const { socket, connection } = await connected();
    const { ended } = start(new HelperProcesses(connection), ['a']);
    socket.reply(type, 0, payload);
    await expect(ended).rejects.toThrow(HelperGone);
    await expect(connection.closed).resolves.toBeInstanceOf(HelperGone);
  });
});
