import { Chart, Duration, Testing } from 'cdk8s';
import { enforced, forOneNode, inert, localImage, NODE_API_SERVER } from './one-node';
import { SYSTEM } from './world';
import { AgentPlatform, DefinitionsOwner, DenialProbe, WorkerPool } from '../../src';
import { LABELS } from '../../src/protocol/names';
import { ProbeResult } from '../../src/protocol/probe';
import { apply, kubectl, must } from '../cluster/cli';
import { Emitted } from '../helpers/manifests';

const SERVICE_CIDR = '10.96.0.0/16';
const POOLS: readonly (readonly [namespace: string, pool: string])[] = [['team-a', 'python'], ['team-a', 'node'], ['team-b', 'python']];
const CONTROL = `${SYSTEM}/probe-control`;
const ROLES = ['broker', 'controller', 'egress', 'gateway', 'operator', 'retention', 'store'];
const TEAMS = [...new Set(POOLS.map(([namespace]) => namespace))];
const JOBS = [
  CONTROL, ...ROLES.map((role) => `${SYSTEM}/probe-${role}`), ...TEAMS.map((team) => `${team}/probe-agent`), ...POOLS.map(([namespace, pool]) => `${namespace}/probe-session-${pool}`),
];

/** The whole platform without what serves: the probe brings its own listeners. */
function objects(): Emitted[] {
  const chart = new Chart(Testing.app(), 'probe');
  const platform = new AgentPlatform(chart, 'platform', {
    image: localImage(), apiServer: NODE_API_SERVER, namespace: SYSTEM, definitions: DefinitionsOwner.EXTERNAL,
  });
  new DenialProbe(chart, 'probe', { platform, serviceCidr: SERVICE_CIDR, requireNodeIsolation: true, startTimeout: Duration.minutes(5) });
  const namespaces = new Map(TEAMS.map((name) => [name, platform.addNamespace(name)]));
  for (const [name, pool] of POOLS) new WorkerPool(chart, `${name}-${pool}`, { namespace: namespaces.get(name)!, name: pool, image: 'example.com/worker' });
  return Testing.synth(chart).filter(({ kind }) => !['StatefulSet', 'Deployment'].includes(kind)).map(forOneNode);
}

interface Ended {
  readonly exitCode: number;
  readonly message: string;
  readonly results: ProbeResult[];
}

const get = (kind: string, namespace: string, ...which: string[]) => JSON.parse(must(['get', kind, '-n', namespace, ...which, '-o', 'json']));
const statusOf = (job: string) => get('job', job.split('/')[0], job.split('/')[1]).status;

function outcomeOf(job: string): Ended {
  const [namespace, name] = job.split('/');
  const [{ metadata, status }] = get('pod', namespace, '-l', `job-name=${name}`).items;
  const { exitCode, message } = status.containerStatuses[0].state.terminated;
  const json = must(['logs', '-n', namespace, metadata.name]).split('\n').find((line) => line.startsWith('{'));
  return { exitCode, message, results: JSON.parse(json!).results };
}

/** Waits for all Jobs to end, one way or the other. */
async function outcomes(): Promise<Map<string, Ended>> {
  const isOver = ({ succeeded = 0, failed = 0 }) => succeeded + failed > 0;
  for (let round = 0; round < 480 && !JOBS.every((job) => isOver(statusOf(job))); round++) await new Promise((resolve) => setTimeout(resolve, 1000));
  const hanging = JOBS.filter((job) => !isOver(statusOf(job)));
  if (hanging.length > 0) throw new Error(`${hanging.join()}: ${kubectl(['get', 'pod', '-A', '-o', 'wide']).stdout}`);
  return new Map(JOBS.map((job) => [job, outcomeOf(job)]));
}

const all = objects();
let ended: Map<string, Ended>;
const control = () => ended.get(CONTROL)!;
/** Who reaches whom without a row of the flow table. */
const open = (title: string) => {
  const { wrong } = control().results.find(({ self }) => self === title)!;
  return new Set(wrong.filter((outcome) => outcome.open).map(({ to }) => to));
};

beforeAll(async () => {
  must(['apply', '--server-side', '-f', '-'], all.filter(({ kind }) => kind === 'Namespace'));
  apply(all);
  ended = await outcomes();
}, 1_500_000);

test('the control has heard of every pod, and all of them tried something', () => {
  const agents = TEAMS.map((team) => `agent in ${team}`);
  const sessions = POOLS.map(([namespace, pool]) => `session ${pool} in ${namespace}`);
  const titles = [`probe in ${SYSTEM}`, ...ROLES.map((role) => `${role} in ${SYSTEM}`), ...agents, ...sessions];
  expect(control().results.map(({ self, tried }) => [self, tried > 5]).sort()).toEqual(titles.map((title) => [title, true]).sort());
});

test('every question has an answer', () => {
  expect(control().results.flatMap(({ untold }) => untold)).toEqual([]);
});

test('the network keeps client addresses', () => expect(control().message).toContain('client addresses are kept: yes'));

test('what the flow table allows is possible', () => {
  expect(control().results.flatMap(({ wrong }) => wrong).filter((outcome) => !outcome.open)).toEqual([]);
});

enforced('with a network plugin that enforces policies', () => {
  test.each(JOBS)('%s succeeds', (job) => {
    expect(ended.get(job)).toMatchObject({ exitCode: 0, message: expect.stringContaining('passed') });
    expect(statusOf(job).succeeded).toBe(1);
  });
});

enforced('when one end is opened, the other does not hide it', () => {
  const CASES: [string, object, string, string[]][] = [
    ['egress of workers', { podSelector: { matchLabels: { [LABELS.pool]: 'python' } }, policyTypes: ['Egress'], egress: [{}] }, 'session python in team-a',
      // The fence of the egress proxy is open at its own end.
      ['API server', 'cluster DNS', 'kubelet of its node', `probe in ${SYSTEM}`, `egress in ${SYSTEM}`]],
    ['ingress of workers', { podSelector: { matchLabels: { [LABELS.pool]: 'python' } }, policyTypes: ['Ingress'], ingress: [{}] }, `probe in ${SYSTEM}`,
      ['session python in team-a']],
  ];

  test.each(CASES)('%s', async (_, spec, sender, reached) => {
    const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'hole', namespace: 'team-a' }, spec };
    must(['apply', '--server-side', '-f', '-'], [policy]);
    // With their pods, which would be taken for those of the next.
    for (const job of JOBS) must(['delete', 'job', '-n', job.split('/')[0], job.split('/')[1], '--cascade=foreground']);
    must(['apply', '--server-side', '-f', '-'], all.filter(({ kind }) => kind === 'Job'));
    ended = await outcomes();
    must(['delete', 'networkpolicy', '-n', 'team-a', 'hole']);
    expect(open(sender)).toEqual(new Set(reached));
    expect(control().results.filter(({ wrong }) => wrong.length > 0).map(({ self }) => self)).toEqual([sender]);
    expect(control()).toMatchObject({ exitCode: 1, message: expect.stringContaining(`OPEN: ${sender} -> ${reached[0]}`) });
  }, 1_500_000);
});

inert('with a network plugin that enforces nothing', () => {
  test.each(JOBS)('%s fails', (job) => {
    expect(ended.get(job)).toMatchObject({ exitCode: 1, message: expect.stringContaining('FAILED') });
    expect(statusOf(job).failed).toBe(1);
  });

  test('the message names who reaches whom', () => {
    // As many as there is room for, the first ones in any case.
    expect(control().message).toContain(`OPEN: probe in ${SYSTEM} -> broker in ${SYSTEM}`);
    expect(control().message).toMatch(/\d+ more in the log$/);
  });

  test('a worker reaches every part, agents, other workers, DNS, the API server, the kubelet and the control', () => {
    expect(open('session python in team-a')).toEqual(new Set([
      ...ROLES.map((role) => `${role} in ${SYSTEM}`), ...TEAMS.map((team) => `agent in ${team}`),
      'session node in team-a', 'session python in team-b', 'API server', 'cluster DNS', 'kubelet of its node', `probe in ${SYSTEM}`,
    ]));
  });

  test.each(['broker', 'store'])('the %s reaches workers', (role) => {
    for (const [namespace, pool] of POOLS) expect(open(`${role} in ${SYSTEM}`)).toContain(`session ${pool} in ${namespace}`);
  });
});
