import { FileHandle, open } from 'node:fs/promises';

/** Uses a file while it is open. */
export async function using<T>(opening: Promise<FileHandle>, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await opening;
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** A new or removed name is durable only when its folder is. */
export function syncFolder(folder: string): Promise<void> {
  return using(open(folder, 'r'), (handle) => handle.sync());
}
