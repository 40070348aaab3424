import { Registry } from 'prom-client';
import { WorldServer } from './cache/world-server';
import { SETTINGS } from './runs/fake-run';
import { FakeBroker } from './runs/leases/lease-world';
import type { KubeClient, KubeObject } from '../../../sidecar/src/kube/client';
import { OperatorMetrics } from '../../../sidecar/src/operator/metrics';
import { Operator, openOperator } from '../../../sidecar/src/operator/operator';
import { capturedLog } from '../server/frame';

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** One replica before an API server, in a time of its own. */
export class OperatorWorld {
  readonly server = new WorldServer();
  readonly written: string[] = [];
  readonly events: string[] = [];
  readonly captured = capturedLog();
  readonly registry = new Registry();
  leads = true;
  private readonly objects = new Map<string, KubeObject>();
  private readonly timers = new Set<Timer>();
  private now = Date.UTC(2030, 0, 1);

  /** Told before each write is done. */
  onWrite: (call: string) => void | Promise<void> = () => undefined;

  put(plural: string, namespace: string | undefined, name: string, fields: object, metadata: object = {}): KubeObject {
    const object = this.server.put(plural, namespace, name, fields, metadata);
    this.objects.set(`${plural}/${name}`, object);
    return object;
  }

  open(): Operator {
    const clock = () => this.now;
    return openOperator({
      client: { ...this.server.client, apply: (...given: Parameters<KubeClient['apply']>) => this.apply(...given) } as unknown as KubeClient,
      namespaces: ['team-a'],
      isLeader: () => this.leads,
      workers: 2,
      metrics: new OperatorMetrics(this.registry, clock),
      broker: new FakeBroker(clock),
      settings: SETTINGS,
      events: { record: ({ kind, name }, type, reason) => void this.events.push(`${type} ${reason} ${kind}/${name}`) },
      clock,
      steady: clock,
      after: (milliseconds, run) => {
        const timer = { at: this.now + milliseconds, run };
        this.timers.add(timer);
        return () => void this.timers.delete(timer);
      },
      random: () => 0.5,
      wait: (_, signal) => new Promise((resolve) => signal!.addEventListener('abort', resolve)),
      log: this.captured.log,
    });
  }

  /** Lets a time pass, by steps in which everything happens that comes of it. */
  async pass(milliseconds = 250): Promise<void> {
    const end = this.now + milliseconds;
    while (this.now < end) {
      this.now = Math.min(end, ...[...this.timers].map(({ at }) => Math.max(at, this.now + 1)));
      for (const timer of [...this.timers].filter(({ at }) => at <= this.now)) if (this.timers.delete(timer)) timer.run();
      await this.server.flush();
    }
  }

  private async apply(...[{ plural, namespace }, object, { subresource }]: Parameters<KubeClient['apply']>): Promise<KubeObject> {
    const { metadata, status } = object as KubeObject;
    const { name, finalizers = [] } = metadata as KubeObject['metadata'] & { readonly finalizers?: readonly string[] };
    const call = `${subresource ?? 'object'} ${plural}/${name}`;
    await this.onWrite(call);
    this.written.push(call);
    const { metadata: { resourceVersion: _, ...before }, ...fields } = this.objects.get(`${plural}/${name}`)!;
    return subresource === 'status'
      ? this.put(plural, namespace, name, { ...fields, status }, before)
      : this.put(plural, namespace, name, fields, { ...before, finalizers });
  }
}
