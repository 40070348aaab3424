import type { OwnedEntries } from '../../../sidecar/src/kube/serving-certificate';

/** An object in memory, with versions as the API server has them. */
export class MemoryEntries implements OwnedEntries {
  version = 1;
  writes = 0;
  /** Runs before a write. */
  beforeWrite: () => Promise<void>;

  constructor(public entries: ReadonlyMap<string, Buffer> = new Map()) {
    this.beforeWrite = async () => undefined;
  }

  async read() {
    return { entries: this.entries, object: { metadata: { name: 'x', resourceVersion: String(this.version) } } };
  }

  async replace({ object }: Awaited<ReturnType<OwnedEntries['read']>>, entries: ReadonlyMap<string, Buffer>): Promise<boolean> {
    await this.beforeWrite();
    if (object.metadata.resourceVersion !== String(this.version)) return false;
    this.version++;
    this.writes++;
    this.entries = new Map(entries);
    return true;
  }

  text(name: string): string | undefined {
    return this.entries.get(name)?.toString();
  }
}
