import { chmodSync, mkdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileStamp, fileStampNow, readText, textNow } from '../../../../sidecar/src/server/files/read-file';
import { tempFolder } from '../../../helpers/temp-folder';

const folder = tempFolder();
let count = 0;

function file(text: string | Buffer): string {
  const path = join(folder, `file-${count += 1}`);
  writeFileSync(path, text);
  return path;
}

describe('the text of a short file as it is now', () => {
  test('has no blanks around it, and keeps those in it', () => {
    expect(textNow(file('\n  pass word\t\r\n'))).toBe('pass word');
  });

  test.each(['', ' ', '\n', '\r\n\t '])('is nothing when there is nothing but %j', (text) => {
    expect(textNow(file(text))).toBeUndefined();
  });

  test('is nothing while there is no file, or a folder in its place', () => {
    expect([textNow(join(folder, 'nowhere')), textNow(folder), textNow(join(folder, 'no', 'where'))]).toEqual([undefined, undefined, undefined]);
  });

  test('follows what a Secret does when it changes: a link that points elsewhere', () => {
    const mount = join(folder, 'mount');
    mkdirSync(mount);
    const put = (name: string, text: string) => {
      mkdirSync(join(mount, name));
      writeFileSync(join(mount, name, 'password'), text);
      symlinkSync(name, join(mount, '..data.new'));
      renameSync(join(mount, '..data.new'), join(mount, '..data'));
    };
    put('one', 'first');
    symlinkSync(join('..data', 'password'), join(mount, 'password'));
    const [text, stamp] = [textNow(join(mount, 'password')), fileStampNow(join(mount, 'password'))];
    put('two', 'other');
    expect([text, textNow(join(mount, 'password'))]).toEqual(['first', 'other']);
    expect(fileStampNow(join(mount, 'password'))).not.toBe(stamp);
    unlinkSync(join(mount, '..data'));
    expect([textNow(join(mount, 'password')), fileStampNow(join(mount, 'password'))]).toEqual([undefined, undefined]);
  });

  const asNobody = process.getuid?.() === 0 ? test.skip : test;
  asNobody('is nothing when it may not be read', () => {
    const path = file('secret');
    chmodSync(path, 0o000);
    expect(textNow(path)).toBeUndefined();
  });
});

describe('the text of a file of bounded size', () => {
  test('is whole up to its bound, in bytes', async () => {
    expect(await readText(file('añ'), 3)).toBe('añ');
    await expect(readText(file('añb'), 3)).rejects.toThrow(/is larger than 3 bytes$/);
  });

  test('is refused when it is no UTF-8', async () => {
    await expect(readText(file(Buffer.from([0x61, 0xff])), 10)).rejects.toThrow(/is not UTF-8$/);
  });

  test('is refused when there is none', async () => {
    await expect(readText(join(folder, 'nowhere'), 10)).rejects.toThrow(/ENOENT/);
  });
});

test('a stamp tells a file from the one that replaces it with the same text', async () => {
  const path = file('text');
  const before = await fileStamp(path);
  expect(fileStampNow(path)).toBe(before);
  renameSync(file('text'), path);
  expect(await fileStamp(path)).not.toBe(before);
});
