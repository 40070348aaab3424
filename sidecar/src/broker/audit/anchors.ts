import type { AuditHead } from './chain';
import { ANCHOR_MS } from './limits';
import { after as systemAfter, After } from './timers';

export interface AnchoringOptions {
  /** The heads of what is durable now. */
  readonly heads: () => readonly AuditHead[];
  /** Puts a head where whoever can change the log cannot change it. */
  readonly publish: (head: AuditHead) => void | Promise<void>;
  readonly everyMs?: number;
  readonly after?: After;
}

/**
 * Publishes the heads that have moved, every 10 seconds. A head that cannot be published is offered again the next time,
 * as it is by then. The answer publishes what is left and ends it.
 */
export function publishAnchors({ heads, publish, everyMs = ANCHOR_MS, after = systemAfter }: AnchoringOptions): () => Promise<void> {
  const published = new Map<string, number>();
  let cancel = (): void => undefined;
  let running: Promise<void> | undefined;

  const publishMoved = async (): Promise<void> => {
    for (const head of heads().filter(({ stream, sequence }) => published.get(stream) !== sequence)) {
      await Promise.resolve(head).then(publish).then(() => published.set(head.stream, head.sequence), () => undefined);
    }
  };
  // A slow publisher is waited for, not called twice.
  const publishOnce = (): Promise<void> => running ??= publishMoved().finally(() => running = undefined);
  const schedule = (): void => {
    cancel = after(everyMs, () => {
      void publishOnce();
      schedule();
    });
  };

  schedule();
  return async () => {
    cancel();
    await running;
    await publishOnce();
  };
}
