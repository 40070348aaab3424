import { dirname } from 'node:path';
import { InputError } from '../../server/files/input-error';
import { fileStamp, readText } from '../../server/files/read-file';
import { openReloaded } from '../../server/files/reloaded';

export interface MountedFileOptions<T> {
  readonly file: string;
  readonly maxBytes: number;
  /** Throws `InputError` for a text that cannot be used. */
  readonly parse: (text: string) => T | Promise<T>;
  /** Told why the file is not used, once for each version of it; what was read before stays. */
  readonly refused: (problem: string) => void;
  readonly pollMilliseconds?: number;
}

export interface MountedFile<T> {
  /** Undefined until there is a file that can be used. */
  current(): T | undefined;
  close(): void;
}

/** A file that may come later than the process: whoever deploys fills a Secret when they want. Follows changes. */
export async function openMountedFile<T>({ file, maxBytes, parse, refused, pollMilliseconds }: MountedFileOptions<T>): Promise<MountedFile<T>> {
  let isRead = false;
  const state = await openReloaded<T | undefined>({
    stamp: () => fileStamp(file).catch(() => `${file} is missing`),
    folders: async () => [dirname(file)],
    load: async () => {
      try {
        const value = await parse(await readText(file, maxBytes));
        isRead = true;
        return value;
      } catch (error) {
        if (isRead) throw error;
        refused(error instanceof InputError ? error.message : `${file}: cannot be read`);
        return undefined;
      }
    },
    refused,
  }, pollMilliseconds);
  return { current: () => state.current(), close: () => state.close() };
}
