import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { join } from 'node:path';
import { nodeFiles } from '../../../../../sidecar/src/broker/audit/log/files';
import { temporaryFolders } from '../support';

const folder = temporaryFolders();

afterEach(() => jest.restoreAllMocks());

test('a file is appended to, whoever wrote before, and its length is known', async () => {
  const path = join(folder(), 'file');
  writeFileSync(path, 'one ');
  const file = await nodeFiles.append(path, false);
  await file.append(Buffer.from('two'));
  await file.sync();
  expect([readFileSync(path, 'utf8'), await file.size()]).toEqual(['one two', 7]);
  await file.close();
});

test('reading past the end gives what there is', async () => {
  const path = join(folder(), 'file');
  writeFileSync(path, 'abc');
  expect((await nodeFiles.read(path, 1, 100)).toString()).toBe('bc');
});

test('only files are listed, and the volume has room', async () => {
  const at = folder();
  mkdirSync(join(at, 'folder'));
  writeFileSync(join(at, 'file'), 'abc');
  expect(await nodeFiles.list(at)).toEqual([{ name: 'file', size: 3 }]);
  expect(await nodeFiles.free(at)).toBeGreaterThan(0);
});

test('a file that is made must not be there, and one that is opened must', async () => {
  const path = join(folder(), 'file');
  await expect(nodeFiles.append(path, false)).rejects.toThrow('ENOENT');
  writeFileSync(path, '');
  await expect(nodeFiles.append(path, true)).rejects.toThrow('EEXIST');
});

test('a link is not followed, to read, to write or to cut', async () => {
  const at = folder();
  writeFileSync(join(at, 'target'), 'precious');
  symlinkSync(join(at, 'target'), join(at, 'link'));
  await expect(nodeFiles.append(join(at, 'link'), false)).rejects.toThrow('ELOOP');
  await expect(nodeFiles.append(join(at, 'link'), true)).rejects.toThrow('EEXIST');
  await expect(nodeFiles.read(join(at, 'link'), 0, 1)).rejects.toThrow('ELOOP');
  await expect(nodeFiles.truncate(join(at, 'link'), 0)).rejects.toThrow('ELOOP');
});

test('a file whose name could not be made durable is not used, and is closed', async () => {
  const path = join(folder(), 'file');
  const open = fs.open;
  let opened: fs.FileHandle | undefined;
  jest.spyOn(fs, 'open')
    .mockImplementationOnce(async (...args) => opened = await open(...args))
    .mockRejectedValueOnce(new Error('EIO'));
  await expect(nodeFiles.append(path, true)).rejects.toThrow('EIO');
  expect(opened?.fd).toBe(-1);
});
