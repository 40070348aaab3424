import { eventually } from '../../../helpers/temp-folder';
import { head } from '../world/agent';
import { CREDENTIALS, HOSTS } from '../world/catalog';
import { egressWorld } from '../world/world';

const world = egressWorld();

describe('while a discovery window is open', () => {
  beforeAll(async () => {
    world.broker.catalog({ discoveryUntil: Date.now() + 3_600_000 });
    await eventually(() => world.broker.policies().includes('p2'));
  });
  afterAll(() => world.broker.catalog());

  test('a host that nobody granted is reached, through a blind tunnel and with no credential', async () => {
    const wire = await world.one.tunnel(HOSTS.foreign);
    expect(await wire.send(head('GET / HTTP/1.1', `Host: ${HOSTS.foreign}`)).answer()).toMatchObject({ status: 200 });
    wire.socket.destroy();
    await world.untilOpen(0);
    expect(world.log.lines().filter(({ msg }) => msg === 'ended').at(-1)).toMatchObject({ outcome: 'CLOSED', mode: 'tunnel', host: HOSTS.foreign, discovery: true });
  });

  test('no surrogate is exchanged there, nor does one get there by base URL or plain http', async () => {
    const wire = await world.one.dial('baseUrl');
    const byBaseUrl = await wire.send(head(`GET /${HOSTS.foreign}/ HTTP/1.1`, 'Host: proxy', `Authorization: Bearer ${world.one.bearers.api}`)).answer();
    world.expectRefusal(byBaseUrl, 'BEARER_MISPLACED');
    const plain = await world.one.dial();
    const byHttp = await plain.send(head(`GET http://${HOSTS.foreign}/ HTTP/1.1`, 'Host: x', world.one.proxyAuthorization, `Authorization: Bearer ${world.one.bearers.api}`)).answer();
    world.expectRefusal(byHttp, 'BEARER_MISPLACED');
    expect(world.upstreams.text).not.toContain(CREDENTIALS.api);
  });

  test.each(['127.0.0.1', '169.254.169.254', 'localhost', 'broker.platform.svc.cluster.local'])('%s is refused all the same', async (host) => {
    world.expectRefusal((await world.one.connect(`${host}:443`)).answer, 'HOST_NOT_ALLOWED');
    world.expectUntouched();
  });

  test('a name that leads into the cluster is refused all the same', async () => {
    world.upstreams.addresses['inside.discovered.test'] = () => ['10.0.0.1'];
    world.expectRefusal((await world.one.connect('inside.discovered.test:443')).answer, 'ADDRESS_REFUSED');
    world.expectRefusal((await world.one.connect('inside.discovered.test:25')).answer, 'PORT_REFUSED');
  });
});
