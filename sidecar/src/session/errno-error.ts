/** An error as a system call of Node would throw it. */
export function errnoError(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${JSON.stringify(path)}`), { code, path });
}
