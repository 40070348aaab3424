/** Bits of a file mode. https://man7.org/linux/man-pages/man7/inode.7.html */
export const EVERYBODY = 0o007;
export const GROUP = 0o070;
export const WRITE_BY_EVERYBODY = 0o002;
export const WRITE_BY_GROUP = 0o020;
export const SET_GROUP_ID = 0o2000;

/** Whether any of the bits is set. */
export function hasAny(mode: number, ...bits: readonly number[]): boolean {
  return bits.some((bit) => (mode & bit) !== 0);
}

/** The permissions as `chmod` takes them. */
export function octal(mode: number): string {
  return `0${(mode & 0o7777).toString(8)}`;
}
