import { LeftOut, Projected, projection, ReadKind, resourceOf } from './custom-objects';
import type { LateReads } from './late-reads';
import type { KubeClient, KubeObject, Resource } from '../../../kube/client';
import { hasCode } from '../../../kube/kube-error';
import { keyOf } from '../../../kube/watch-event';
import { Limiter } from '../../../server/bounds/limiter';
import { ExpiringMap } from '../../../server/bounds/lru';
import type { Clock } from '../../../server/time/clock';
import type { Snapshot } from '../catalog';
import type { RunName } from '../run-name';
import type { StoredTemplate } from '../template-of';

/** The sinks of a namespace, into which a confirmation reads as well. */
export interface NamespaceReads {
  readonly runs: LateReads<Projected<'HarnessRun'>>;
  readonly templates: LateReads<Projected<'HarnessTemplate'>>;
  readonly policies: LateReads<Projected<'BrokerPolicy'>>;
}

export interface ConfirmationOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly leftOut: LeftOut;
  readonly snapshot: () => Snapshot;
  readonly reads: ReadonlyMap<string, NamespaceReads>;
  readonly clusterTemplates: LateReads<StoredTemplate>;
}

/** Milliseconds for which what was confirmed for a run is not asked again. */
const REMEMBERED = 1_000;
const MAX_REMEMBERED = 10_000;

/** Confirmations of a namespace; no namespace can use up what another needs. */
const RATE = { perSecond: 5, burst: 20 };
const TIMEOUT = 3_000;
const PAGE = 250;

/**
 * Looks whether something that the watches have not told yet is there after all: the run, its template, the policies of its
 * namespace. Replicas lag by milliseconds, and a run asks for its credentials as soon as it is made.
 */
export class Confirmation {
  private readonly done: ExpiringMap<string, true>;
  private readonly open = new Map<string, Promise<void>>();
  private readonly limiter: Limiter;

  constructor(private readonly options: ConfirmationOptions) {
    const { clock, reads } = options;
    this.done = new ExpiringMap({ max: MAX_REMEMBERED, clock });
    this.limiter = new Limiter({ ...RATE, maxKeys: Math.max(1, reads.size), clock });
  }

  /** Resolves when the snapshot is as good as it gets: also when nothing could be read, or was read just now. */
  async of({ namespace, name }: RunName): Promise<void> {
    const reads = this.options.reads.get(namespace);
    const key = `${namespace}/${name}`;
    if (reads === undefined || this.done.get(key) === true) return undefined;
    const under = this.open.get(key);
    if (under !== undefined) return under;
    if (!this.limiter.take(namespace).allowed) return undefined;
    // What cannot be read now leaves the refusal as it was.
    const reading = this.read(reads, namespace, name).catch(() => undefined).finally(() => {
      this.open.delete(key);
      this.done.set(key, true, this.options.clock() + REMEMBERED);
    });
    this.open.set(key, reading);
    return reading;
  }

  private async read(reads: NamespaceReads, namespace: string, name: string): Promise<void> {
    const { client, leftOut, snapshot } = this.options;
    await Promise.all([
      this.one('HarnessRun', reads.runs, namespace, name),
      reads.policies.readAll(() => all(client, resourceOf('BrokerPolicy', namespace), projection('BrokerPolicy', leftOut))),
    ]);
    const run = snapshot().run(namespace, name);
    if (run === undefined || snapshot().template(run) !== undefined) return;
    await Promise.all([
      this.one('HarnessTemplate', reads.templates, namespace, run.templateRef.name),
      // All of them: which one is the base is known only when the template is.
      this.options.clusterTemplates.readAll(() => all(client, resourceOf('ClusterHarnessTemplate'), projection('ClusterHarnessTemplate', leftOut))),
    ]);
  }

  private async one<Kind extends ReadKind>(kind: Kind, sink: LateReads<Projected<Kind>>, namespace: string, name: string): Promise<void> {
    const { client, leftOut } = this.options;
    await sink.readOne(`${namespace}/${name}`, async () => {
      const object = await client.get(resourceOf(kind, namespace), name, { timeout: TIMEOUT }).catch((error: unknown) => {
        if (hasCode(error, 'NotFound')) return undefined;
        throw error;
      });
      return object === undefined ? undefined : projection(kind, leftOut)(object);
    });
  }
}

/** Every object of a resource, by key. */
async function all<T>(client: KubeClient, resource: Resource, keep: (object: KubeObject) => T | undefined): Promise<ReadonlyMap<string, T>> {
  const found = new Map<string, T>();
  let next: string | undefined;
  do {
    const page = await client.list(resource, { limit: PAGE, continue: next }, { timeout: TIMEOUT });
    for (const object of page.items) {
      const kept = keep(object);
      if (kept !== undefined) found.set(keyOf(object), kept);
    }
    next = page.continue;
  } while (next !== undefined);
  return found;
}
