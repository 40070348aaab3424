import { type Asked, type Cancellable, received } from './requests';
import { SessionError } from './session-error';
import { SESSION_ROUTES } from '../protocol/session-api';
import type { FileEntry, FileList, FileResult } from '../protocol/session-work';

/** A file or folder. */
export interface FileInfo {
  /** Of a recursive list, the path below the listed folder. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** RFC 3339, in whole seconds. */
  readonly modified: string;
  /** As `ls` writes it: `-rw-r--r--`. */
  readonly mode: string;
  readonly isDirectory: boolean;
}

/** A file that was written, or got another path. */
export interface WrittenFile {
  /** Below the workspace. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** As `ls` writes it. */
  readonly mode: string;
  /** RFC 3339, in whole seconds. */
  readonly modified: string;
}

/** What can be said about writing. */
export interface WriteOptions extends Cancellable {
  /**
   * Octal, as `0755`. A file that is there keeps its own.
   *
   * @default '0644'
   */
  readonly mode?: string;
}

/** What can be said about a list. */
export interface ListOptions extends Cancellable {
  /**
   * Whether to go into folders.
   *
   * @default false
   */
  readonly recursive?: boolean;
}

/** What can be said about removing. */
export interface RemoveOptions extends Cancellable {
  /**
   * Whether a folder may have something in it.
   *
   * @default false
   */
  readonly recursive?: boolean;
}

/** What can be said about moving. */
export interface MoveOptions extends Cancellable {
  /**
   * Whether what has the path may be replaced.
   *
   * @default false
   */
  readonly overwrite?: boolean;
}

/** Sends a request to the session. */
export type AskSession = (asked: Asked) => Promise<Response>;

/** Files of a session. Paths are below its workspace, with or without a slash in front. */
export class SessionFiles {
  constructor(private readonly ask: AskSession) {}

  /** Writes a file whole: who reads it meanwhile sees the old one or the new one. Folders above are made. */
  public async write(path: string, content: string | Uint8Array, { mode, signal }: WriteOptions = {}): Promise<WrittenFile> {
    const body = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    return this.json<FileResult>({ method: 'PUT', path: filePath(path), query: { mode }, body, repeatable: true, signal });
  }

  /** Reads a file whole, into memory. */
  public async read(path: string, { signal }: Cancellable = {}): Promise<Uint8Array> {
    const answer = await this.ask({ method: 'GET', path: filePath(path), repeatable: true, signal });
    return new Uint8Array(await received(signal, () => answer.arrayBuffer()));
  }

  /** The same as text, in which what is no UTF-8 is replaced by U+FFFD. */
  public async readText(path: string, options: Cancellable = {}): Promise<string> {
    return new TextDecoder().decode(await this.read(path, options));
  }

  /** What is in a folder, in the order of the names' bytes. */
  public async* list(path = '/', { recursive = false, signal }: ListOptions = {}): AsyncGenerator<FileInfo, void, undefined> {
    let after: string | undefined;
    do {
      const query: Asked['query'] = { path, recursive: String(recursive), after };
      const { files, next } = await this.json<FileList>({ method: 'GET', path: SESSION_ROUTES.files, query, repeatable: true, signal });
      yield* files.map(infoOf);
      after = next;
    } while (after !== undefined);
  }

  /** What a path is; of a link, the link. */
  public async stat(path: string, { signal }: Cancellable = {}): Promise<FileInfo> {
    return infoOf(await this.json<FileEntry>({ method: 'GET', path: SESSION_ROUTES.files, query: { path, stat: 'true' }, repeatable: true, signal }));
  }

  /** Removes a file, or a folder that is empty. */
  public async remove(path: string, { recursive = false, signal }: RemoveOptions = {}): Promise<void> {
    await this.ask({ method: 'DELETE', path: filePath(path), query: { recursive: String(recursive) }, signal });
  }

  /** Gives a file or folder another path. Folders above it are made. */
  public async move(from: string, to: string, { overwrite = false, signal }: MoveOptions = {}): Promise<WrittenFile> {
    return this.json<FileResult>({ method: 'PATCH', path: filePath(from), body: { path: to, overwrite }, signal });
  }

  /** Makes a folder and those above it; one that is there is fine. */
  public async mkdir(path: string, { signal }: Cancellable = {}): Promise<FileInfo> {
    return infoOf(await this.json<FileEntry>({ method: 'PUT', path: filePath(path), query: { directory: 'true' }, repeatable: true, signal }));
  }

  private async json<T>(asked: Asked): Promise<T> {
    const answer = await this.ask(asked);
    return received(asked.signal, () => answer.json() as Promise<T>);
  }
}

/**
 * The path of one file. Dots are resolved here, as the session would: a URL with dots in it becomes another one on its way.
 * https://url.spec.whatwg.org/#double-dot-path-segment
 */
function filePath(path: string): string {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..' && names.pop() === undefined) throw new SessionError('PATH_REFUSED', 400, `${JSON.stringify(path)} leads out of the workspace`);
    if (!['', '.', '..'].includes(name)) names.push(name);
  }
  return `${SESSION_ROUTES.files}/${names.map(encodeURIComponent).join('/')}`;
}

function infoOf({ name, size, modified, mode, is_dir: isDirectory }: FileEntry): FileInfo {
  return { name, size, modified, mode, isDirectory };
}
