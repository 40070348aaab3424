import type { Entries, KeySecret } from '../../../sidecar/src/crypto/secret-keyring';

interface Content {
  readonly entries: Entries;
  readonly version: number;
}

/** A Secret as an API server keeps it. */
export class StoredSecret implements KeySecret<Content> {
  public entries: Entries = new Map();
  public version = 1;
  public reads = 0;
  public down = false;

  async read(): Promise<Content> {
    this.reads += 1;
    if (this.down) throw new Error('the API server is down');
    return { entries: this.entries, version: this.version };
  }

  async replace(seen: Content, entries: Entries): Promise<boolean> {
    if (this.down) throw new Error('the API server is down');
    if (seen.version !== this.version) return false;
    this.entries = entries;
    this.version += 1;
    return true;
  }

  names(): string[] {
    return [...this.entries.keys()].sort();
  }
}

/** Lets a look in the background end. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
