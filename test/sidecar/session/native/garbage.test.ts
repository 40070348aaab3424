import { ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import * as fc from 'fast-check';
import { emptyFrame, inputFrame, MAX_FRAME, openFrame, REQUEST, signalFrame, spawnFrame } from '../../../../sidecar/src/session/native/protocol';
import { eventually } from '../../../helpers/temp-folder';
import { DIRECTORY, living, longSleep } from '../commands';
import { describeHelper, HELPER_PROGRAM } from '../helper-program';

interface Talk {
  readonly child: ChildProcess;
  readonly socket: Duplex;
  readonly ended: Promise<number | string | null>;
  errors(): string;
}

/** A helper whose socket is ours, to say what no daemon says. */
function talk(): Talk {
  const child = spawn(HELPER_PROGRAM!, [], { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stderr!.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  const socket = child.stdio[3] as Duplex;
  socket.on('error', () => undefined).resume();
  return { child, socket, ended: new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal))), errors: () => text };
}

async function say(...frames: readonly Uint8Array[]): Promise<{ status: number | string | null; errors: string }> {
  const { socket, ended, errors } = talk();
  for (const frame of frames) socket.write(frame);
  socket.end();
  return { status: await ended, errors: errors() };
}

function numbered(length: number, ...rest: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 + rest.length, 0);
  bytes.writeUInt32LE(length, 0);
  bytes.set(rest, 4);
  return bytes;
}

const SPAWN = { argv: ['true'], env: {}, directory: 999_999, window: 1, drainMs: 1, input: false, cap: 1 };

/** A frame with one of its bytes changed. */
function changed(frame: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(frame);
  copy[at] = value;
  return copy;
}

describeHelper('the helper', () => {
  test.each([
    ['an unknown type', numbered(5, 99, 0, 0, 0, 0)],
    ['a type of the other direction', numbered(5, 64, 0, 0, 0, 0)],
    ['an id beyond its table', signalFrame(1024, 9)],
    ['the largest id', signalFrame(2 ** 32 - 1, 9)],
    ['a frame without an id', numbered(1, 4)],
    ['an empty frame', numbered(0)],
    ['a frame that is too long', numbered(MAX_FRAME + 1)],
    ['a frame as long as a number goes', numbered(2 ** 32 - 1)],
    ['a signal beyond all', signalFrame(0, 65)],
    ['input without bytes', inputFrame(0, new Uint8Array())],
    ['more input than may be under way', inputFrame(0, new Uint8Array(65537))],
    ['bytes after the end', numbered(6, 4, 0, 0, 0, 0, 0)],
    ['a path without an end', changed(openFrame(0, 0, 'a'), 14, 98)],
    ['a path with two ends', openFrame(0, 0, 'a\0b')],
    ['a program without arguments', spawnFrame(0, { ...SPAWN, argv: [] })],
    ['more arguments than there are', changed(spawnFrame(0, SPAWN), 30, 200)],
    ['four billion arguments', changed(spawnFrame(0, SPAWN), 33, 255)],
    ['an input that is neither there nor not', changed(spawnFrame(0, SPAWN), 21, 2)],
  ])('refuses %s, says so and ends', async (_, frame) => {
    const { status, errors } = await say(frame);
    expect([status, errors]).toEqual([70, 'session-helper: the daemon sent a frame that is not of protocol 1\n']);
  });

  test('kills what it has started when it must end so', async () => {
    const sleep = longSleep();
    const { socket, ended } = talk();
    socket.write(spawnFrame(0, { ...SPAWN, argv: ['/bin/sleep', sleep], directory: DIRECTORY.fd }));
    await eventually(() => living(sleep).length === 1);
    socket.write(numbered(5, 99, 0, 0, 0, 0));
    expect(await ended).toBe(70);
    await eventually(() => living(sleep).length === 0);
  });

  test.each([
    ['a signal', signalFrame(3, 9)],
    ['input', inputFrame(3, Buffer.from('a'))],
    ['the end of input', emptyFrame(REQUEST.INPUT_END, 3)],
    ['a file that was not opened', emptyFrame(REQUEST.RELEASE, 3)],
    ['a folder that is not there', openFrame(3, 999_999, 'a')],
    ['a command in a folder that is not there', spawnFrame(3, SPAWN)],
  ])('is not troubled by %s for which there is nothing', async (_, frame) => {
    expect(await say(frame)).toEqual({ status: 0, errors: '' });
  });

  test('survives or refuses any bytes, and never dies of them', async () => {
    const frames = [spawnFrame(0, SPAWN), signalFrame(0, 0), inputFrame(0, Buffer.from('abc')), openFrame(0, 999_999, 'x'), emptyFrame(REQUEST.RELEASE, 0)];
    const mutation = fc.record({ frame: fc.constantFrom(...frames), at: fc.nat(40), value: fc.integer({ min: 0, max: 255 }) });
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 64 }), mutation.map(({ frame, at, value }) => changed(frame, at % frame.length, value)));
    await fc.assert(fc.asyncProperty(fc.array(bytes, { maxLength: 5 }), async (chunks) => {
      const { status, errors } = await say(...chunks);
      expect([0, 70]).toContain(status);
      expect(errors).not.toContain('Sanitizer');
    }), { numRuns: 60 });
  }, 60_000);
});
