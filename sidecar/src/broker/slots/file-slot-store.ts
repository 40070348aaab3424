import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SlotStore, StoredSlots } from './slot-store';
import { parseSlots, renderSlots } from './slot-text';
import { syncFolder, using } from '../open-file';

const FILE = /^slots-([0-9]{1,15})\.json$/;
const DRAFT = /^\.slots-/;

/** Versions that stay beside the last one: whoever is slower by more finds its own already taken back. */
const KEPT = 32;

/** Readers and writers that keep missing each other end here. */
const MAX_LOOKS = 10;

/**
 * Slots in a folder, for brokers that share a file system. Each version is a file of its own, made by a link, which never
 * replaces one: of two writers of a version one wins. There is no lock that a killed process could leave behind.
 * https://man7.org/linux/man-pages/man2/link.2.html
 */
export async function openFileSlotStore(folder: string): Promise<SlotStore> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // Drafts of a process that was killed.
  for (const name of (await readdir(folder)).filter((one) => DRAFT.test(one))) await rm(join(folder, name), { force: true });
  return { read: () => newest(folder), write: (version, slots) => write(folder, Number(version), renderSlots(slots)) };
}

async function newest(folder: string): Promise<StoredSlots> {
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    const version = (await versionsOf(folder)).at(-1);
    if (version === undefined) return { version: '0', slots: new Map() };
    const text = await readFile(path(folder, version), 'utf8').catch(unlessGone);
    if (text !== undefined) return { version: String(version), slots: parseSlots(text) };
  }
  throw new Error('the record of slots changes faster than it can be read');
}

async function write(folder: string, before: number, text: string): Promise<'written' | 'conflict'> {
  const version = before + 1;
  const draft = join(folder, `.slots-${randomBytes(6).toString('hex')}`);
  try {
    await using(open(draft, 'wx', 0o600), async (file) => {
      await file.writeFile(text);
      await file.sync();
    });
    await link(draft, path(folder, version));
    // A later version was made from another one of this number, which is gone already.
    const versions = await versionsOf(folder);
    if (versions.at(-1) !== version) return 'conflict';
    await syncFolder(folder);
    for (const old of versions.filter((one) => one < version - KEPT)) await rm(path(folder, old), { force: true });
    return 'written';
  } catch (error) {
    // Without a draft, another broker has just begun and cleaned up.
    if (['EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return 'conflict';
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function versionsOf(folder: string): Promise<number[]> {
  return (await readdir(folder)).flatMap((name) => FILE.exec(name)?.[1] ?? []).map(Number).sort((a, b) => a - b);
}

function path(folder: string, version: number): string {
  return join(folder, `slots-${version}.json`);
}

function unlessGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
