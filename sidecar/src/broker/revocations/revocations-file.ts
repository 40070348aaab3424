import { promises as fs } from 'node:fs';
import { dirname } from 'node:path';
import { MemoryRevocations, Revocations, RevokedLease, SessionEnd } from './revocations';
import { InputError } from '../../server/files/input-error';
import { readText } from '../../server/files/read-file';
import { isFields } from '../../server/text/fields';
import { parseStrictJson } from '../../server/text/strict-json';
import type { Clock } from '../../server/time/clock';
import type { RunName } from '../catalog/run-name';

/** Revocations in a file, as it is written. */
interface Content {
  readonly leases: readonly RevokedLease[];
  readonly sessions: readonly SessionEnd[];
}

const MAX_BYTES = 16 * 1024 * 1024;

/** Revocations of a broker without API server. The file appears whole or not at all; one with a mistake stops the start. */
export async function openRevocationsFile(file: string, clock: Clock): Promise<Revocations> {
  const memory = new MemoryRevocations(clock);
  const { leases, sessions } = await contentOf(file);
  leases.forEach((lease) => memory.addLease(lease));
  sessions.forEach((session) => memory.addSession(session));
  const keep = inTurn(() => write(file, { leases: memory.allLeases(), sessions: memory.allSessions() }));
  return {
    leasesOf: (run) => memory.leasesOf(run),
    isSessionRevoked: (id) => memory.isSessionRevoked(id),
    revokeLeases: async (run: RunName, ids) => {
      await memory.revokeLeases(run, ids);
      await keep();
    },
    revokeSession: async (id, notAfter) => {
      await memory.revokeSession(id, notAfter);
      await keep();
    },
  };
}

/** One write at a time. Whoever asks while one is under way waits for the next, which holds what all of them have added. */
function inTurn(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  function start(): Promise<void> {
    next = undefined;
    running = work().finally(() => { running = undefined; });
    return running;
  }
  return () => {
    if (running === undefined) return start();
    next ??= running.then(start, start);
    return next;
  };
}

/** https://man7.org/linux/man-pages/man2/rename.2.html replaces a name at once; it lasts when the folder is on disk, too. */
async function write(file: string, content: Content): Promise<void> {
  const draft = `${file}.draft`;
  await withHandle(draft, 'w', async (handle) => {
    await handle.writeFile(`${JSON.stringify(content)}\n`);
    await handle.sync();
  });
  await fs.rename(draft, file);
  await withHandle(dirname(file), 'r', (handle) => handle.sync());
}

async function withHandle(path: string, flags: string, use: (handle: fs.FileHandle) => Promise<void>): Promise<void> {
  const handle = await fs.open(path, flags, 0o600);
  try {
    await use(handle);
  } finally {
    await handle.close();
  }
}

async function contentOf(file: string): Promise<Content> {
  const text = await readText(file, MAX_BYTES).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{"leases":[],"sessions":[]}';
    throw error;
  });
  const content = parsed(text);
  if (content === undefined) throw new InputError(`${file}: is not a list of revocations; restore it, as without it revoked leases would be good again`);
  return content;
}

function parsed(text: string): Content | undefined {
  try {
    const content = parseStrictJson(text);
    return isContent(content) ? content : undefined;
  } catch {
    return undefined;
  }
}

function isContent(value: unknown): value is Content {
  if (!isFields(value)) return false;
  const { leases, sessions } = value;
  return isListOf(leases, ({ namespace, name, id }) => [namespace, name, id].every((text) => typeof text === 'string'))
    && isListOf(sessions, ({ id, notAfter }) => typeof id === 'string' && typeof notAfter === 'number');
}

function isListOf(value: unknown, fits: (one: Record<string, unknown>) => boolean): boolean {
  return Array.isArray(value) && value.every((one) => isFields(one) && fits(one));
}
