/** What the sidecar image says of the folder `PATHS.runtime`, and worker pods have room for. */

/** Where the list of its files is in the image: a `RuntimeList` as JSON. */
export const RUNTIME_LIST = '/app/runtime.json';

/** Most that the files may take together, and room for them in a worker pod. */
export const RUNTIME_MEBIBYTES = 256;

export interface RuntimeList {
  readonly files: readonly RuntimeFile[];
}

export interface RuntimeFile {
  /** Below `PATHS.runtime`, with `/` between parts. */
  readonly path: string;
  readonly executable: boolean;
  /** In bytes. */
  readonly size: number;
  /** Hash of the content, in lower-case hexadecimal digits. */
  readonly sha256: string;
}
