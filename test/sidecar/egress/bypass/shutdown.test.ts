import { tempFolder } from '../../../helpers/temp-folder';
import { head } from '../world/agent';
import { HOSTS } from '../world/catalog';
import { EgressWorld } from '../world/world';

const world = new EgressWorld();
const folder = tempFolder();

beforeAll(() => world.open(folder, {}), 60_000);
afterAll(() => world.close());

test('a proxy that stops lets an answer end, closes tunnels, takes nobody new, and is gone soon', async () => {
  let finish = (): void => undefined;
  const idle = await world.one.tunnel(HOSTS.hub);
  const request = (host: string) => head('GET / HTTP/1.1', `Host: ${host}`);
  expect((await idle.send(request(HOSTS.hub)).answer()).status).toBe(200);
  world.upstreams.answer = (_request, response) => {
    response.writeHead(200, { 'content-length': 10 }).write('first');
    finish = () => void response.end('.last');
  };
  const blind = await world.one.tunnel(HOSTS.files);
  const { wire: silent } = await world.one.connect(`${HOSTS.files}:443`);
  const busy = await world.one.tunnel(HOSTS.api);
  busy.send(request(HOSTS.api));
  await busy.until(() => busy.received.includes('first'));

  const stopped = world.stop();
  await Promise.all([blind, idle, silent].map((wire) => wire.until(() => wire.isClosed)));
  expect(busy.isClosed).toBe(false);
  await expect(world.one.connect(`${HOSTS.files}:443`)).rejects.toThrow(/ECONNREFUSED|ECONNRESET|ended/);
  finish();
  expect(await busy.answer()).toMatchObject({ status: 200, body: 'first.last' });
  await stopped;
  expect(world.log.lines().map(({ outcome }) => outcome)).toEqual(expect.arrayContaining(['SHUTDOWN', 'ANSWERED']));
}, 30_000);
