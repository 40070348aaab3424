import { eventAged, EventMeta, EventServer } from './event-server';
import type { KubeClient } from '../../../sidecar/src/kube/client';
import { removeOldEvents, RemovalDeps } from '../../../sidecar/src/retention/removal';
import { CapturedLog, capturedLog } from '../server/frame';

export const NOW = Date.parse('2026-05-04T09:00:00Z');
export const DAY = 86_400;
export const old = (name: string): EventMeta => eventAged(name, 8 * DAY, NOW);
export const young = (name: string): EventMeta => eventAged(name, 6 * DAY, NOW);

/** An API server with events, and one life of the program in this process. */
export class RetentionWorld {
  readonly api = new EventServer(NOW);
  readonly captured: CapturedLog = capturedLog();
  readonly waits: number[] = [];
  readonly end = new AbortController();
  client!: KubeClient;

  async open(): Promise<this> {
    await this.api.start();
    this.client = this.api.client();
    return this;
  }

  close(): Promise<void> {
    return this.api.close();
  }

  /** Answers whether nothing is left to do. */
  async remove(namespaces: readonly string[] = ['team-a'], more: Partial<RemovalDeps> = {}): Promise<boolean> {
    const { client, end: { signal }, captured: { log } } = this;
    const wait = async (milliseconds: number): Promise<void> => {
      this.waits.push(milliseconds);
    };
    return removeOldEvents({ client, namespaces, retentionSeconds: 7 * DAY, clock: () => NOW, random: () => 0.5, wait, signal, log, ...more });
  }

  /** The line about a namespace. */
  said(namespace: string): Record<string, any> | undefined {
    return this.captured.lines().find((line) => line.namespace === namespace);
  }

  /** The last line. */
  sum(): Record<string, any> {
    return this.captured.lines().at(-1)!;
  }
}
