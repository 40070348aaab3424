import { head } from '../world/agent';
import { HOSTS } from '../world/catalog';
import { PUBLIC_ADDRESS } from '../world/upstreams';
import { egressWorld } from '../world/world';

const world = egressWorld();
let count = 0;

/** A granted host that was never asked for before, so that no answer about it is remembered. */
function freshHost(): string {
  count += 1;
  return `fresh-${count}.wild.example.test`;
}

const INSIDE = [
  '127.0.0.1', '10.1.2.3', '172.16.0.1', '192.168.0.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '198.18.0.1', '240.0.0.1', '224.0.0.1', '255.255.255.255',
  '::1', '::', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '64:ff9b::a00:1', '2002:a00:1::', 'fe80::1', 'fd00::1', 'fd00:ec2::254', 'ff02::1', '2001:db8::1',
];

test.each(INSIDE)('a name that leads to %s is refused', async (address) => {
  const host = freshHost();
  world.upstreams.addresses[host] = () => [address];
  world.expectRefusal((await world.one.connect(`${host}:443`)).answer, 'ADDRESS_REFUSED');
  expect(world.upstreams.dialled).toEqual([]);
});

test.each([[['93.184.216.34', '10.0.0.1']], [['10.0.0.1', '93.184.216.34']], [['2606:2800:220:1::1', '::1']]])('one bad address refuses the whole answer: %j', async (addresses) => {
  const host = freshHost();
  world.upstreams.addresses[host] = () => addresses;
  world.expectRefusal((await world.one.connect(`${host}:443`)).answer, 'ADDRESS_REFUSED');
  expect(world.upstreams.dialled).toEqual([]);
});

test('what was checked is what is dialled, however often DNS changes its mind', async () => {
  const host = freshHost();
  let turn = 0;
  world.upstreams.addresses[host] = () => [(turn += 1) % 2 === 1 ? PUBLIC_ADDRESS : '127.0.0.1'];
  const answers = (await Promise.all(Array.from({ length: 8 }, () => world.one.connect(`${host}:443`)))).map(({ answer }) => answer);
  // An answer of DNS counts for a second: who is held up for longer between the check and the dial has the next one, and is refused.
  const open = answers.filter(({ status }) => status === 200);
  answers.filter(({ status }) => status !== 200).forEach((answer) => world.expectRefusal(answer, 'ADDRESS_REFUSED'));
  expect(world.upstreams.dialled.map(({ addresses }) => addresses)).toEqual(open.map(() => [PUBLIC_ADDRESS]));
});

test('a kept connection that is dialled anew is checked anew', async () => {
  const host = HOSTS.api;
  world.upstreams.answer = (_request, response) => response.writeHead(200, { connection: 'close' }).end('first');
  const wire = await world.one.tunnel(host);
  const request = head('GET / HTTP/1.1', `Host: ${host}`, `Authorization: Bearer ${world.one.bearers.api}`);
  expect(await wire.send(request).answer()).toMatchObject({ status: 200, body: 'first' });
  world.upstreams.addresses[host] = () => ['10.0.0.1'];
  // The answer of DNS said that it is good for no time; the resolver lets it count for a second.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  world.expectRefusal(await wire.send(request).answer(), 'ADDRESS_REFUSED');
  expect(world.upstreams.dialled).toHaveLength(1);
  await new Promise((resolve) => setTimeout(resolve, 2_100));
});

test('a name without addresses has none, and one that DNS does not answer for neither', async () => {
  const [none, failing] = [freshHost(), freshHost()];
  world.upstreams.addresses = { [none]: () => [], [failing]: () => { throw new Error('SERVFAIL'); } };
  for (const host of [none, failing]) world.expectRefusal((await world.one.connect(`${host}:443`)).answer, 'NAME_UNRESOLVED');
  expect(world.upstreams.dialled).toEqual([]);
});

test('no answer about an address tells which one it is', async () => {
  const host = freshHost();
  world.upstreams.addresses[host] = () => ['10.11.12.13'];
  expect((await world.one.connect(`${host}:443`)).answer.body).not.toContain('10.11.12.13');
});
