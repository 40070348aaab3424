import { FLOWS, isRole, listenPorts, PLACES, policyPorts, portsOf, PROBE_FLOWS } from '../../src/manifests/flows';
import { Role, ROLES } from '../../src/protocol/names';
import { PORTS } from '../../src/protocol/ports';

const pairs = FLOWS.map(({ from, to }) => `${from} -> ${to}`);
const receivers = (sender: string) => FLOWS.filter(({ from, ends }) => from === sender && ends !== 'ingress').map(({ to }) => to);

const everyRow = [...FLOWS, ...PROBE_FLOWS];

test('ids are unique', () => expect(new Set(everyRow.map(({ id }) => id)).size).toBe(everyRow.length));

test('every row has ports and says why', () => {
  for (const flow of everyRow) {
    expect(portsOf(flow).length).toBeGreaterThan(0);
    expect(flow.why).toMatch(/^\w.+[^.]$/);
  }
});

test('every role and every place has a row', () => {
  const parties = new Set(everyRow.flatMap(({ from, to }) => [from, to]));
  expect([...parties].sort()).toEqual([...ROLES, ...PLACES].sort());
});

test('one end of every row is a role, since only roles get policies', () => {
  for (const flow of FLOWS) expect(isRole(flow.from) || isRole(flow.to)).toBe(true);
});

test('a row about one end only is the fence', () => {
  expect(FLOWS.filter(({ ends }) => ends !== undefined).map(({ id }) => id)).toEqual(['agent-to-egress-fence', 'session-to-egress-fence']);
});

describe('ports', () => {
  test('ports of roles are named, so that listener, probe and policy cannot differ', () => {
    for (const { to, ports } of FLOWS.filter((flow) => isRole(flow.to))) {
      expect({ to, ports: ports.every((port) => typeof port === 'string') }).toEqual({ to, ports: true });
    }
  });

  test('named ports resolve to the numbers that pods listen on', () => {
    expect(portsOf(FLOWS.find(({ id }) => id === 'agent-to-egress')!)).toEqual([
      { port: PORTS['egress-proxy'], protocol: 'TCP' },
      { port: PORTS['egress-base-url'], protocol: 'TCP' },
    ]);
  });

  test('every listening port of the platform is reached by some row', () => {
    const named = new Set(everyRow.flatMap(({ ports }) => ports).filter((port) => typeof port === 'string'));
    expect([...named].sort()).toEqual(Object.keys(PORTS).sort());
  });

  test('DNS is asked over both protocols', () => {
    for (const flow of FLOWS.filter(({ to }) => to === 'dns')) {
      expect(portsOf(flow)).toEqual([{ port: 53, protocol: 'TCP' }, { port: 53, protocol: 'UDP' }]);
    }
  });

  test('no port over no protocol is no port', () => expect(policyPorts([53], [])).toEqual([]));
});

describe('the rows of a probe', () => {
  const of = (role: Role) => PROBE_FLOWS.filter(({ from, to }) => from === role || to === role);

  test.each(ROLES.filter((role) => role !== 'probe'))('of %s: its ports both ways, and one fence for each end', (role) => {
    expect(of(role).map(({ id, ports, ends }) => ({ id, ports, ends }))).toEqual([
      { id: `probe-to-${role}`, ports: [...listenPorts(role), 'probe'], ends: undefined },
      { id: `probe-to-${role}-fence`, ports: ['probe-fence'], ends: 'egress' },
      { id: `${role}-to-probe-fence`, ports: ['probe-fence'], ends: 'ingress' },
    ]);
  });

  test('are about stand-ins only, and other rows are not', () => {
    expect(PROBE_FLOWS.every(({ standIns }) => standIns === true)).toBe(true);
    expect(FLOWS.some(({ standIns, from, to }) => standIns === true || from === 'probe' || to === 'probe')).toBe(false);
  });
});

describe('what has no row', () => {
  test('an agent opens connections to egress only', () => expect(receivers('agent')).toEqual(['egress']));
  test('a worker opens connections to egress and to its object store only', () => expect(receivers('session')).toEqual(['egress', 'object-store']));
  test('the store opens no connection', () => expect(receivers('store')).toEqual([]));
  test('nobody calls an agent', () => expect(FLOWS.filter(({ to }) => to === 'agent')).toEqual([]));
  test('agents and workers do not resolve names', () => expect(pairs).not.toEqual(expect.arrayContaining([expect.stringMatching(/(agent|session) -> dns/)])));
  test('the gateway, agents and workers do not reach the API server', () => {
    expect(FLOWS.filter(({ to }) => to === 'api-server').map(({ from }) => from).sort()).toEqual(['broker', 'controller', 'egress', 'operator', 'retention']);
  });
  test.each(['internet', 'private-destinations', 'upstream-proxy'])('only egress reaches the place %s', (place) => {
    expect(pairs.filter((pair) => pair.endsWith(`-> ${place}`))).toEqual([`egress -> ${place}`]);
  });
  test('a private destination is reached on the ports of the internet', () => {
    const ports = (place: string) => portsOf(FLOWS.find(({ to }) => to === place)!);
    expect(ports('private-destinations')).toEqual(ports('internet'));
  });
  test('agents, workers and the gateway do not reach the broker', () => {
    expect(FLOWS.filter(({ to }) => to === 'broker').map(({ from }) => from).sort()).toEqual(['broker-callers', 'controller', 'egress', 'monitoring', 'operator']);
  });
  test('nobody calls what removes old audit events, and it calls nobody but the API server', () => {
    expect(FLOWS.filter(({ to }) => to === 'retention')).toEqual([]);
    expect(receivers('retention')).toEqual(['api-server']);
  });
  test('an agent, a store and what removes old audit events have no admin port to scrape', () => {
    const scraped = FLOWS.filter(({ from }) => from === 'monitoring').map(({ to }) => to);
    expect(scraped.sort()).toEqual(ROLES.filter((role) => !['agent', 'store', 'probe', 'retention'].includes(role)).sort());
  });
  test('clients reach the gateway only', () => expect(receivers('clients')).toEqual(['gateway']));
  test('only the gateway and programs that are named reach the controller', () => {
    expect(FLOWS.filter(({ to, ports }) => to === 'controller' && ports.includes('controller-api')).map(({ from }) => from)).toEqual(['gateway', 'controller-callers']);
    expect(receivers('controller-callers')).toEqual(['controller']);
  });
  test('no store is reached by anybody but controller and gateway, which alone reach an existing one', () => {
    for (const store of ['store', 'session-store']) {
      expect(FLOWS.filter(({ to }) => to === store).map(({ from }) => from).sort()).toEqual(['controller', 'gateway']);
    }
  });
});
