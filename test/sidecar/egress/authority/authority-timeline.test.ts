import fc from 'fast-check';
import * as maker from '../../../../sidecar/src/crypto/self-made-certificate';
import { Authorities, LEAF_LIFETIME, openAuthorities } from '../../../../sidecar/src/egress/authority/authorities';
import { OwnedSecret, SecretContent } from '../../../../sidecar/src/kube/owned-secret';
import { LONGEST_SESSION } from '../../../../src/protocol/session-record';
import { KubeObjects, unavailable } from '../../controller/keys/kube-objects';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Age of what a program reads at its start: the kubelet, and an API server that was away. */
const LATE = 12 * HOUR;
const REPLICAS = 3;
/** Long enough for three CAs to sign, each after the other. */
const SPAN = 250 * DAY;

/** One step: time passes, a replica looks, and maybe its clock is set off or it starts anew, or the API server is away. */
interface Step {
  readonly hours: number;
  readonly replica: number;
  readonly minutes: number;
  readonly event: 'looks' | 'restarts' | 'is cut off';
}

interface Replica {
  offset: number;
  authorities: Authorities<SecretContent>;
}

/** Replicas with clocks of their own, and programs of agents that read the bundle once. */
class Timeline {
  now = Date.UTC(2026, 0, 1);
  readonly signers = new Set<string>();
  mostPublished = 0;
  private readonly kube = new KubeObjects().add('secrets', 'agents', 'egress-ca');
  private readonly replicas: Replica[] = [];
  private published: readonly { readonly at: number; readonly kids: readonly string[] }[] = [];
  /** What was signed last by each CA is valid until then. */
  private readonly signedUntil = new Map<string, number>();

  async begin(): Promise<void> {
    for (let index = 0; index < REPLICAS; index += 1) this.replicas.push(await this.opened(0));
    await this.look(this.replicas[0]);
  }

  async take({ hours, replica, minutes, event }: Step): Promise<void> {
    this.now += hours * HOUR;
    const one = this.replicas[replica];
    one.offset = minutes * 60_000;
    if (event === 'restarts') this.replicas[replica] = await this.opened(one.offset);
    if (event !== 'is cut off') await this.look(this.replicas[replica]);
    else await this.cutOff(one);
    this.replicas.forEach(({ authorities }) => this.sign(authorities.current().kid));
  }

  private async opened(offset: number): Promise<Replica> {
    const place: Partial<Replica> = { offset };
    const secret = new OwnedSecret(this.kube, 'agents', 'egress-ca', 'x');
    const authorities = await openAuthorities(async () => maker, { place: 'Secret', secret, clock: () => this.now + place.offset! });
    return Object.assign(place, { authorities }) as Replica;
  }

  private async cutOff({ authorities }: Replica): Promise<void> {
    this.kube.fault = unavailable;
    await expect(authorities.refresh()).rejects.toMatchObject({ code: 'Unavailable' });
    this.kube.fault = () => undefined;
  }

  private async look({ authorities }: Replica): Promise<void> {
    const kids = (await authorities.refresh()).map(({ kid }) => kid);
    if (this.published.at(-1)?.kids.join() === kids.join()) return;
    this.published = [...this.published, { at: this.now, kids }];
    this.mostPublished = Math.max(this.mostPublished, kids.length);
    // A program that starts now trusts all that is still valid.
    const lost = [...this.signedUntil].filter(([kid, until]) => until > this.now && !kids.includes(kid));
    if (lost.length > 0) throw new Error(`at ${new Date(this.now).toISOString()} the bundle lost a CA whose certificates are in use`);
  }

  private sign(kid: string): void {
    this.signers.add(kid);
    this.signedUntil.set(kid, this.now + LEAF_LIFETIME);
    // Programs that started up to thirty days ago, each with what was published some hours before.
    const oldest = this.now - LONGEST_SESSION - LATE;
    const inUse = this.published.filter((_, index) => (this.published[index + 1]?.at ?? Infinity) > oldest);
    if (inUse.some(({ kids }) => !kids.includes(kid))) throw new Error(`at ${new Date(this.now).toISOString()} a program refuses ${kid}`);
  }
}

const step: fc.Arbitrary<Step> = fc.record({
  hours: fc.integer({ min: 6, max: 72 }),
  replica: fc.nat(REPLICAS - 1),
  minutes: fc.integer({ min: -20, max: 20 }),
  event: fc.oneof({ weight: 4, arbitrary: fc.constant('looks' as const) }, { weight: 1, arbitrary: fc.constantFrom('restarts' as const, 'is cut off' as const) }),
});

async function lived(steps: readonly Step[]): Promise<Timeline> {
  const timeline = new Timeline();
  await timeline.begin();
  const end = timeline.now + SPAN;
  for (let index = 0; timeline.now < end; index += 1) await timeline.take(steps[index % steps.length]);
  return timeline;
}

test('whatever replicas and clocks do, a program trusts what it is shown for as long as a session lives', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
    // Someone looks each day or so, whoever else is cut off.
    const daily = steps.flatMap((one) => [one, { hours: 2, replica: (one.replica + 1) % REPLICAS, minutes: -one.minutes, event: 'looks' as const }]);
    const { signers, mostPublished } = await lived(daily);
    expect(signers.size).toBe(3);
    expect(mostPublished).toBe(2);
  }), { numRuns: 2, endOnFailure: true });
}, 60_000);

test('clocks that differ by an hour are no exception', async () => {
  const steps = [60, -60, 0].map((minutes, replica) => ({ hours: 20, replica, minutes: minutes / 2, event: 'looks' as const }));
  expect((await lived(steps)).signers.size).toBe(3);
}, 60_000);
