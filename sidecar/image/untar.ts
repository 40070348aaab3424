const BLOCK = 512;

/** The files of an archive by path, without `./` in front. */
export class Archive {
  private readonly files = new Map<string, Buffer>();
  private readonly links = new Map<string, string>();

  /** Reads what npm and dpkg write. Extended headers are passed over: no path that is asked for is long enough to need one. */
  constructor(bytes: Buffer, private readonly name: string) {
    for (let at = 0; at + BLOCK <= bytes.length && bytes[at] !== 0;) {
      const header = bytes.subarray(at, at + BLOCK);
      const size = parseInt(text(header, 124, 12).trim(), 8);
      const end = at + BLOCK + size;
      if (!Number.isSafeInteger(size) || end > bytes.length) throw new Error(`${name} is not a whole tar archive`);
      const path = text(header, 0, 100).replace(/^\.\//, '');
      const type = text(header, 156, 1);
      if (type === '0' || type === '') this.files.set(path, bytes.subarray(at + BLOCK, end));
      if (type === '2') this.links.set(path, text(header, 157, 100));
      at = end + ((BLOCK - (size % BLOCK)) % BLOCK);
    }
  }

  /**
   * The bytes of a file. A link to a neighbour is followed.
   *
   * @throws Error when there is no such file.
   */
  public read(path: string): Buffer {
    const link = this.links.get(path);
    const target = link === undefined ? path : path.replace(/[^/]*$/, link);
    const found = this.files.get(target);
    if (found === undefined) throw new Error(`${this.name} has no file '${path}'`);
    return found;
  }

  /** Paths of the files that the pattern fits, sorted. */
  public find(pattern: RegExp): string[] {
    return [...this.files.keys()].filter((path) => pattern.test(path)).sort();
  }
}

function text(header: Buffer, at: number, length: number): string {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('latin1', 0, end < 0 ? length : end);
}
