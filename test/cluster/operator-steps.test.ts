import { eventually } from './api-server';
import { LeaseBook } from './lease-book';
import { admin, clear, condition, deploy, get, isTerminal, OpenOperator, openHere, operatorClient, PODS, submit, TEAM } from './operator-world';
import { PretendKubelet } from './pretend-kubelet';
import { RUN_FINALIZER } from '../../src/protocol/runs';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** Seconds in which the garbage collector comes, which asks the API server slowly, and after other tests has much to do. */
const COLLECTED = 120;

let kubelet: PretendKubelet;

beforeAll(async () => {
  deploy();
  kubelet = new PretendKubelet(admin, TEAM, (pod) => pod.metadata.name.startsWith('endless') ? 'never' : 0);
});

afterAll(async () => {
  await clear();
  await kubelet.close();
  admin.close();
});

/** Dies right after so many calls that change something: nothing is done any more, and nobody hears of what was. */
class Mortal {
  private done = 0;
  public died = false;

  constructor(private readonly calls: number) {}

  public async guard<T>(call: () => Promise<T>): Promise<T> {
    if (this.died) throw new Error('dead');
    this.done += 1;
    if (this.done < this.calls) return call();
    this.died = true;
    await call().catch(() => undefined);
    throw new Error('dead');
  }

  /** Calls of these names count. */
  public of<T extends object>(target: T, names: readonly string[]): T {
    return new Proxy(target, {
      get: (one: any, name) => {
        const value = one[name];
        if (typeof value !== 'function') return value;
        return names.includes(name as string) ? (...given: any[]) => this.guard(() => value.apply(one, given)) : value.bind(one);
      },
    });
  }
}

const CHANGING = ['apply', 'create', 'replace', 'jsonPatch', 'mergePatch', 'update', 'delete'];
const ASKING = ['issue', 'issueEgress', 'renew', 'revoke'];

/** An operator that dies after so many calls of API server and broker. */
function openMortal(calls: number, book: LeaseBook): { readonly mortal: Mortal; readonly operator: OpenOperator } {
  const mortal = new Mortal(calls);
  return { mortal, operator: openHere({ client: mortal.of(operatorClient(), CHANGING), broker: mortal.of(book, ASKING) }) };
}

/** What holds when everything is over, whatever has happened on the way. */
async function expectCleanEnd(name: string, book: LeaseBook): Promise<void> {
  const run = await eventually(() => get(name), (one) => isTerminal(one) && one.metadata.finalizers === undefined);
  expect([name, run.status.phase, run.status.agentPhase]).toEqual([name, 'Succeeded', 'stopped']);
  expect(condition(run, 'Completed')).toMatchObject({ status: 'True', reason: 'Succeeded' });
  const { body } = await admin.call('GET', `${PODS}?labelSelector=paddock.dev%2Frun%3D${name}`);
  expect((body.items as any[]).map(({ metadata }) => metadata.name)).toEqual([`${name}-0`]);
  expect(book.live(name)).toEqual([]);
  expect(run.status.issuedLeases.map(({ leaseID }: any) => leaseID).sort()).toEqual([...book.issued.keys()].filter((id) => id.includes(name)).sort());
}

test('a run ends well whichever call the operator dies after, with one pod and no lease that is still good', async () => {
  let steps = 0;
  for (let calls = 1; calls <= 60; calls += 1) {
    const name = `steps-${calls}`;
    const book = new LeaseBook();
    const { mortal, operator: first } = openMortal(calls, book);
    await submit(name);
    await eventually(async () => mortal.died || isTerminal(await get(name)) && (await get(name)).metadata.finalizers === undefined, Boolean);
    await first.close();
    if (!mortal.died) break;
    steps = calls;
    const second = openHere({ broker: book });
    await expectCleanEnd(name, book);
    await second.close();
  }
  expect(steps).toBeGreaterThan(10);
}, 900_000);

test('a run that is deleted goes whichever call the operator dies after, and takes everything of it along', async () => {
  let steps = 0;
  for (let calls = 1; calls <= 20; calls += 1) {
    const name = `endless-${calls}`;
    const book = new LeaseBook();
    const before = openHere({ broker: book });
    await submit(name);
    await eventually(() => get(name), (run) => run?.status?.agentPhase === 'running');
    await before.close();
    await admin.call('DELETE', `/apis/paddock.dev/v1alpha1/namespaces/${TEAM}/harnessruns/${name}`);
    expect((await get(name)).metadata.finalizers).toEqual([RUN_FINALIZER]);
    const { mortal, operator: first } = openMortal(calls, book);
    await eventually(async () => mortal.died || await get(name) === undefined, Boolean);
    await first.close();
    if (!mortal.died) break;
    steps = calls;
    const second = openHere({ broker: book });
    await eventually(() => get(name), (run) => run === undefined);
    expect(book.live(name)).toEqual([]);
    for (const path of [PODS, `/api/v1/namespaces/${TEAM}/secrets`, `/apis/networking.k8s.io/v1/namespaces/${TEAM}/networkpolicies`, `/apis/paddock.dev/v1alpha1/namespaces/${TEAM}/workspaces`]) {
      await eventually(async () => (await admin.call('GET', path)).body.items as any[], (items) => !items.some(({ metadata }) => metadata.name.startsWith(`${name}-`)), COLLECTED);
    }
    await second.close();
  }
  expect(steps).toBeGreaterThan(2);
}, 900_000);
