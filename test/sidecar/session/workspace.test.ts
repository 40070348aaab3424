import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openWorkspace } from '../../../sidecar/src/session/workspace';
import { tempFolder } from '../../helpers/temp-folder';

const base = tempFolder();

test('a workspace that is not there is made, and served by the means of Node', async () => {
  const folder = join(base, 'a', 'b');
  const { beneath, processes, close } = await openWorkspace(folder, undefined);
  expect(statSync(folder).mode & 0o777).toBe(0o755 & ~process.umask());
  expect([beneath.means, processes.means]).toEqual(['walk', 'node']);
  close();
});

test('one that is there is as it was', async () => {
  const folder = join(base, 'there');
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(folder, 'f'), 'x');
  (await openWorkspace(folder, undefined)).close();
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

test('one that is a file is refused', async () => {
  writeFileSync(join(base, 'file'), '');
  await expect(openWorkspace(join(base, 'file'), undefined)).rejects.toMatchObject({ code: 'EEXIST' });
});
