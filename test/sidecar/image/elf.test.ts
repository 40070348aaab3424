import fc from 'fast-check';
import { ADDRESS, PAGE, smallProgram, STRINGS } from './small-program';
import { rehomed } from '../../../sidecar/image/elf';

const HOME = { loader: '/opt/here/lib/ld-linux-x86-64.so.2', libraries: '/opt/here/lib' };
const TEXT = `${HOME.loader}\0${HOME.libraries}\0`;

const word = (bytes: Buffer, at: number) => Number(bytes.readBigUInt64LE(at));
const segment = (bytes: Buffer, index: number) => [8, 16, 24, 32, 40].map((field) => word(bytes, 64 + index * 56 + field));
const dynamic = (bytes: Buffer) => Array.from({ length: 8 }, (_, index) => [word(bytes, PAGE + index * 16), word(bytes, PAGE + index * 16 + 8)]);

describe('a program with a home of its own', () => {
  const before = smallProgram();
  const after = rehomed(before, HOME);

  test('has the size that it had, and the first one is left alone', () => {
    expect(after).toHaveLength(before.length);
    expect(before).toEqual(smallProgram());
  });

  test('asks for the loader by a path in its first segment, which has grown by both paths', () => {
    expect(after.toString('latin1', 700, 700 + TEXT.length)).toBe(TEXT);
    expect(segment(after, 0)).toEqual([0, ADDRESS, ADDRESS, 700 + TEXT.length, 700 + TEXT.length]);
    expect(segment(after, 1)).toEqual([700, ADDRESS + 700, ADDRESS + 700, HOME.loader.length + 1, HOME.loader.length + 1]);
  });

  test('has the folder of the libraries as DT_RPATH, inside its table of names', () => {
    const place = 700 + HOME.loader.length + 1 - STRINGS;
    expect(dynamic(after)).toEqual([[5, ADDRESS + STRINGS], [10, 700 + TEXT.length - STRINGS], [15, place], ...Array(5).fill([0, 0])]);
    expect(after.toString('latin1', STRINGS + place, STRINGS + place + HOME.libraries.length + 1)).toBe(`${HOME.libraries}\0`);
  });

  test('is otherwise the same, byte for byte', () => {
    const touched = [[64, 64 + 2 * 56], [700, 700 + TEXT.length], [PAGE + 24, PAGE + 48]];
    const differ = [...after.keys()].filter((at) => after[at] !== before[at]);
    expect(differ.filter((at) => !touched.some(([from, to]) => at >= from && at < to))).toEqual([]);
  });
});

describe('a program is refused', () => {
  test.each<[string, Buffer, string]>([
    ['that is none', Buffer.from('the program'), 'not an ELF file of 64 bits'],
    ['of 32 bits', Object.assign(smallProgram(), { 4: 1 }), 'not an ELF file of 64 bits'],
    ['in big-endian order', Object.assign(smallProgram(), { 5: 2 }), 'in little-endian order'],
    ['with a path for libraries already', smallProgram({ tags: [15] }), 'has a library path already'],
    ['with a newer path for libraries already', smallProgram({ tags: [29] }), 'has a library path already'],
    ['whose dynamic table is full', smallProgram({ nulls: 1 }), 'no room for a dynamic entry'],
    ['whose dynamic table does not end', smallProgram({ nulls: 0 }), 'no room for a dynamic entry'],
    ['whose first page is full', smallProgram({ used: PAGE - TEXT.length + 1 }), `no room for ${TEXT.length} bytes of paths`],
    ['that has something behind its first segment', smallProgram({ behind: 1 }), `no room for ${TEXT.length} bytes of paths`],
  ])('%s', (_name, program, message) => {
    expect(() => rehomed(program, HOME)).toThrow(message);
  });

  test('that is linked statically', () => {
    const program = smallProgram();
    for (const index of [1, 3]) program.writeUInt32LE(0, 64 + index * 56);
    expect(() => rehomed(program, HOME)).toThrow('the program is not linked dynamically');
  });

  test('or changed as told, whatever room it has', () => {
    fc.assert(fc.property(fc.integer({ min: STRINGS + 20, max: PAGE }), fc.integer({ min: 0, max: 3 }), (used, nulls) => {
      const program = smallProgram({ used, nulls });
      if (PAGE - used >= TEXT.length && nulls >= 2) expect(rehomed(program, HOME).toString('latin1', used, used + TEXT.length)).toBe(TEXT);
      else expect(() => rehomed(program, HOME)).toThrow('no room');
    }));
  });
});
