import { podOf, podsOf, WARM_PODS } from './pod';
import { WarmIndex } from './warm-index';
import type { Wait } from '../../kube/back-off';
import type { KubeClient } from '../../kube/client';
import { sourceOf, Watch } from '../../kube/watch';
import type { Clock } from '../../server/time/clock';

export interface WarmWorkersOptions {
  readonly client: KubeClient;
  /** Milliseconds from any beginning. */
  readonly steady: Clock;
  readonly random: () => number;
  readonly wait: Wait;
  /** Told why a watch has to begin anew. */
  readonly interrupted: (namespace: string, reason: unknown) => void;
}

interface Followed {
  readonly index: WarmIndex;
  readonly watch: Pick<Watch<unknown>, 'staleSince' | 'close'>;
}

/** What is warm, in each namespace that has pools. */
export class WarmWorkers {
  private readonly followed = new Map<string, Followed>();

  constructor(private readonly options: WarmWorkersOptions) {}

  /** Follows these namespaces and no others. */
  follow(namespaces: ReadonlySet<string>): void {
    for (const namespace of namespaces) if (!this.followed.has(namespace)) this.followed.set(namespace, this.start(namespace));
    for (const [namespace, { watch }] of this.followed) {
      if (namespaces.has(namespace)) continue;
      this.followed.delete(namespace);
      void watch.close();
    }
  }

  /** Undefined as long as nobody knows what is warm there. */
  in(namespace: string): WarmIndex | undefined {
    const followed = this.followed.get(namespace);
    return followed?.watch.staleSince() === undefined ? followed?.index : undefined;
  }

  /** Namespaces of which nobody knows what is warm there. */
  stale(): readonly string[] {
    return [...this.followed.keys()].filter((namespace) => this.in(namespace) === undefined).sort();
  }

  async close(): Promise<void> {
    await Promise.all([...this.followed.values()].map(({ watch }) => watch.close()));
  }

  private start(namespace: string): Followed {
    const { client, steady, random, wait, interrupted } = this.options;
    const index = new WarmIndex(random);
    const watch = new Watch({
      source: sourceOf(client, podsOf(namespace, WARM_PODS)),
      keep: podOf,
      sink: index,
      clock: steady,
      random,
      wait,
      interrupted: (reason) => interrupted(namespace, reason),
    });
    return { index, watch };
  }
}
