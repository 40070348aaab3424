import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import {
  creditFrame, emptyFrame, inputFrame, MAX_FRAME, MAX_IDS, openFrame, PROTOCOL_VERSION, REPLY, ReplyReader, REQUEST, signalFrame, spawnFrame,
} from '../../../../sidecar/src/session/native/protocol';

const header = (length: number, type: number, id: number): number[] => [length, 0, 0, 0, type, id, 0, 0, 0];

test('a command is written as the page says', () => {
  const frame = spawnFrame(7, { argv: ['é', ''], env: { A: 'b' }, directory: 3, window: 4, drainMs: 5, input: true, cap: 2 ** 33 });
  expect([...frame]).toEqual([
    ...header(frame.length - 4, 1, 7), 3, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0,
    2, 0, 0, 0, 0xc3, 0xa9, 0, 0, 1, 0, 0, 0, 0x41, 0x3d, 0x62, 0,
  ]);
});

test.each([
  ['SIGNAL', signalFrame(1, 15), [...header(9, 2, 1), 15, 0, 0, 0]],
  ['INPUT', inputFrame(1, Buffer.from('ab')), [...header(7, 3, 1), 97, 98]],
  ['INPUT_END', emptyFrame(REQUEST.INPUT_END, 1), header(5, 4, 1)],
  ['CREDIT', creditFrame(1, 1, 258), [...header(10, 5, 1), 1, 2, 1, 0, 0]],
  ['OPEN', openFrame(1, 9, 'a/ü'), [...header(14, 6, 1), 9, 0, 0, 0, 97, 47, 0xc3, 0xbc, 0]],
  ['RELEASE', emptyFrame(REQUEST.RELEASE, 1), header(5, 7, 1)],
])('%s is written as the page says', (_, frame, bytes) => {
  expect([...frame]).toEqual(bytes);
});

test('replies are read whole however the socket cuts them', () => {
  const reply = fc.record({ type: fc.integer({ min: 64, max: 72 }), id: fc.nat(MAX_IDS - 1), payload: fc.uint8Array({ maxLength: 40 }) });
  fc.assert(fc.property(fc.array(reply), fc.infiniteStream(fc.integer({ min: 1, max: 30 })), (replies, sizes) => {
    const bytes = Buffer.concat(replies.map(({ type, id, payload }) => {
      const frame = Buffer.alloc(9 + payload.length);
      frame.writeUInt32LE(5 + payload.length, 0);
      frame[4] = type;
      frame.writeUInt32LE(id, 5);
      frame.set(payload, 9);
      return frame;
    }));
    const reader = new ReplyReader();
    const seen: object[] = [];
    for (let at = 0; at < bytes.length;) {
      const size = sizes.next().value as number;
      reader.push(bytes.subarray(at, at + size), ({ type, id, payload }) => seen.push({ type, id, payload: Uint8Array.from(payload) }));
      at += size;
    }
    expect(seen).toEqual(replies.map(({ type, id, payload }) => ({ type, id, payload: Uint8Array.from(payload) })));
  }));
});

test.each([0, 4, MAX_FRAME + 1, 2 ** 32 - 1])('a reply of %d bytes is refused', (length) => {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(length, 0);
  expect(() => new ReplyReader().push(bytes, () => undefined)).toThrow(`the helper sent a frame of ${length} bytes`);
});

describe('the page, the helper and this side agree', () => {
  const source = readFileSync('sidecar/native/helper.h', 'utf8');
  const page = readFileSync('sidecar/native/PROTOCOL.md', 'utf8');

  /** The numbers of a C enumeration: each is one more than the one before, unless it says its own. */
  const enumeration = (name: string): Record<string, number> => {
    let next = 0;
    return Object.fromEntries(new RegExp(`enum ${name} \\{([^}]*)\\}`).exec(source)![1].split(',').map((entry) => {
      const [key, value] = entry.split('=').map((part) => part.trim());
      next = value === undefined ? next : Number(value);
      return [key, next++];
    }));
  };

  test('on the numbers of requests and replies', () => {
    expect([enumeration('request_type'), enumeration('reply_type')]).toEqual([REQUEST, REPLY]);
  });

  test.each(Object.entries({ ...REQUEST, ...REPLY }))('on %s = %d', (name, number) => {
    const row = page.split('\n').find((line) => line.startsWith('|') && line.split('|')[1].split(',').map((part) => part.trim()).includes(name));
    expect(row?.split('|')[2].match(/\d+/g)?.map(Number)).toContain(number);
  });

  test('on limits and version', () => {
    const value = (name: string): string => new RegExp(`\\b${name} = ([^,]+),`).exec(source)![1];
    expect([value('PROTOCOL_VERSION'), value('MAX_IDS'), value('MAX_FRAME')]).toEqual([String(PROTOCOL_VERSION), String(MAX_IDS), '1 << 20']);
    expect(MAX_FRAME).toBe(1 << 20);
  });
});
