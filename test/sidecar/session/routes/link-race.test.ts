import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeMeans, workbench } from './workbench';

/** Beside the daemon, as a command of the session would: `d` is a folder, then a link to what is outside, then a folder again. */
const SWAPPING = `
  const fs = require('node:fs');
  const attempt = (step) => { try { step(); } catch (error) { if (!['ENOENT', 'EEXIST', 'ENOTEMPTY', 'EISDIR', 'ENOTDIR'].includes(error.code)) throw error; } };
  const until = Date.now() + 2000;
  process.stdout.write('swapping');
  let swaps = 0;
  for (; Date.now() < until; swaps += 1) {
    attempt(() => fs.renameSync('d', 'folder-' + swaps % 2));
    attempt(() => fs.symlinkSync('../outside', 'd'));
    attempt(() => fs.unlinkSync('d'));
    attempt(() => fs.renameSync('folder-' + swaps % 2, 'd'));
    attempt(() => fs.rmSync('folder-' + (swaps + 1) % 2, { recursive: true, force: true }));
  }
  process.stdout.write(String(swaps));`;

const REQUESTS: readonly (readonly [string, string, object?])[] = [
  ['PUT', '/api/files/d/f', { body: 'inside' }], ['PUT', '/api/files/d/new/f', { body: 'inside' }], ['POST', '/api/files', { body: { path: 'd/f', content: 'aW5zaWRl' } }],
  ['GET', '/api/files/d/secret'], ['GET', '/api/files?path=d'], ['DELETE', '/api/files/d/secret'], ['PATCH', '/api/files/d/secret', { body: { path: 'got', overwrite: true } }],
  ['PATCH', '/api/files/mine', { body: { path: 'd/secret', overwrite: true } }],
];

describeMeans((means) => {
  test('a folder that becomes a link, over and over, leads no request outside', async () => {
    const { folder, ask } = await workbench(means());
    const outside = join(folder, '..', 'outside');
    writeFileSync(join(outside, 'secret'), 'planted-88b0');
    writeFileSync(join(folder, 'mine'), 'inside');
    mkdirSync(join(folder, 'd'));
    const swapping = spawn(process.execPath, ['-e', SWAPPING], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(swapping, 'close');
    await once(swapping.stdout, 'data');

    const told: string[] = [];
    const statuses = new Set<number>();
    while (swapping.exitCode === null) {
      for (const answer of await Promise.all(REQUESTS.map(([method, path, asked]) => ask(method, path, asked)))) {
        statuses.add(answer.status);
        told.push(answer.bytes.toString());
      }
    }
    expect(await ended).toEqual([0, null]);
    expect(readdirSync(outside)).toEqual(['secret']);
    expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('planted-88b0');
    expect(told.filter((text) => text.includes('planted-88b0'))).toEqual([]);
    expect([...statuses].filter((status) => status >= 500)).toEqual([]);
    expect(statuses).toContain(200);
  }, 30_000);

  test('a file that is a link is not written through, whatever it leads to', async () => {
    const { folder, ask } = await workbench(means());
    const outside = join(folder, '..', 'outside');
    symlinkSync(join(outside, 'f'), join(folder, 'f'));
    expect(await ask('PUT', '/api/files/f', { body: 'inside' })).toMatchObject({ status: 200 });
    expect(readdirSync(outside)).toEqual([]);
    expect(readFileSync(join(folder, 'f'), 'utf8')).toBe('inside');
  });
});
