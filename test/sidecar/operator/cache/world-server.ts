import type { CallOptions, KubeClient, KubeList, KubeObject, Resource } from '../../../../sidecar/src/kube/client';
import { KubeError } from '../../../../sidecar/src/kube/kube-error';

type Stored = KubeObject & { readonly metadata: { readonly resourceVersion: string } };

/** An API server of many kinds, as far as it is listed and watched. Events come when `flush` is called. */
export class WorldServer {
  /** Every resource that was listed. */
  readonly listed: Resource[] = [];
  readonly refused = new Set<string>();
  private readonly objects = new Map<string, Map<string, Stored>>();
  private readonly pending: { readonly place: string; readonly line: string }[] = [];
  private readonly watchers = new Map<string, (line: string | undefined) => void>();
  private version = 1;

  readonly client = {
    list: (resource: Resource) => this.list(resource),
    watch: (resource: Resource, _: string, signal: AbortSignal) => this.watch(resource, signal),
  } as unknown as KubeClient;

  /** Makes or changes an object; answers what it is then. */
  put(plural: string, namespace: string | undefined, name: string, fields: object, metadata: object = {}): Stored {
    const objects = this.objects.get(place({ plural, namespace })) ?? new Map<string, Stored>();
    this.objects.set(place({ plural, namespace }), objects);
    this.version += 1;
    const object: Stored = {
      metadata: {
        name,
        ...(namespace === undefined ? {} : { namespace }),
        uid: `${plural}-${name}`,
        resourceVersion: `v${this.version}`,
        generation: 1,
        creationTimestamp: '2026-01-01T00:00:00Z',
        ...metadata,
      },
      ...fields,
    };
    this.pending.push({ place: place({ plural, namespace }), line: JSON.stringify({ type: objects.has(name) ? 'MODIFIED' : 'ADDED', object }) });
    objects.set(name, object);
    return object;
  }

  remove(plural: string, namespace: string, name: string): void {
    const object = this.objects.get(place({ plural, namespace }))!.get(name);
    this.objects.get(place({ plural, namespace }))!.delete(name);
    this.pending.push({ place: place({ plural, namespace }), line: JSON.stringify({ type: 'DELETED', object }) });
  }

  /** Tells the watches of everything since. */
  async flush(): Promise<void> {
    await turns();
    for (const { place: where, line } of this.pending.splice(0)) this.watchers.get(where)?.(line);
    await turns();
  }

  private list(resource: Resource): Promise<KubeList> {
    this.listed.push(resource);
    if (this.refused.has(resource.plural)) return Promise.reject(new KubeError('Forbidden', 'GET: 403'));
    // What is in the list is not told again.
    this.pending.splice(0, Infinity, ...this.pending.filter((one) => one.place !== place(resource)));
    return Promise.resolve({ items: [...this.objects.get(place(resource))?.values() ?? []], resourceVersion: `v${this.version}` });
  }

  private watch(resource: Resource, signal: NonNullable<CallOptions['signal']>): Promise<AsyncIterable<string>> {
    const lines: (string | undefined)[] = [];
    let wake = (): void => undefined;
    const push = (line: string | undefined): void => {
      lines.push(line);
      wake();
    };
    this.watchers.set(place(resource), push);
    signal.addEventListener('abort', () => push(undefined));
    async function* told(): AsyncGenerator<string> {
      for (;;) {
        while (lines.length === 0) await new Promise<void>((resolve) => { wake = resolve; });
        const line = lines.shift();
        if (line === undefined) return;
        yield line;
      }
    }
    return Promise.resolve(told());
  }
}

function place({ plural, namespace }: Pick<Resource, 'plural' | 'namespace'>): string {
  return `${namespace ?? ''}/${plural}`;
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
