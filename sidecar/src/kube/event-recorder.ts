import type { KubeClient, Resource } from './client';
import { hasCode } from './kube-error';
import { API_GROUP_VERSION } from '../../../src/protocol/names';
import { Limiter } from '../server/bounds/limiter';
import { ExpiringMap } from '../server/bounds/lru';
import type { Logger } from '../server/telemetry/log';
import { cutText } from '../server/text/cut-text';
import type { Clock } from '../server/time/clock';

/** An object of one of our kinds, which an Event is about. */
export interface Involved {
  readonly kind: string;
  /** Empty for a kind of the whole cluster. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface EventRecorderOptions {
  readonly client: Pick<KubeClient, 'create' | 'mergePatch'>;
  /** Who says so. */
  readonly component: string;
  /** The pod that says so. */
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Something that is told, once or more often. */
interface Told {
  readonly involved: Involved;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly note: string;
  readonly firstAt: number;
  lastAt: number;
  count: number;
  /** Name of the Event, once it is there. */
  event?: string;
  isWaiting: boolean;
}

/** Milliseconds within which the same is counted, as by Kubernetes' own controllers: https://pkg.go.dev/k8s.io/client-go/tools/record */
const SAME_WITHIN = 10 * 60 * 1000;

/** Events of one object: so many at once, and one more each five minutes. */
const BURST = 25;
const PER_SECOND = 1 / 300;

const MAX_OBJECTS = 16_384;
const MAX_REMEMBERED = 4096;
const MAX_WAITING = 1000;

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
const MAX_NOTE = 1024;

/** Milliseconds for one call. */
const TIMEOUT = 3_000;

/**
 * Tells people what happens, in Events of the core group: all versions of `kubectl describe` and `kubectl get events` show
 * their count and times. One after the other, so that they come in their order; what cannot be told is lost.
 */
export class EventRecorder {
  private readonly recent: ExpiringMap<string, Told>;
  private readonly limiter: Limiter;
  private waiting: Told[] = [];
  private working = false;
  private worked = Promise.resolve();
  private closing = false;
  private made = 0;

  constructor(private readonly options: EventRecorderOptions) {
    const { clock } = options;
    this.recent = new ExpiringMap({ max: MAX_REMEMBERED, clock });
    this.limiter = new Limiter({ perSecond: PER_SECOND, burst: BURST, maxKeys: MAX_OBJECTS, clock });
  }

  /** Returns at once. A note is for everybody who may read Events of the namespace. */
  record(involved: Involved, type: 'Normal' | 'Warning', reason: string, note: string): void {
    const told = this.told(involved, type, reason, cutText(note, MAX_NOTE));
    if (told.isWaiting) return;
    if (this.waiting.length >= MAX_WAITING || !this.limiter.take(involved.uid).allowed) {
      this.options.log.debug({ kind: involved.kind, namespace: involved.namespace, object: involved.name, reason }, 'an Event is not told: there are too many');
      return;
    }
    told.isWaiting = true;
    this.waiting.push(told);
    if (!this.working) this.worked = this.work();
  }

  /** Resolves when everything was told, or as soon as something cannot be. For the end of the process. */
  async settled(): Promise<void> {
    this.closing = true;
    await this.worked;
  }

  /** What is told, counted once more. */
  private told(involved: Involved, type: Told['type'], reason: string, note: string): Told {
    const now = this.options.clock();
    const key = JSON.stringify([involved.uid, type, reason, note]);
    const told = this.recent.get(key) ?? { involved, type, reason, note, firstAt: now, lastAt: now, count: 0, isWaiting: false };
    told.count += 1;
    told.lastAt = now;
    this.recent.set(key, told, now + SAME_WITHIN);
    return told;
  }

  private async work(): Promise<void> {
    this.working = true;
    for (let told = this.waiting.shift(); told !== undefined; told = this.waiting.shift()) {
      told.isWaiting = false;
      await this.tell(told).catch((err: unknown) => {
        this.options.log.debug({ err }, 'an Event could not be told');
        if (this.closing) this.waiting = [];
      });
    }
    this.working = false;
  }

  private async tell(told: Told): Promise<void> {
    if (told.event !== undefined && await this.counted(told, told.event)) return;
    const event = this.eventOf(told);
    await this.options.client.create(eventsIn(told.involved), event, { timeout: TIMEOUT });
    told.event = event.metadata.name;
  }

  /** False when the Event is not there any more. */
  private async counted({ involved, count, lastAt }: Told, event: string): Promise<boolean> {
    try {
      await this.options.client.mergePatch(eventsIn(involved), event, { count, lastTimestamp: timeText(lastAt) }, { timeout: TIMEOUT });
      return true;
    } catch (error) {
      if (hasCode(error, 'NotFound')) return false;
      throw error;
    }
  }

  private eventOf({ involved, type, reason, note, count, firstAt, lastAt }: Told) {
    const { component, instance, clock } = this.options;
    const { kind, namespace, name, uid } = involved;
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name}.${clock().toString(16)}${(this.made += 1).toString(16).padStart(6, '0')}`, namespace: eventsIn(involved).namespace },
      involvedObject: { apiVersion: API_GROUP_VERSION, kind, ...(namespace === '' ? {} : { namespace }), name, uid },
      type,
      reason,
      message: note,
      count,
      firstTimestamp: timeText(firstAt),
      lastTimestamp: timeText(lastAt),
      source: { component },
      reportingComponent: component,
      reportingInstance: instance,
    };
  }
}

/** Events about what has no namespace are in `default`. */
function eventsIn({ namespace }: Involved): Resource & { readonly namespace: string } {
  return { group: '', version: 'v1', plural: 'events', namespace: namespace === '' ? 'default' : namespace };
}

/** As `metav1.Time` is written. */
function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}
