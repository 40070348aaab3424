import type { AuditEvents } from './ship-delivery';
import { anchorObject } from './ship-object';
import type { Clock } from '../../../server/time/clock';
import { after as systemAfter, After } from '../../../server/time/timers';
import type { AuditHead } from '../log/chain';
import { ANCHOR_MS } from '../log/limits';

export interface AnchoringOptions {
  /** The heads of what is durable now. */
  readonly heads: () => readonly AuditHead[];
  /** Puts a head where whoever can change the log cannot change it. */
  readonly publish: (head: AuditHead) => void | Promise<void>;
  /** Hears why a head could not be published. */
  readonly failed?: (error: unknown) => void;
  /** @default ANCHOR_MS */
  readonly everyMs?: number;
  readonly after?: After;
}

/**
 * Publishes the heads that have moved, again and again. A head that cannot be published is offered again the next time,
 * as it is by then. The answer publishes what is left and ends it.
 */
export function publishAnchors(
  { heads, publish, failed = () => undefined, everyMs = ANCHOR_MS, after = systemAfter }: AnchoringOptions,
): () => Promise<void> {
  const published = new Map<string, number>();
  let cancel = (): void => undefined;
  let running: Promise<void> | undefined;

  const publishMoved = async (): Promise<void> => {
    for (const head of heads().filter(({ stream, sequence }) => published.get(stream) !== sequence)) {
      await Promise.resolve(head).then(publish).then(() => published.set(head.stream, head.sequence), failed);
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

/** Publishes heads as AuditEvents of the platform's namespace. */
export function anchorEvents(events: AuditEvents, namespace: string, clock: Clock): (head: AuditHead) => Promise<void> {
  return async (head) => {
    const result = await events.create(namespace, anchorObject(namespace, head, clock()));
    if (result === 'refused' || result === 'invalid') throw new Error(`namespace ${namespace} does not take anchors of the audit log: ${result}`);
  };
}
