import type { ServerResponse } from 'node:http';
import { ApiStandIn, Arrived, json } from '../kube/api-stand-in';

/** What a list shows of an event. */
export interface EventMeta {
  readonly name: string;
  readonly uid?: string;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
}

export interface Refusal {
  readonly status: number;
  readonly body?: object;
  readonly headers?: Record<string, string>;
}

/** Which events a request is about. */
export interface Called {
  readonly namespace: string;
  readonly name?: string;
  /** Where a list goes on. */
  readonly next: string | null;
}

const PATH = /^\/apis\/paddock\.dev\/v1alpha1\/namespaces\/([^/]+)\/auditevents(?:\/([^/?]+))?/;

/** An API server with audit events alone. Lists go on after a name; what a test says is refused. */
export class EventServer extends ApiStandIn {
  /** Milliseconds since 1970 by its clock; undefined when its answers have no date. */
  public now: number | undefined;
  public refuse: (request: Arrived, called: Called) => Refusal | undefined;
  private readonly namespaces = new Map<string, Map<string, EventMeta>>();

  constructor(now: number) {
    super();
    this.now = now;
    this.refuse = () => undefined;
    this.answer = (response, request) => this.serve(response, request);
  }

  put(namespace: string, ...events: readonly EventMeta[]): void {
    const there = this.namespaces.get(namespace) ?? new Map<string, EventMeta>();
    events.forEach((event) => there.set(event.name, event));
    this.namespaces.set(namespace, there);
  }

  names(namespace: string): string[] {
    return [...this.namespaces.get(namespace)?.keys() ?? []].sort();
  }

  calls(method: string): string[] {
    return this.arrived.filter((request) => request.method === method).map(({ url }) => url);
  }

  private serve(response: ServerResponse, request: Arrived): void {
    const [, namespace, name] = PATH.exec(request.url)!;
    const query = new URL(request.url, 'https://api').searchParams;
    const refusal = this.refuse(request, { namespace, name, next: query.get('continue') });
    response.sendDate = false;
    const headers = { ...(this.now === undefined ? {} : { date: new Date(this.now).toUTCString() }), ...refusal?.headers };
    if (refusal !== undefined) return json(response, refusal.status, refusal.body ?? {}, headers);
    if (name !== undefined) return json(response, ...this.remove(namespace, name, request.body), headers);
    return json(response, 200, this.page(namespace, Number(query.get('limit')), query.get('continue') ?? ''), headers);
  }

  private page(namespace: string, limit: number, after: string) {
    const rest = this.names(namespace).filter((name) => name > after);
    const shown = rest.slice(0, limit);
    const next = rest.length > shown.length ? { continue: shown.at(-1) } : {};
    return { kind: 'PartialObjectMetadataList', metadata: { resourceVersion: '7', ...next }, items: shown.map((name) => ({ metadata: this.namespaces.get(namespace)!.get(name) })) };
  }

  private remove(namespace: string, name: string, body: string): [number, object] {
    const there = this.namespaces.get(namespace);
    const event = there?.get(name);
    if (event === undefined) return [404, { reason: 'NotFound' }];
    if (event.uid !== JSON.parse(body).preconditions.uid) return [409, { reason: 'Conflict' }];
    there!.delete(name);
    return [200, { metadata: { name } }];
  }
}

/** An event of that age in seconds. */
export function eventAged(name: string, seconds: number, now: number): EventMeta {
  return { name, uid: `uid-of-${name}`, creationTimestamp: new Date(now - seconds * 1000).toISOString().replace('.000Z', 'Z') };
}

/** So many, with names in their order. */
export function eventsAged(prefix: string, count: number, seconds: number, now: number): EventMeta[] {
  return Array.from({ length: count }, (_, index) => eventAged(`${prefix}-${String(index).padStart(5, '0')}`, seconds, now));
}
