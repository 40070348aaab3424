import { RUNTIME_LIST, RUNTIME_MEBIBYTES, RuntimeFile, RuntimeList } from '../../../src/protocol/runtime';

const PATH = /^[A-Za-z0-9_][A-Za-z0-9._+-]*(\/[A-Za-z0-9_][A-Za-z0-9._+-]*)*$/;
const HASH = /^[0-9a-f]{64}$/;

/**
 * Reads the list of what is to be copied.
 *
 * @throws Error when it is not one, names a path that leads elsewhere, or more than a worker has room for.
 */
export function runtimeListOf(text: string): RuntimeList {
  const { files } = parsed(text) as { files?: unknown };
  if (!Array.isArray(files) || files.length === 0) throw new Error(`${RUNTIME_LIST} lists no files`);
  const wrong = files.find((file) => !isFile(file));
  if (wrong !== undefined) throw new Error(`${RUNTIME_LIST} lists what is no file of the runtime: ${JSON.stringify(wrong)}`);
  const list = { files: files as readonly RuntimeFile[] };
  if (new Set(list.files.map(({ path }) => path)).size < list.files.length) throw new Error(`${RUNTIME_LIST} lists a file twice`);
  const bytes = sizeOf(list);
  if (bytes > RUNTIME_MEBIBYTES * 1024 * 1024) throw new Error(`the runtime takes ${mebibytes(bytes)} MiB, and workers have room for ${RUNTIME_MEBIBYTES}`);
  return list;
}

/** Size of all files together, in bytes. */
export function sizeOf({ files }: RuntimeList): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

/** For messages. */
export function mebibytes(bytes: number): number {
  return Math.ceil(bytes / (1024 * 1024));
}

function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch (error) {
    throw new Error(`${RUNTIME_LIST} is not JSON: ${(error as Error).message}`);
  }
  throw new Error(`${RUNTIME_LIST} lists no files`);
}

function isFile(value: unknown): value is RuntimeFile {
  if (typeof value !== 'object' || value === null) return false;
  const { path, executable, size, sha256 } = value as Record<string, unknown>;
  const isPath = typeof path === 'string' && PATH.test(path);
  return isPath && typeof executable === 'boolean' && Number.isSafeInteger(size) && Number(size) >= 0 && typeof sha256 === 'string' && HASH.test(sha256);
}
