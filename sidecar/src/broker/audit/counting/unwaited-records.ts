import type { After } from '../../../server/time/timers';
import type { Audit, AuditRecord } from '../audit-event';

/** Milliseconds after which a record that could not be written is tried again. */
const RETRY = 5_000;

export interface UnwaitedContext {
  readonly after: After;
  /** Hears why a record could not be written, each time. */
  readonly failed: (error: unknown) => void;
}

/**
 * Writes records whose decisions have been answered, so that there is nobody to refuse when the log fails. Each is tried again
 * until it is written, and none waits for another.
 */
export class UnwaitedRecords {
  /** What cancels the next attempt. */
  private readonly waiting = new Map<AuditRecord, () => void>();
  private readonly underWay = new Set<Promise<void>>();

  constructor(private readonly audit: Pick<Audit, 'write'>, private readonly context: UnwaitedContext) {}

  add(record: AuditRecord): void {
    const attempt = this.attempt(record).finally(() => this.underWay.delete(attempt));
    this.underWay.add(attempt);
  }

  /** Tries what is left once more, and ends. Rejects when something is left then. */
  async close(): Promise<void> {
    for (const [record, cancel] of this.waiting) {
      cancel();
      this.add(record);
    }
    await Promise.all(this.underWay);
    this.waiting.forEach((cancel) => cancel());
    if (this.waiting.size > 0) throw new Error(`${this.waiting.size} records could not be written`);
  }

  private async attempt(record: AuditRecord): Promise<void> {
    const { after, failed } = this.context;
    this.waiting.delete(record);
    try {
      await this.audit.write(record);
    } catch (error) {
      failed(error);
      this.waiting.set(record, after(RETRY, () => this.add(record)));
    }
  }
}
