import { Cache, Writing } from '../../../../sidecar/src/operator/cache/cache';
import type { Meta } from '../../../../sidecar/src/operator/objects/meta';

export interface Kept extends Meta {
  /** What nobody but the test may compare. */
  readonly order: number;
  readonly isBroken: boolean;
}

interface Logged {
  readonly order: number;
  readonly name: string;
  /** Undefined for an object that was deleted. */
  readonly object: Kept | undefined;
}

export type WriteKind = 'update' | 'create' | 'same' | 'last';

interface Write {
  readonly name: string;
  readonly kind: WriteKind;
  readonly writing: Writing<Kept>;
  hasArrived: boolean;
  wasListed: boolean;
  answer?: Kept;
}

const NAMESPACE = 'team-a';

export const keyOf = (name: string): string => `${NAMESPACE}/${name}`;

/** An API server, the watch of a cache on it, and the operator's own writes; each takes its steps when a test says so. */
export class ApiModel {
  /** Told by the cache alone. */
  readonly mirror = new Map<string, Kept>();
  readonly surprises: string[] = [];
  readonly cache = new Cache<Kept>((before, after) => {
    const { name } = (after ?? before)!;
    if (this.mirror.get(name) !== before) this.surprises.push(`${name} was not what it was said to have been`);
    if (after === undefined) this.mirror.delete(name);
    else this.mirror.set(name, after);
  });
  readonly writes: Write[] = [];
  /** What was answered last of each, as far as the cache has to know it. */
  readonly floors = new Map<string, number>();
  private readonly objects = new Map<string, Kept>();
  private readonly log: Logged[] = [];
  private order = 0;
  private position = 0;
  private list: { readonly order: number; readonly items: ReadonlyMap<string, Kept> } | undefined;

  begin(name: string, kind: WriteKind): void {
    this.writes.push({ name, kind, writing: this.cache.begin(NAMESPACE, name), hasArrived: false, wasListed: false });
  }

  /** The API server does what it was asked for. */
  arrive(write: Write): void {
    if (write.hasArrived) return;
    write.hasArrived = true;
    const there = this.objects.get(write.name);
    if (write.kind === 'create' ? there !== undefined : there === undefined) return;
    if (write.kind === 'same') {write.answer = there;} else if (write.kind === 'last') {
      // Its last finalizer goes, and the object with it.
      write.answer = { ...there!, ...this.version() };
      this.remove(write.name);
    } else {write.answer = this.put(write.name);}
  }

  answer(write: Write): void {
    this.arrive(write);
    this.writes.splice(this.writes.indexOf(write), 1);
    write.writing.ended(write.answer?.isBroken === true ? undefined : write.answer);
    if (write.answer !== undefined && !write.wasListed) this.floors.set(write.name, Math.max(write.answer.order, this.floors.get(write.name) ?? 0));
  }

  put(name: string, isBroken = false): Kept {
    const uid = this.objects.get(name)?.uid ?? `uid-${this.order}`;
    const object: Kept = { namespace: NAMESPACE, name, uid, generation: 1, createdAt: 0, isBroken, ...this.version() };
    this.objects.set(name, object);
    this.log.push({ order: object.order, name, object });
    return object;
  }

  remove(name: string): void {
    if (!this.objects.delete(name)) return;
    this.log.push({ order: this.version().order, name, object: undefined });
  }

  /** The next event comes. */
  deliver(): void {
    const next = this.list === undefined ? this.log.find(({ order }) => order > this.position) : undefined;
    if (next === undefined) return;
    this.position = next.order;
    this.cache.changed(keyOf(next.name), next.object?.isBroken === true ? undefined : next.object);
  }

  beginList(): void {
    const items = [...this.objects].filter(([, { isBroken }]) => !isBroken).map(([name, object]): [string, Kept] => [keyOf(name), object]);
    this.list ??= { order: this.order, items: new Map(items) };
  }

  endList(): void {
    if (this.list === undefined) return;
    this.position = this.list.order;
    this.cache.replaced(this.list.items);
    this.list = undefined;
    this.floors.clear();
    this.writes.forEach((write) => { write.wasListed = true; });
  }

  settle(): void {
    [...this.writes].forEach((write) => this.answer(write));
    this.endList();
    while (this.position < this.order && this.log.some(({ order }) => order > this.position)) this.deliver();
  }

  /** What the watch has told last: when, and whether it is there. */
  watched(name: string): { readonly order: number; readonly isThere: boolean } {
    const last = this.log.filter((one) => one.name === name && one.order <= this.position).at(-1);
    return { order: last?.order ?? 0, isThere: last?.object !== undefined && !last.object.isBroken };
  }

  /** What is there, by name. */
  state(): readonly Kept[] {
    return sorted([...this.objects.values()].filter(({ isBroken }) => !isBroken));
  }

  private version(): { readonly order: number; readonly resourceVersion: string } {
    this.order += 1;
    return { order: this.order, resourceVersion: `v${(this.order * 7919) % 10_007}` };
  }
}

export function sorted(objects: Iterable<Kept>): readonly Kept[] {
  return [...objects].sort((a, b) => (a.name < b.name ? -1 : 1));
}
