import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describeMeans, NODE_MEANS, workbench, Workbench } from './workbench';
import type { FileEntry } from '../../../../src/protocol/session-work';

async function names({ ask }: Workbench, query: string): Promise<{ readonly names: readonly string[]; readonly next?: string }> {
  const { status, body } = await ask('GET', `/api/files?${query}`);
  expect(status).toBe(200);
  return { names: body.files.map(({ name }: FileEntry) => name), next: body.next };
}

/** All pages one after the other. */
async function pages(bench: Workbench, query: string, limit: number): Promise<readonly string[]> {
  const all: string[] = [];
  for (let after: string | undefined = ''; after !== undefined;) {
    const page: Awaited<ReturnType<typeof names>> = await names(bench, `${query}&limit=${limit}${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`);
    expect(page.names.length).toBeLessThanOrEqual(limit);
    all.push(...page.names);
    after = page.next;
  }
  return all;
}

function fill(bench: Workbench): void {
  for (const folder of ['a', 'a/x', 'a.b', 'z']) mkdirSync(join(bench.folder, folder));
  for (const file of ['a/1', 'a/x/deep', 'a.b/1', 'B', 'ü', 'index.html']) writeFileSync(join(bench.folder, file), 'text');
}

describeMeans((means) => {
  test('a list is in the order of bytes, and says of each what PicoD clients read', async () => {
    const bench = await workbench(means());
    fill(bench);
    expect(await names(bench, 'path=.')).toEqual({ names: ['B', 'a', 'a.b', 'index.html', 'z', 'ü'], next: undefined });
    expect((await bench.ask('GET', '/api/files?path=/a')).body).toEqual({
      files: [
        { name: '1', size: 4, mode: '-rw-r--r--', modified: expect.stringMatching(/Z$/), is_dir: false },
        { name: 'x', size: expect.any(Number), mode: 'drwxr-xr-x', modified: expect.any(String), is_dir: true },
      ],
    });
  });

  test('a recursive list has each folder before what is in it', async () => {
    const bench = await workbench(means());
    fill(bench);
    expect((await names(bench, 'path=.&recursive=true')).names).toEqual(['B', 'a', 'a/1', 'a/x', 'a/x/deep', 'a.b', 'a.b/1', 'index.html', 'z', 'ü']);
  });
});

test('pages of any size make up the list', async () => {
  const bench = await workbench(NODE_MEANS);
  fill(bench);
  for (const recursive of ['', '&recursive=true']) {
    const whole = (await names(bench, `path=.${recursive}`)).names;
    for (let limit = 1; limit <= whole.length + 1; limit += 1) expect(await pages(bench, `path=.${recursive}`, limit)).toEqual(whole);
  }
});

test('a list of the longest length says that there is more', async () => {
  const bench = await workbench(NODE_MEANS, { limits: { maxListed: 3 } });
  fill(bench);
  expect(await names(bench, 'path=.')).toEqual({ names: ['B', 'a', 'a.b'], next: 'a.b' });
  expect(await names(bench, 'path=.&limit=100')).toEqual({ names: ['B', 'a', 'a.b'], next: 'a.b' });
});

test('a page goes on behind a name that is gone', async () => {
  const bench = await workbench(NODE_MEANS);
  fill(bench);
  expect((await names(bench, 'path=.&recursive=true&after=a/gone')).names).toEqual(['a/x', 'a/x/deep', 'a.b', 'a.b/1', 'index.html', 'z', 'ü']);
});

test('a name that is no UTF-8 is left out, and the others are there', async () => {
  const bench = await workbench(NODE_MEANS);
  writeFileSync(Buffer.concat([Buffer.from(`${bench.folder}/`), Buffer.from([0xff, 0xfe])]), '');
  writeFileSync(join(bench.folder, 'f\ufffd'), '');
  expect((await names(bench, 'path=.&limit=1')).names).toEqual(['f\ufffd']);
});

test('whatever path is asked for, nothing outside is told', async () => {
  const { ask, folder } = await workbench(NODE_MEANS);
  writeFileSync(join(folder, '..', 'outside', 'secret'), 'secret');
  const part = fc.constantFrom('..', '.', '', 'outside', 'secret', 'workspace', '%2e%2e', 'a', '...', '..foo');
  await fc.assert(fc.asyncProperty(fc.array(part, { maxLength: 8 }), fc.boolean(), async (parts, encoded) => {
    const path = encoded ? encodeURIComponent(parts.join('/')) : parts.join('/');
    const { status, bytes } = await ask('GET', `/api/files/${path}`);
    expect([400, 404]).toContain(status);
    expect(bytes.toString()).not.toBe('secret');
  }), { numRuns: 300 });
});
