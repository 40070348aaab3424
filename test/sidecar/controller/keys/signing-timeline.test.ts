import fc from 'fast-check';
import { KubeObjects } from './kube-objects';
import { publicSet } from '../../../../sidecar/src/controller/keys/signing-key';
import { openSigningKeys, SigningKeys } from '../../../../sidecar/src/controller/keys/signing-keys';
import { TrustPublisher } from '../../../../sidecar/src/controller/keys/trust-publisher';
import { ROTATE_AFTER } from '../../../../sidecar/src/crypto/key-schedule';
import { parsePublicKeys } from '../../../../sidecar/src/crypto/public-keys';
import { ownedConfigMap } from '../../../../sidecar/src/kube/owned-config-map';
import { OwnedSecret } from '../../../../sidecar/src/kube/owned-secret';
import { capturedLog } from '../../server/frame';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const TICK = 30 * SECOND;
/** Age of what a worker trusts: the kubelet brings a changed ConfigMap within this. */
const KUBELET = 2 * MINUTE;
/** A token lives for two minutes, and clocks may differ by one. */
const TOKEN = 3 * MINUTE;
const REPLICAS = 3;
/** Around each rotation; long enough for the key before to be signed with, spent and taken away. */
const TICKS = 105 * MINUTE / TICK;

/** What happens to one replica at one tick: its clock is set off by some minutes, and maybe it starts anew. */
interface Event {
  readonly tick: number;
  readonly replica: number;
  readonly minutes: number;
  readonly restarts: boolean;
}

interface Replica {
  offset: number;
  due: number;
  keys: SigningKeys<Awaited<ReturnType<OwnedSecret['read']>>>;
  trust: TrustPublisher;
}

/** Replicas with clocks of their own, and a worker that is told everything late. */
class Timeline {
  now = Date.UTC(2026, 0, 1);
  readonly signers = new Set<string>();
  private readonly kube = new KubeObjects().add('secrets', 'agents', 'controller-bootstrap').add('configmaps', 'team-a', 'agent-trust');
  private readonly replicas: Replica[] = [];
  private readonly published: { readonly at: number; readonly kids: readonly string[] }[] = [];
  private readonly tokens: { readonly at: number; readonly kid: string }[] = [];
  private pauses = 0;

  constructor(private readonly events: readonly Event[], private readonly seconds: readonly number[]) {}

  async begin(): Promise<void> {
    const opened = await Promise.all(Array.from({ length: REPLICAS }, () => this.opened({ offset: 0 })));
    this.replicas.push(...opened);
    await this.publish(this.replicas);
  }

  /** Until shortly before the key of now is thirty days old for the clock that is first. */
  skip(): void {
    this.now += ROTATE_AFTER - 7 * MINUTE;
  }

  async window(): Promise<void> {
    for (let tick = 0; tick < TICKS; tick += 1) {
      this.now += TICK;
      for (const event of this.events.filter((one) => one.tick === tick)) await this.happen(event);
      await this.publish(this.replicas.filter(({ due }) => due <= this.now));
      for (const { keys } of this.replicas) this.sign(keys.current().kid);
    }
  }

  private async happen({ replica, minutes, restarts }: Event): Promise<void> {
    this.replicas[replica].offset = minutes * MINUTE;
    if (restarts) this.replicas[replica] = await this.opened(this.replicas[replica]);
  }

  private async opened({ offset }: { readonly offset: number }): Promise<Replica> {
    const place: Partial<Replica> = { offset, due: this.now };
    const keys = await openSigningKeys({ place: 'Secret', secret: new OwnedSecret(this.kube, 'agents', 'controller-bootstrap', 'x'), clock: () => this.now + place.offset! });
    const trust = new TrustPublisher({
      trustOf: (namespace) => ownedConfigMap(this.kube, namespace, 'agent-trust', 'x'),
      keys: async () => publicSet(await keys.refresh()),
      namespaces: () => ['team-a'],
      clock: () => this.now,
      log: capturedLog().log,
    });
    return Object.assign(place, { keys, trust }) as Replica;
  }

  private async publish(replicas: readonly Replica[]): Promise<void> {
    for (const one of replicas) one.due = this.now + this.seconds[this.pauses++ % this.seconds.length] * SECOND;
    await Promise.all(replicas.map(({ trust }) => trust.publish()));
    const text = this.kube.entries('configmaps', 'team-a', 'agent-trust').get('bootstrap-jwks.json')!;
    const kids = parsePublicKeys(text).map(({ kid }) => kid!);
    if (this.published.at(-1)?.kids.join() === kids.join()) return;
    this.published.push({ at: this.now, kids });
    // A worker that is up to date refuses nothing that was signed before.
    expect(this.tokens.filter(({ at, kid }) => at + TOKEN >= this.now && !kids.includes(kid))).toEqual([]);
  }

  private sign(kid: string): void {
    this.signers.add(kid);
    this.tokens.push({ at: this.now, kid });
    const inForce = this.published.filter((_, at) => (this.published[at + 1]?.at ?? Infinity) > this.now - KUBELET);
    if (inForce.some(({ kids }) => !kids.includes(kid))) throw new Error(`at ${new Date(this.now).toISOString()} a worker refuses ${kid}`);
  }
}

const event = fc.record({
  tick: fc.nat(TICKS - 1),
  replica: fc.nat(REPLICAS - 1),
  minutes: fc.integer({ min: -5, max: 5 }),
  restarts: fc.boolean(),
});
const seconds = fc.array(fc.integer({ min: 30, max: 90 }), { minLength: 5, maxLength: 20 });

async function lived(events: readonly Event[], pauses: readonly number[]): Promise<Timeline> {
  const timeline = new Timeline(events, pauses);
  await timeline.begin();
  for (let rotation = 0; rotation < 2; rotation += 1) {
    timeline.skip();
    await timeline.window();
  }
  return timeline;
}

test('whatever clocks do within five minutes, a worker that learns of keys two minutes late accepts every token', async () => {
  await fc.assert(fc.asyncProperty(fc.array(event, { maxLength: 25 }), seconds, async (events, pauses) => {
    const { signers } = await lived(events, pauses);
    expect(signers.size).toBe(3);
  }), { numRuns: 4 });
}, 120_000);

test('the clocks that differ most are no exception', async () => {
  const far = [-5, 5, -5].map((minutes, replica) => ({ tick: 0, replica, minutes, restarts: false }));
  const near = [5, -5, 5].map((minutes, replica) => ({ tick: 40, replica, minutes, restarts: true }));
  expect((await lived([...far, ...near], [90, 30, 60])).signers.size).toBe(3);
}, 60_000);
