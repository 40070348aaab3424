import { SessionLookup } from '../../../../sidecar/src/gateway/invocations/session-lookup';
import type { Kept } from '../../../../sidecar/src/store/store';
import { StoreError } from '../../../../sidecar/src/store/store-error';
import { recordOf, T0 } from '../../store/records';

const kept = (id: string): Kept => ({ record: recordOf(id), version: 1, lastActivity: T0 });

function lookup(get: (id: string) => Promise<Kept | undefined>) {
  const world = { now: T0 };
  const asked = jest.fn(get);
  return { world, asked, sessions: new SessionLookup({ store: { get: asked }, clock: () => world.now }) };
}

test('a record is read once a second', async () => {
  const { world, asked, sessions } = lookup(async (id) => kept(id));
  await Promise.all([sessions.find('s-1'), sessions.find('s-1')]);
  world.now += 999;
  await sessions.find('s-1');
  expect(asked).toHaveBeenCalledTimes(1);
  world.now += 1;
  await sessions.find('s-1');
  expect(asked).toHaveBeenCalledTimes(2);
});

test('nobody remembers that a session is not there', async () => {
  const { asked, sessions } = lookup(async () => undefined);
  expect(await sessions.find('s-1')).toBeUndefined();
  expect(await sessions.find('s-1')).toBeUndefined();
  expect(asked).toHaveBeenCalledTimes(2);
});

test('what was read before a session was forgotten is not believed', async () => {
  const answers: ((found: Kept | undefined) => void)[] = [];
  const { sessions } = lookup(() => new Promise((resolve) => { answers.push(resolve); }));
  const early = sessions.find('s-1');
  sessions.forget('s-1');
  answers[0](kept('s-1'));
  await early;
  const late = sessions.find('s-1');
  expect(answers).toHaveLength(2);
  answers[1](undefined);
  expect(await late).toBeUndefined();
});

test('a fresh look asks again, and is what others see', async () => {
  const { asked, sessions } = lookup(async (id) => kept(id));
  await sessions.find('s-1');
  await sessions.fresh('s-1');
  await sessions.find('s-1');
  expect(asked).toHaveBeenCalledTimes(2);
});

test('a failure is told without what the store says, and not remembered', async () => {
  let broken = true;
  const { sessions } = lookup(async (id) => { if (broken) throw new StoreError('Unavailable', 'redis://secret'); return kept(id); });
  await expect(sessions.find('s-1')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', message: 'sessions cannot be read now' });
  broken = false;
  expect(await sessions.find('s-1')).toMatchObject({ id: 's-1' });
});

test('a record that nobody understands is no session', async () => {
  const { sessions } = lookup(async () => { throw new StoreError('Poison', 'x'); });
  expect(await sessions.find('s-1')).toBeUndefined();
});
