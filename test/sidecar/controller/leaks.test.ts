import { ALICE, Answer, controllerOver, TestController } from './world';

const MINUTES = 60_000;
const KEYED = { ...ALICE, 'idempotency-key': 'key-1' };

/** What is there: ids of records, and of sessions that have a worker. */
async function left(one: TestController) {
  return { records: (await one.records()).map(({ record: { id } }) => id), workers: one.provider.busy().map(({ sessionId }) => sessionId) };
}

/** Time goes by and the reaper comes, with every part in order again. */
async function later(one: TestController, minutes: number): Promise<void> {
  one.faults.arm(undefined);
  await one.settled();
  one.world.now += minutes * MINUTES;
  await one.tick();
  await one.tick();
}

const NOTHING = { records: [], workers: [] };

/** Every place at which the work can fail: each call to store, workers and broker, undone or done with a lost answer. */
async function eachFault(
  work: (one: TestController) => Promise<unknown>, check: (one: TestController, fault: string) => Promise<void>,
  prepare = async (_one: TestController): Promise<void> => {},
) {
  let calls = 1;
  for (let at = 0; at < calls; at += 1) {
    for (const when of ['before', 'after'] as const) {
      const one = controllerOver({ workers: 3 });
      await prepare(one);
      one.faults.arm({ at, when });
      await work(one);
      calls = Math.max(calls, one.faults.calls.length);
      await check(one, `${when} call ${at}, ${one.faults.calls[at]}`);
      await one.app.close();
    }
  }
  return calls;
}

describe('wherever a creation fails', () => {
  test.each([['with a key', KEYED], ['without one', ALICE]])('nothing but an answered session is left, %s', async (_name, headers) => {
    let answer: Answer;
    const calls = await eachFault(async (one) => {
      answer = await one.create({ name: 'online', env: { A: '1' } }, headers);
    }, async (one, fault) => {
      await later(one, 6);
      const id = answer.body.sessionId;
      const expected = answer.status === 200 ? { records: [id], workers: [id] } : NOTHING;
      expect([fault, answer.status, await left(one)]).toEqual([fault, answer.status, expected]);
      if (answer.status !== 200) expect(one.broker.revoked.length).toBeGreaterThanOrEqual(one.broker.issued.length);
      await later(one, 8 * 60);
      expect([fault, await left(one)]).toEqual([fault, NOTHING]);
    });
    expect(calls).toBeGreaterThanOrEqual(4);
  }, 60_000);

  test('a lost answer of the store makes no second worker, and the session is the client\'s', async () => {
    for (const at of [0, 3]) {
      const one = controllerOver({ workers: 3 });
      one.faults.arm({ at, when: 'after' });
      const { status, body } = await one.create({ name: 'online' }, KEYED);
      expect([at, status, await left(one)]).toEqual([at, 200, { records: [body.sessionId], workers: [body.sessionId] }]);
    }
  });

  test('a repeated request gets a session of its own, and only one', async () => {
    await eachFault(async (one) => {
      await one.create({ name: 'online' }, KEYED);
      await one.settled();
      one.faults.arm(undefined);
      expect((await one.create({ name: 'online' }, KEYED)).status).toBe(200);
      const { workers } = await left(one);
      expect(workers).toHaveLength(1);
    }, async () => undefined);
  }, 60_000);
});

test('wherever a deletion fails, the reaper finishes it', async () => {
  let id = '';
  await eachFault((one) => one.send('DELETE', `/v1/sessions/${id}`), async (one, fault) => {
    await later(one, 1);
    const found = await one.send('DELETE', `/v1/sessions/${id}`);
    expect([fault, [200, 404].includes(found.status), await left(one)]).toEqual([fault, true, NOTHING]);
    expect(one.broker.revoked).not.toEqual([]);
  }, async (one) => {
    id = (await one.create({ name: 'online' })).body.sessionId;
  });
}, 60_000);

test('wherever a recovery fails, the session is as it was or gone with its worker', async () => {
  let id = '';
  const prepare = async (one: TestController): Promise<void> => {
    id = (await one.create()).body.sessionId;
    one.provider.restart(one.provider.busy()[0]);
    Object.assign(one.provider.busy()[0].worker, { podIP: '10.8.8.8' });
  };
  await eachFault((one) => one.send('POST', `/v1/sessions/${id}/recover`), async (one, fault) => {
    one.faults.arm(undefined);
    expect([fault, (await one.send('POST', `/v1/sessions/${id}/recover`)).status, await left(one)]).toEqual([fault, 200, { records: [id], workers: [id] }]);
  }, prepare);
  await eachFault((one) => one.send('POST', `/v1/sessions/${id}/recover`), async (one, fault) => {
    await later(one, 60);
    expect([fault, await left(one)]).toEqual([fault, NOTHING]);
  }, async (one) => {
    await prepare(one);
    one.provider.workers.length = 0;
  });
}, 60_000);

test('wherever a tick fails, the next ones do what it did not', async () => {
  await eachFault((one) => one.tick(), async (one, fault) => {
    await later(one, 0);
    expect([fault, await left(one)]).toEqual([fault, NOTHING]);
  }, async (one) => {
    await one.create({ name: 'online' });
    await one.create();
    one.world.now += 3 * 60 * MINUTES;
  });
}, 60_000);

test('while store and workers are away, taking back ends by itself and the reaper does the rest', async () => {
  const one = controllerOver();
  one.faults.failAlways('store.get', 'provider.release');
  one.provider.nextClaim = () => Promise.reject(new Error('a defect'));
  expect((await one.create()).status).toBe(500);
  await one.settled();
  expect((await left(one)).records).toHaveLength(1);
  expect(one.output.join('')).toContain('could not be taken back');
  one.faults.failAlways();
  await later(one, 6);
  expect(await left(one)).toEqual(NOTHING);
});

test('a process that is killed between claim and record leaves nothing after the reaper of another', async () => {
  const one = controllerOver();
  const { body } = await one.create();
  await one.store.remove(body.sessionId);
  await later(one, 4);
  expect((await left(one)).workers).toEqual([body.sessionId]);
  await later(one, 2);
  expect(await left(one)).toEqual(NOTHING);
});
