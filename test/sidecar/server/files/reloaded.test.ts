import { join } from 'node:path';
import { InputError } from '../../../../sidecar/src/server/files/input-error';
import { openReloaded, Reloaded } from '../../../../sidecar/src/server/files/reloaded';
import { FolderWatch } from '../../../../sidecar/src/server/files/watch-folders';
import { tempFolder } from '../../../helpers/temp-folder';

const NEVER = 3600_000;
const root = tempFolder();
const open: Reloaded<string>[] = [];

afterEach(() => open.splice(0).forEach((one) => one.close()));

/** A source whose stamp and value are what the test says. */
async function sourced() {
  const state = { stamp: () => 's1', load: async () => 'one', refused: [] as string[], loads: 0 };
  const reloaded = await openReloaded<string>({
    stamp: async () => state.stamp(),
    load: () => {
      state.loads += 1;
      return state.load();
    },
    folders: async () => [],
    refused: (problem) => state.refused.push(problem),
  }, NEVER);
  open.push(reloaded);
  return { state, reloaded };
}

test('an equal stamp loads nothing', async () => {
  const { state, reloaded } = await sourced();
  await reloaded.refresh();
  expect(state.loads).toBe(1);
});

test('many that ask at once cause one look, and one more for what it may have missed', async () => {
  const { state, reloaded } = await sourced();
  let stamps = 0;
  state.stamp = () => { stamps += 1; return 's1'; };
  await Promise.all(Array.from({ length: 50 }, () => reloaded.refresh()));
  expect(stamps).toBe(2);
});

test('whoever asks during a look gets what changed after it began', async () => {
  const { state, reloaded } = await sourced();
  const first = reloaded.refresh();
  state.stamp = () => 's2';
  state.load = async () => 'two';
  await reloaded.refresh();
  expect(reloaded.current()).toBe('two');
  await first;
});

test('a source that changes while it is read is read again, and given up for now after three times', async () => {
  const { state, reloaded } = await sourced();
  let stamps = 0;
  state.stamp = () => `moving-${stamps += 1}`;
  await reloaded.refresh();
  expect(state.loads).toBe(1 + 3);
  expect(reloaded.current()).toBe('one');
  expect(state.refused).toEqual([]);
  state.stamp = () => 's3';
  state.load = async () => 'three';
  await reloaded.refresh();
  expect(reloaded.current()).toBe('three');
});

test('a source that never rests stops the start', async () => {
  let stamps = 0;
  const opening = openReloaded({ stamp: async () => `${stamps += 1}`, load: async () => '', folders: async () => [], refused: () => {} }, NEVER);
  await expect(opening).rejects.toThrow('changed while it was read');
});

test.each<[string, unknown, string]>([
  ['ours', new InputError('a.yaml: is wrong'), 'a.yaml: is wrong'],
  ["the system's", Object.assign(new Error('EACCES: permission denied'), { syscall: 'open' }), 'EACCES: permission denied'],
  ['of another error, which may quote a file', new Error('planted'), 'cannot be read'],
  ['of what is no error', 'planted', 'cannot be read'],
])('the words for a mistake are told once: %s', async (_, error, words) => {
  const { state, reloaded } = await sourced();
  state.stamp = () => 's2';
  state.load = () => Promise.reject(error);
  await reloaded.refresh();
  await reloaded.refresh();
  expect(state.refused).toEqual([words]);
  expect(reloaded.current()).toBe('one');
});

describe('a source that the system cannot read', () => {
  const failing = (code: string) => Object.assign(new Error(`${code}: planned`), { syscall: 'open' });

  test.each(['EMFILE', 'EIO', 'ENOENT'])('for now (%s) is told once, and used as soon as it can', async (code) => {
    const { state, reloaded } = await sourced();
    state.stamp = () => 's2';
    state.load = () => Promise.reject(failing(code));
    await reloaded.refresh();
    await reloaded.refresh();
    expect([state.refused, reloaded.current()]).toEqual([[`${code}: planned`], 'one']);
    state.load = async () => 'two';
    await reloaded.refresh();
    await reloaded.refresh();
    expect([state.refused.length, reloaded.current(), state.loads]).toEqual([1, 'two', 4]);
  });

  test('nor list is told once, and used again although nothing has changed', async () => {
    const { state, reloaded } = await sourced();
    for (const trouble of [1, 2]) {
      state.stamp = () => { throw failing('EACCES'); };
      await reloaded.refresh();
      await reloaded.refresh();
      expect(state.refused).toHaveLength(trouble);
      state.stamp = () => 's1';
      await reloaded.refresh();
      expect([reloaded.current(), state.loads]).toEqual(['one', 1 + trouble]);
    }
  });

  test('and that holds a mistake then is told of both', async () => {
    const { state, reloaded } = await sourced();
    state.stamp = () => 's2';
    state.load = () => Promise.reject(failing('EMFILE'));
    await reloaded.refresh();
    state.load = () => Promise.reject(new InputError('a.yaml: is wrong'));
    await reloaded.refresh();
    await reloaded.refresh();
    expect([state.refused, state.loads]).toEqual([['EMFILE: planned', 'a.yaml: is wrong'], 3]);
  });
});

test('a folder that cannot be watched is left to polling', () => {
  const watch = new FolderWatch(() => {});
  expect(() => watch.follow([root, join(root, 'nowhere')])).not.toThrow();
  watch.close();
});
