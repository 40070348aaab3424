import { patientTime, result, steppingTime } from './world';
import { ControlDeps, runControl } from '../../../sidecar/src/probe/control';
import type { Dial } from '../../../sidecar/src/probe/dial';
import type { Answer } from '../../../sidecar/src/probe/listeners';
import { runSubject } from '../../../sidecar/src/probe/subject';
import { PORTS } from '../../../src/protocol/ports';
import type { ProbeConfig, ProbeResult, ProbeSubject } from '../../../src/protocol/probe';

/** A network in memory: what listens at an address and port answers. */
class Network {
  private readonly listeners = new Map<string, Answer>();
  readonly heard: string[] = [];

  readonly listenAt = (address: string) => async (ports: readonly number[], answer: Answer) => {
    for (const port of ports) this.listeners.set(`${address}:${port}`, answer);
    return { close: () => ports.forEach((port) => this.listeners.delete(`${address}:${port}`)) };
  };

  readonly dialFrom = (address: string): Dial => async ({ at, port }, request) => {
    const answer = this.listeners.get(`${at}:${port}`);
    if (request!.say !== 'hello') this.heard.push(`${request!.say} ${at}`);
    if (answer === undefined) return { open: false, because: 'ECONNREFUSED' };
    const reply = answer(request!, { address, port });
    return { open: true, because: `${reply.as} answers`, reply };
  };
}

const subject = (title: string, address: string): ProbeSubject => ({ title, address, ports: [8443, PORTS.probe] });
const [broker, worker] = [subject('broker in system', '10.96.0.200'), subject('session python in team-a', '10.96.0.201')];
const configOf = ({ title, ports }: ProbeSubject): ProbeConfig => ({ self: title, listen: ports, edges: [], startSeconds: 30 });

function start(network: Network, one: ProbeSubject, measure: (control: string) => Promise<ProbeResult> = async () => result({ self: one.title })) {
  const time = patientTime();
  return { time, ended: runSubject({ config: configOf(one), listen: network.listenAt(one.address), measure, time }) };
}

function control(network: Network, changed: Partial<ControlDeps> = {}): Promise<ProbeResult[]> {
  return runControl({
    config: { self: 'probe in system', listen: [PORTS['probe-fence']], edges: [], subjects: [broker, worker], startSeconds: 30 },
    dial: network.dialFrom('10.244.0.9'),
    listen: network.listenAt('10.244.0.9'),
    measure: async () => result({ self: 'probe in system' }),
    time: steppingTime(),
    ownIps: ['10.244.0.9', 'fd00::9'],
    run: 'this-run',
    ...changed,
  });
}

const untold = async (results: Promise<ProbeResult[]>) => (await results).flatMap((one) => one.untold);

describe('a run', () => {
  test('gives what the control and every subject found, in order', async () => {
    const network = new Network();
    const subjects = [start(network, broker), start(network, worker)];
    expect((await control(network)).map(({ self }) => self)).toEqual(['probe in system', broker.title, worker.title]);
    expect((await Promise.all(subjects.map(({ ended }) => ended))).map(({ self }) => self)).toEqual([broker.title, worker.title]);
  });

  test('begins only when all are there', async () => {
    const network = new Network();
    const measured: string[] = [];
    const measure = (title: string) => async () => {
      measured.push(title);
      return result({ self: title });
    };
    const first = start(network, broker, measure(broker.title));
    const late = steppingTime();
    let rounds = 0;
    const time = {
      now: late.now,
      sleep: async (milliseconds: number) => {
        await late.sleep(milliseconds);
        if (++rounds < 5) expect(measured).toEqual([]);
        if (rounds === 5) start(network, worker, measure(worker.title));
      },
    };
    await control(network, { time });
    await first.ended;
    expect(measured.sort()).toEqual([broker.title, worker.title]);
    expect(network.heard.slice(0, 2)).toEqual([`go ${broker.address}`, `go ${worker.address}`]);
  });

  test('subjects stay until all are done, and end when they are told', async () => {
    const network = new Network();
    start(network, broker);
    start(network, worker);
    await control(network);
    expect(network.heard.slice(-2)).toEqual([`stop ${broker.address}`, `stop ${worker.address}`]);
    expect((await network.dialFrom('x')({ at: broker.address, port: 8443, protocol: 'TCP' }, { say: 'hello' })).open).toBe(false);
  });

  test('subjects learn an address of the control, of their own family', async () => {
    const network = new Network();
    const told: string[] = [];
    const six = { ...worker, address: 'fd00:10::80' };
    start(network, broker, async (address) => result({ self: `${told.push(address)}` }));
    start(network, six, async (address) => result({ self: `${told.push(address)}` }));
    await control(network, { config: { self: 'probe in system', listen: [], edges: [], subjects: [broker, six], startSeconds: 30 } });
    expect(told).toEqual(['10.244.0.9', 'fd00::9']);
  });
});

describe('it cannot be told', () => {
  test('when one listener never answers, and nobody begins', async () => {
    const network = new Network();
    const { ended } = start(network, broker);
    expect(await untold(control(network))).toEqual([`${worker.title}: its listener at ${worker.address} TCP 8443 did not answer: ECONNREFUSED`]);
    expect(await ended).toMatchObject({ tried: 0, untold: ['the control did not say that everybody is there'] });
    expect(network.heard.filter((text) => text.startsWith('go'))).toEqual([]);
  });

  test('when one port of a listener is silent', async () => {
    const network = new Network();
    start(network, broker);
    await network.listenAt(worker.address)([PORTS.probe], (_, { address }) => ({ as: worker.title, seen: address }));
    expect(await untold(control(network))).toEqual([expect.stringContaining('TCP 8443 did not answer')]);
  });

  test('when somebody else has the address', async () => {
    const network = new Network();
    start(network, broker);
    await network.listenAt(worker.address)(worker.ports, (_, { address }) => ({ as: 'session node in team-a', seen: address }));
    expect(await untold(control(network))).toEqual([expect.stringContaining('did not answer: session node in team-a answers')]);
  });

  test('when another control was there before', async () => {
    const network = new Network();
    start(network, broker);
    start(network, worker);
    await network.dialFrom('evil')({ at: worker.address, port: PORTS.probe, protocol: 'TCP' }, { say: 'go', run: 'other', control: '10.0.0.1' });
    expect(await untold(control(network))).toEqual([`${worker.title}: another control told it to begin`]);
  });

  test('when a subject is not done in time', async () => {
    const network = new Network();
    start(network, broker);
    start(network, worker, () => new Promise(() => {}));
    const results = await control(network);
    expect(results.map(({ self }) => self)).toEqual(['probe in system', broker.title, 'probe in system']);
    expect(results.at(-1)!.untold).toEqual([`${worker.title}: it is not done`]);
  });

  test('to a subject that no control ever reaches', async () => {
    const { time, ended } = start(new Network(), worker);
    time.wake();
    expect(await ended).toMatchObject({ tried: 0, untold: ['the control did not say that everybody is there'] });
  });
});

describe('a subject is not told what to do', () => {
  const network = new Network();
  const say = (port: number, request: object) => network.dialFrom('10.0.0.1')({ at: worker.address, port, protocol: 'TCP' }, request as never);
  let begun = 0;
  beforeEach(() => {
    begun = 0;
    start(network, worker, async () => result({ tried: ++begun }));
  });

  test.each<[string, number, object]>([
    ['on a port of its role', 8443, { say: 'go', run: 'r', control: '10.0.0.1' }],
    ['without a run', PORTS.probe, { say: 'go', control: '10.0.0.1' }],
    ['without an address', PORTS.probe, { say: 'go', run: 'r' }],
    ['by a hello', PORTS.probe, { say: 'hello', run: 'r', control: '10.0.0.1' }],
  ])('%s', async (_, port, request) => {
    const { reply } = await say(port, request);
    expect([begun, reply!.as, reply!.run]).toEqual([0, worker.title, undefined]);
  });

  test('twice', async () => {
    await say(PORTS.probe, { say: 'go', run: 'first', control: '10.0.0.1' });
    const { reply } = await say(PORTS.probe, { say: 'go', run: 'second', control: '10.0.0.2' });
    expect([begun, reply!.run]).toEqual([1, 'first']);
  });
});
