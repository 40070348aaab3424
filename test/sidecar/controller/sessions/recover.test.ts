import { createPrivateKey } from 'node:crypto';
import { openSecret } from '../../../../sidecar/src/crypto/envelope';
import { thumbprintOf } from '../../../../sidecar/src/crypto/p256';
import { OTHER_KEY, requestToken } from '../../session/build-session';
import { HURRIED } from '../handshake-world';
import { ALICE, BOB, controllerOver, DIRECT } from '../world';

async function withSession(more: object = {}) {
  const one = controllerOver({ workers: 2 });
  const { body } = await one.create(more);
  const id = body.sessionId as string;
  return { one, id, worker: one.provider.busy()[0], recover: (headers = ALICE) => one.send('POST', `/v1/sessions/${id}/recover`, undefined, headers) };
}

test('a restarted worker serves its session again, with the same key and environment', async () => {
  const { one, id, worker, recover } = await withSession({ env: { A: '1' } });
  const before = worker.daemon.identity.session!;
  one.provider.restart(worker);
  expect(worker.daemon.identity.session).toBeUndefined();
  expect(await recover()).toMatchObject({ status: 200, body: { sessionId: id, status: 'ready' } });
  expect(worker.daemon.identity.session).toMatchObject({ id, thumbprint: before.thumbprint, environment: { A: '1' } });
});

test('all who ask at once wait for one recovery', async () => {
  const { one, worker, recover } = await withSession();
  one.provider.restart(worker);
  one.faults.arm(undefined);
  const answers = await Promise.all([recover(), recover(), recover()]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(one.faults.calls.filter((call) => call === 'provider.locate')).toHaveLength(1);
});

test('a worker that has moved is where its record says', async () => {
  const { one, id, worker, recover } = await withSession();
  one.provider.restart(worker);
  Object.assign(worker.worker, { podIP: '10.9.9.9' });
  expect((await recover()).body.entryPoints[0].endpoint).toBe('10.9.9.9:8080');
  expect((await one.store.get(id))!.record.worker!.podIP).toBe('10.9.9.9');
});

test('a session whose worker is gone is over', async () => {
  const { one, id, recover } = await withSession();
  one.provider.workers.length = 0;
  expect(await recover()).toMatchObject({ status: 404, body: { code: 'SESSION_NOT_FOUND' } });
  expect(await one.store.get(id)).toBeUndefined();
});

test('a session whose worker serves another is over, and the worker with it', async () => {
  const { one, id, worker, recover } = await withSession();
  one.provider.restart(worker);
  worker.daemon.identity.pin({ id: 'other', key: { key: OTHER_KEY.publicKey } as never, thumbprint: thumbprintOf(OTHER_KEY.publicKey), environment: {} });
  expect((await recover()).status).toBe(404);
  expect([await one.store.get(id), one.provider.of(id)]).toEqual([undefined, []]);
});

describe('nothing is recovered', () => {
  test('for whoever is not the gateway', async () => {
    const { recover } = await withSession();
    expect(await recover(DIRECT)).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
  });

  test('for another owner, whose question starts nothing', async () => {
    const { one, recover } = await withSession();
    one.faults.arm(undefined);
    expect((await recover(BOB)).status).toBe(404);
    expect(one.faults.calls).toEqual(['store.get']);
  });

  test('while the worker does not answer, which is no end', async () => {
    const { one, id, worker, recover } = await withSession();
    worker.daemon = { ...worker.daemon, ask: () => Promise.reject(new Error('refused')) };
    Object.assign(one.deps, { handshakeTimes: HURRIED });
    expect(await recover()).toMatchObject({ status: 503, body: { code: 'SESSION_NOT_READY' }, headers: { 'retry-after': '1' } });
    expect((await one.store.get(id))!.record.phase).toBe('ready');
  });

  test('while nobody can tell where the worker is', async () => {
    const { one, recover } = await withSession();
    one.faults.failAlways('provider.locate');
    expect(await recover()).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
  });

  test('when the search for the worker takes too long, and the next may ask again', async () => {
    const { one, worker, recover } = await withSession();
    const { locate } = one.provider;
    one.provider.locate = () => new Promise(() => undefined);
    const asked = recover();
    while (one.timers.size === 0) await new Promise((resolve) => setImmediate(resolve));
    one.fire();
    expect(await asked).toMatchObject({ status: 503, body: { code: 'SESSION_NOT_READY' } });
    one.provider.locate = locate;
    one.provider.restart(worker);
    expect((await recover()).status).toBe(200);
  });

  test('when its key cannot be opened', async () => {
    const { one, id, recover } = await withSession();
    const { record, version } = (await one.store.get(id))!;
    await one.store.put({ ...record, sealedKey: 'v1.0123456789abcdef.bm9uY2Vub25jZQ.x' }, version);
    expect(await recover()).toMatchObject({ status: 503, body: { code: 'SESSION_PRIVATE_KEY_NOT_FOUND' } });
  });
});

test('a key of the store signs what the worker takes', async () => {
  const { one, id, worker } = await withSession();
  const { record } = (await one.store.get(id))!;
  const opened = await openSecret(one.deps.keys.sealing, record.sealedKey, record, 'key');
  const token = requestToken({ session_id: id }, createPrivateKey((opened as { text: string }).text));
  expect((await worker.daemon.execute(`Bearer ${token}`)).status).toBe(200);
});
