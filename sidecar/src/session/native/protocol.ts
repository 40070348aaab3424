/** The messages between the daemon and its helper, as `sidecar/native/PROTOCOL.md` describes them. */
export const PROTOCOL_VERSION = 1;

/** Bytes after the length of a frame. */
export const MAX_FRAME = 1024 * 1024;

/** Ids are below. */
export const MAX_IDS = 1024;

/** Bytes of input of one command that may be under way. */
export const INPUT_WINDOW = 65536;

export const REQUEST = { SPAWN: 1, SIGNAL: 2, INPUT: 3, INPUT_END: 4, CREDIT: 5, OPEN: 6, RELEASE: 7 } as const;

export const REPLY = {
  HELLO: 64, NOT_STARTED: 65, STDOUT: 66, STDERR: 67, INPUT_CREDIT: 68, INPUT_CLOSED: 69, EXITED: 70, OPENED: 71, NOT_OPENED: 72,
} as const;

/** Length, type and id. */
export const HEADER = 9;

/** A reply of the helper. The payload is valid as long as nobody writes into the chunk it came in. */
export interface Reply {
  readonly type: number;
  readonly id: number;
  readonly payload: Buffer;
}

export interface SpawnRequest {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Number of an open folder of the daemon. */
  readonly directory: number;
  readonly window: number;
  readonly drainMs: number;
  readonly input: boolean;
  readonly cap: number;
}

function frame(type: number, id: number, payload: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER + payload);
  bytes.writeUInt32LE(HEADER - 4 + payload, 0);
  bytes[4] = type;
  bytes.writeUInt32LE(id, 5);
  return bytes;
}

const SPAWN_NUMBERS = 21;

export function spawnFrame(id: number, { argv, env, directory, window, drainMs, input, cap }: SpawnRequest): Buffer {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const texts = [argv, variables].map((list) => ({ count: list.length, text: list.map((text) => `${text}\0`).join('') }));
  const sizes = texts.map(({ text }) => Buffer.byteLength(text));
  const bytes = frame(REQUEST.SPAWN, id, SPAWN_NUMBERS + sizes[0] + sizes[1] + 8);
  let at = bytes.writeUInt32LE(directory, HEADER);
  at = bytes.writeUInt32LE(window, at);
  at = bytes.writeUInt32LE(drainMs, at);
  at = bytes.writeUInt8(input ? 1 : 0, at);
  at = bytes.writeBigUInt64LE(BigInt(cap), at);
  texts.forEach(({ count, text }, i) => {
    at = bytes.writeUInt32LE(count, at);
    bytes.write(text, at, 'utf8');
    at += sizes[i];
  });
  return bytes;
}

export function signalFrame(id: number, signal: number): Buffer {
  const bytes = frame(REQUEST.SIGNAL, id, 4);
  bytes.writeUInt32LE(signal, HEADER);
  return bytes;
}

export function inputFrame(id: number, input: Uint8Array): Buffer {
  const bytes = frame(REQUEST.INPUT, id, input.length);
  bytes.set(input, HEADER);
  return bytes;
}

export function creditFrame(id: number, stream: 0 | 1, credit: number): Buffer {
  const bytes = frame(REQUEST.CREDIT, id, 5);
  bytes[HEADER] = stream;
  bytes.writeUInt32LE(credit, HEADER + 1);
  return bytes;
}

export function openFrame(id: number, root: number, path: string): Buffer {
  const size = Buffer.byteLength(path);
  const bytes = frame(REQUEST.OPEN, id, 4 + size + 1);
  bytes.writeUInt32LE(root, HEADER);
  bytes.write(path, HEADER + 4, 'utf8');
  bytes[HEADER + 4 + size] = 0;
  return bytes;
}

/** Requests without a payload. */
export function emptyFrame(type: typeof REQUEST.INPUT_END | typeof REQUEST.RELEASE, id: number): Buffer {
  return frame(type, id, 0);
}

/**
 * Cuts what the socket brings into replies.
 *
 * @throws Error on a frame that no helper of this protocol sends.
 */
export class ReplyReader {
  private rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer, onReply: (reply: Reply) => void): void {
    let bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    while (bytes.length >= 4) {
      const length = bytes.readUInt32LE(0);
      if (length < HEADER - 4 || length > MAX_FRAME) throw new Error(`the helper sent a frame of ${length} bytes`);
      if (bytes.length < 4 + length) break;
      const payload = bytes.subarray(HEADER, 4 + length);
      onReply({ type: bytes[4], id: bytes.readUInt32LE(5), payload });
      bytes = bytes.subarray(4 + length);
    }
    this.rest = bytes;
  }
}
