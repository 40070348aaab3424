import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditHead } from './chain';
import type { Position } from './position';

/** How far a log is shipped. */
export interface ShipState {
  /** Everything before is in the API. */
  readonly shipped: Position;
  /**
   * The end of the batch that is under way. It is known before anything of the batch is sent: after a crash the same batch
   * is sent again, so that the same summaries come out of it.
   */
  readonly planned?: Position;
}

/** Remembers how far a lane is shipped, in a file next to the log. */
export class ShipCursor {
  private state?: ShipState;

  constructor(private readonly folder: string, private readonly file: string) {}

  /** What was saved; undefined before the first time. Rejects when the file is not what `save` writes. */
  async load(): Promise<ShipState | undefined> {
    const path = join(this.folder, this.file);
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    this.state = text === undefined ? undefined : parsed(text, path);
    return this.state;
  }

  /** Resolves when the state survives a power cut. */
  async save(state: ShipState): Promise<void> {
    await writeWhole(this.folder, this.file, `${JSON.stringify(state)}\n`);
    this.state = state;
  }

  /** The last line that is shipped, if any. */
  get shipped(): AuditHead | undefined {
    return this.state?.shipped.head;
  }
}

/**
 * The last line before which all is shipped: that of the lane that is furthest behind. Undefined when one of them has shipped
 * nothing, or another stream.
 */
export function shippedByAll(cursors: readonly Pick<ShipCursor, 'shipped'>[]): AuditHead | undefined {
  const [first, ...others] = cursors.map(({ shipped }) => shipped);
  return others.reduce((least, head) => {
    if (head === undefined || head.stream !== least?.stream) return undefined;
    return head.sequence < least.sequence ? head : least;
  }, first);
}

/** Either the old file is there or the new one. */
async function writeWhole(folder: string, name: string, text: string): Promise<void> {
  const next = join(folder, `${name}.next`);
  const file = await open(next, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, join(folder, name));
  const names = await open(folder, 'r');
  await names.sync().finally(() => names.close());
}

function parsed(text: string, path: string): ShipState {
  const { shipped, planned } = jsonOf(text) as Partial<ShipState>;
  if (isPosition(shipped) && (planned === undefined || isPosition(planned))) return { shipped, planned };
  throw new Error(`${path} does not say how far the audit log is shipped; remove it, and the whole log is shipped again`);
}

function jsonOf(text: string): object {
  try {
    return Object(JSON.parse(text)) as object;
  } catch {
    return {};
  }
}

function isPosition(value: Partial<Position> | undefined): value is Position {
  const { segment, size, head } = value ?? {};
  const { stream, sequence, hash } = (head ?? {}) as Partial<AuditHead>;
  return (segment === undefined || (typeof segment.name === 'string' && Number.isSafeInteger(segment.first)))
    && Number.isSafeInteger(size) && typeof stream === 'string' && Number.isSafeInteger(sequence) && typeof hash === 'string';
}
