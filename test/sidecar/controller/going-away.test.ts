import { request } from 'node:http';
import { ALICE, controllerOver, TestController } from './world';
import type { Claim, ClaimedWorker } from '../../../sidecar/src/controller/worker-provider';
import { eventually } from '../../helpers/temp-folder';
import { listening } from '../server/frame';

/** A claim that is under way until it is told to go on; as the workers do, it ends with its signal when that is asked for. */
function heldClaim(one: TestController, { obeys = false } = {}) {
  let go = (): void => undefined;
  one.provider.nextClaim = (claim: Claim) => new Promise<ClaimedWorker>((resolve, reject) => {
    if (obeys) claim.signal.addEventListener('abort', () => reject(new Error('aborted')));
    go = () => void one.provider.claim({ namespace: 'team-a', name: 'python', maxSessionSeconds: 3600, idleSeconds: 900 }, claim).then(resolve, reject);
  });
  return { go: () => go() };
}

async function abandoned(one: TestController, headers: object = {}) {
  const port = await listening(one.app);
  const body = JSON.stringify({ namespace: 'team-a', name: 'python' });
  const sent = request({ port, method: 'POST', path: '/v1/code-interpreter', headers: { ...ALICE, 'content-type': 'application/json', ...headers } });
  sent.on('error', () => undefined);
  sent.end(body);
  await eventually(() => one.provider.claims.length === 1);
  sent.destroy();
  await eventually(() => one.provider.claims[0].signal.aborted);
}

test.each([[true], [false]])('a client that goes away while its worker is claimed leaves nothing (the claim obeys: %p)', async (obeys) => {
  const one = controllerOver();
  const held = heldClaim(one, { obeys });
  await abandoned(one);
  if (!obeys) held.go();
  await eventually(() => one.provider.releases > 0);
  await one.settled();
  expect([await one.records(), one.provider.busy()]).toEqual([[], []]);
  await one.app.close();
});

test('a claim for which nobody can wait any longer is refused in time, and what it brings later is released', async () => {
  const one = controllerOver();
  const held = heldClaim(one);
  const created = one.create();
  while (one.provider.claims.length === 0) await new Promise((resolve) => setImmediate(resolve));
  one.fire();
  expect(await created).toMatchObject({ status: 504, body: { code: 'CREATION_TIMEOUT' } });
  held.go();
  await eventually(() => one.provider.releases >= 2);
  await one.settled();
  expect([await one.records(), one.provider.busy()]).toEqual([[], []]);
});

test('the wait for a worker is as long as it is set, and what ends it is an empty pool', async () => {
  const waits: number[] = [];
  const one = controllerOver({
    claimMilliseconds: 7000,
    after: (ms, run) => {
      waits.push(ms);
      if (ms === 7000) setImmediate(run);
      return () => undefined;
    },
  });
  heldClaim(one, { obeys: true });
  expect(await one.create()).toMatchObject({ status: 503, body: { code: 'POOL_EMPTY' } });
  expect(waits).toContain(7000);
});

test('closing waits for what is being taken back', async () => {
  const one = controllerOver({ workers: 0 });
  const { release } = one.provider;
  let releasing: (() => void) | undefined;
  one.provider.release = (...args) => new Promise((resolve) => { releasing = () => resolve(release.apply(one.provider, args)); });
  await one.create();
  await eventually(() => releasing !== undefined);
  let closed = false;
  const closing = one.app.close().then(() => { closed = true; });
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(closed).toBe(false);
  releasing!();
  await closing;
  expect(await one.records()).toEqual([]);
});
