import type { KubeClient, KubeList, KubeObject, PatchStep, Resource } from '../../../../sidecar/src/kube/client';
import { KubeCode, KubeError } from '../../../../sidecar/src/kube/kube-error';
import { LABELS } from '../../../../src/protocol/names';

/** What becomes of the next patch. A `late` one arrives when the test says so; after the `last` one no call is answered. */
export type Fate = 'done' | 'late' | 'last' | 'lost on the way' | 'lost on the way back' | KubeCode;

export interface MadePod {
  readonly name: string;
  readonly uid?: string;
  readonly pool?: string;
  readonly createdAt?: number;
  readonly ready?: boolean;
  readonly phase?: string;
  readonly ip?: string;
  readonly labels?: Record<string, string>;
}

export const T0 = Date.UTC(2026, 0, 1);
export const NAMESPACE = 'team-a';

type Stored = KubeObject & { metadata: KubeObject['metadata'] & { uid: string; labels: Record<string, string>; deletionTimestamp?: string } };

interface Watcher {
  readonly labels: string;
  readonly lines: string[];
  failure?: Error;
  wake?: () => void;
}

/** Pods and ConfigMaps of one namespace, in memory, with the faults of an API server. */
export class PodServer {
  readonly pods = new Map<string, Stored>();
  readonly configMaps = new Map([['pool-small', 'uid-of-pool-small']]);
  readonly patches: { readonly name: string; readonly steps: readonly PatchStep[] }[] = [];
  readonly deleted: { readonly name: string; readonly uid: string; readonly gracePeriodSeconds?: number }[] = [];
  reads = 0;
  /** Fates of the next patches, in order. */
  fates: Fate[] = [];
  /** All calls but patches fail so, as long as it is set. */
  outage: KubeCode | undefined;
  private readonly late: (() => void)[] = [];
  private readonly watchers = new Set<Watcher>();
  private version = 1;

  get client(): KubeClient {
    return this as unknown as KubeClient;
  }

  make({ name, uid = `uid-of-${name}`, pool = 'small', createdAt = T0, ready = true, phase = 'Running', ip = '10.0.0.1', labels = {} }: MadePod): void {
    this.store({
      metadata: {
        name,
        namespace: NAMESPACE,
        uid,
        creationTimestamp: new Date(createdAt).toISOString(),
        labels: { [LABELS.role]: 'session', [LABELS.pool]: pool, [LABELS.state]: 'warm', ...labels },
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: 'uid-of-rs', controller: true }],
      },
      spec: {},
      status: {
        phase,
        startTime: new Date(createdAt).toISOString(),
        conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
        ...(ip === '' ? {} : { podIP: ip, podIPs: [{ ip }, { ip: 'fd00::1' }] }),
      },
    });
  }

  /** Deletes it, whatever its UID. */
  remove(name: string): void {
    const before = this.pods.get(name);
    this.pods.delete(name);
    this.version += 1;
    this.watchers.forEach((watcher) => before !== undefined && selects(watcher.labels, before) && this.send(watcher, 'DELETED', before));
  }

  terminate(name: string): void {
    this.change(name, (pod) => { pod.metadata.deletionTimestamp = new Date(T0).toISOString(); });
  }

  label(name: string, labels: Record<string, string>): void {
    this.change(name, (pod) => Object.assign(pod.metadata.labels, labels));
  }

  change(name: string, edit: (pod: any) => void): void {
    const pod = structuredClone(this.pods.get(name)!);
    edit(pod);
    this.store(pod);
  }

  labelsOf(name: string): Record<string, string> | undefined {
    return this.pods.get(name)?.metadata.labels;
  }

  /** The patches that were late arrive. */
  arrive(): void {
    for (const apply of this.late.splice(0)) apply();
  }

  cut(): void {
    this.watchers.forEach((watcher) => {
      watcher.failure = new KubeError('Unavailable', 'cut');
      watcher.wake?.();
    });
  }

  async get({ plural }: Resource, name: string): Promise<KubeObject> {
    this.reads += 1;
    this.refuseInOutage();
    if (plural === 'configmaps') {
      const uid = this.configMaps.get(name);
      if (uid === undefined) throw new KubeError('NotFound', `GET ${name}: 404`);
      return { metadata: { name, uid } };
    }
    return structuredClone(this.found(name));
  }

  async list({ labels = '' }: Resource, { limit, continue: next = '' }: { limit: number; continue?: string }): Promise<KubeList> {
    this.refuseInOutage();
    const names = [...this.pods.keys()].sort().filter((name) => name > next && selects(labels, this.pods.get(name)!));
    const items = names.slice(0, limit).map((name) => structuredClone(this.pods.get(name)!));
    return { items, resourceVersion: String(this.version), ...(names.length > limit ? { continue: names[limit - 1] } : {}) };
  }

  async watch({ labels = '' }: Resource, _version: string, signal: AbortSignal): Promise<AsyncIterable<string>> {
    this.refuseInOutage();
    const watcher: Watcher = { labels, lines: [] };
    this.watchers.add(watcher);
    signal.addEventListener('abort', () => {
      watcher.failure = signal.reason;
      watcher.wake?.();
    });
    return linesOf(watcher, () => this.watchers.delete(watcher));
  }

  async jsonPatch(_resource: Resource, name: string, steps: readonly PatchStep[]): Promise<KubeObject> {
    this.patches.push({ name, steps });
    const fate = this.fates.shift() ?? 'done';
    const lost = new KubeError('Unavailable', `PATCH ${name}: no answer`);
    if (fate === 'late') this.late.push(() => { try { this.patched(name, steps); } catch { /* nobody hears of it */ } });
    if (fate === 'last') this.outage = 'Unavailable';
    if (fate === 'late' || fate === 'last' || fate === 'lost on the way') throw lost;
    if (fate !== 'done' && fate !== 'lost on the way back') throw new KubeError(fate, `PATCH ${name}: ${fate}`);
    const pod = this.patched(name, steps);
    if (fate === 'lost on the way back') throw lost;
    return pod;
  }

  async delete(_resource: Resource, name: string, { uid, gracePeriodSeconds }: { uid: string; gracePeriodSeconds?: number }): Promise<void> {
    this.refuseInOutage();
    if (this.found(name).metadata.uid !== uid) throw new KubeError('Conflict', 'the UID is another');
    this.deleted.push({ name, uid, gracePeriodSeconds });
    this.remove(name);
  }

  private patched(name: string, steps: readonly PatchStep[]): KubeObject {
    const pod = structuredClone(this.found(name));
    for (const step of steps) patch(pod, step);
    this.store(pod);
    return structuredClone(pod);
  }

  private found(name: string): Stored {
    const pod = this.pods.get(name);
    if (pod === undefined) throw new KubeError('NotFound', `${name}: 404`);
    return pod;
  }

  private store(pod: KubeObject): void {
    const before = this.pods.get(pod.metadata.name);
    const after = { ...pod, metadata: { ...pod.metadata, resourceVersion: String(this.version += 1) } } as Stored;
    this.pods.set(pod.metadata.name, after);
    this.watchers.forEach((watcher) => {
      const was = before !== undefined && selects(watcher.labels, before);
      if (selects(watcher.labels, after)) this.send(watcher, was ? 'MODIFIED' : 'ADDED', after);
      else if (was) this.send(watcher, 'DELETED', after);
    });
  }

  private send(watcher: Watcher, type: string, object: KubeObject): void {
    watcher.lines.push(JSON.stringify({ type, object }));
    watcher.wake?.();
  }

  private refuseInOutage(): void {
    if (this.outage !== undefined) throw new KubeError(this.outage, 'the API server is away');
  }
}

async function* linesOf(watcher: Watcher, left: () => void): AsyncGenerator<string> {
  try {
    for (;;) {
      if (watcher.failure !== undefined) throw watcher.failure;
      if (watcher.lines.length > 0) yield watcher.lines.shift()!;
      else await new Promise<void>((resolve) => { watcher.wake = resolve; });
    }
  } finally {
    left();
  }
}

function selects(selector: string, { metadata }: Stored): boolean {
  return selector.split(',').filter((term) => term !== '').every((term) => {
    const [key, value] = term.split('=');
    return value === undefined ? key in metadata.labels : metadata.labels[key] === value;
  });
}

function patch(object: object, { op, path, value }: PatchStep): void {
  const parts = path.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = parts.pop()!;
  const parent = parts.reduce<any>((at, part) => at?.[part], object);
  if (parent === undefined || (op === 'test' && parent[last] !== value)) throw new KubeError('Invalid', `${op} ${path}`);
  if (op === 'test') return;
  if (last === '-') parent.push(value);
  else parent[last] = value;
}
