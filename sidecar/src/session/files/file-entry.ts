import type { Stats } from 'node:fs';
import type { FileEntry, FileResult } from '../../../../src/protocol/session-work';

const LETTERS = 'rwxrwxrwx';

/** Type and permissions as `ls` writes them, with the letters of Go for what is neither file nor folder. https://pkg.go.dev/io/fs#FileMode */
export function modeText(stats: Stats): string {
  return typeText(stats) + [...LETTERS].map((letter, at) => (stats.mode & (0o400 >> at) ? letter : '-')).join('');
}

function typeText(stats: Stats): string {
  if (stats.isDirectory()) return 'd';
  if (stats.isSymbolicLink()) return 'L';
  if (stats.isFIFO()) return 'p';
  if (stats.isSocket()) return 'S';
  if (stats.isCharacterDevice()) return 'Dc';
  return stats.isBlockDevice() ? 'D' : '-';
}

/** The years that RFC 3339 can write: https://www.rfc-editor.org/rfc/rfc3339#section-1 */
const [FIRST_TIME, LAST_TIME] = [Date.parse('0000-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59Z')];

/** When a file was modified, or the nearest time that can be written: a command can set any. */
export function modifiedOf({ mtimeMs }: Pick<Stats, 'mtimeMs'>): Date {
  return new Date(Math.min(Math.max(mtimeMs, FIRST_TIME), LAST_TIME));
}

/** RFC 3339 in whole seconds. */
function timeText(time: Date): string {
  return `${time.toISOString().slice(0, -5)}Z`;
}

export function entryOf(name: string, stats: Stats): FileEntry {
  return { name, size: stats.size, modified: timeText(modifiedOf(stats)), mode: modeText(stats), is_dir: stats.isDirectory() };
}

export function resultOf(path: string, stats: Stats): FileResult {
  return { path, size: stats.size, mode: modeText(stats), modified: timeText(modifiedOf(stats)) };
}

/** Changes whenever the file does, as far as the clock of the file system tells. https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3 */
export function entityTag({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `"${[ino, size, Math.round(mtimeMs * 1000), Math.round(ctimeMs * 1000)].map((number) => number.toString(36)).join('-')}"`;
}
