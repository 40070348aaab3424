import { head } from '../world/agent';
import { HOSTS } from '../world/catalog';
import type { WireAnswer } from '../world/wire';
import { egressWorld } from '../world/world';

const world = egressWorld({ CONNECTIONS_PER_RUN: '4', REQUESTS_PER_SECOND: '10' });
const AUTHORITY = `${HOSTS.files}:443`;

/** The pace of a run fills up again in two seconds. */
beforeEach(() => new Promise((resolve) => setTimeout(resolve, 2_100)));

test('a run with all its connections open gets no other one; another run does, and so does it when one is closed', async () => {
  const open = await Promise.all([1, 2, 3, 4].map(() => world.one.connect(AUTHORITY)));
  expect(open.map(({ answer }) => answer.status)).toEqual([200, 200, 200, 200]);
  world.expectRefusal((await world.one.connect(AUTHORITY)).answer, 'TOO_MANY_CONNECTIONS');
  expect(world.upstreams.dialled).toHaveLength(4);
  expect((await world.two.connect(AUTHORITY)).answer.status).toBe(200);
  open[0].wire.socket.destroy();
  await world.untilOpen(4);
  expect((await world.one.connect(AUTHORITY)).answer.status).toBe(200);
});

test('who is not allowed there uses up nothing of it', async () => {
  for (let count = 0; count < 30; count += 1) world.expectRefusal((await world.one.connect(`${HOSTS.foreign}:443`)).answer, 'HOST_NOT_ALLOWED');
  expect((await world.one.connect(AUTHORITY)).answer.status).toBe(200);
});

test('somebody with the token, but elsewhere, uses up nothing of it', async () => {
  const fields = [world.one.proxyAuthorization];
  for (let count = 0; count < 30; count += 1) world.expectRefusal((await world.two.connect(AUTHORITY, { fields })).answer, 'TOKEN_REFUSED');
  expect((await world.one.connect(AUTHORITY)).answer.status).toBe(200);
});

test('a run that begins too much in a second is told when to come again; another run is not', async () => {
  const wire = await world.one.tunnel(HOSTS.api);
  const request = head('GET / HTTP/1.1', `Host: ${HOSTS.api}`, `Authorization: Bearer ${world.one.bearers.api}`);
  // However slow this goes, as long as it is faster than its pace.
  let paced: WireAnswer = await wire.send(request).answer();
  while (paced.status === 200) paced = await wire.send(request).answer();
  world.expectRefusal(paced, 'TOO_MANY_REQUESTS');
  expect(Number(paced.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  expect((await world.two.connect(AUTHORITY)).answer.status).toBe(200);
});
