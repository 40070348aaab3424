import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Reach, ReachPod, ReachProtocol } from '../../src/manifests/reach';
import { kubectl, must } from '../cluster/cli';
import { slowReach } from '../helpers/slow-reach';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** Ports that listen in every pod; two containers share them. */
const LISTENERS: [number, ReachProtocol, string][] = [[8080, 'TCP', 'web'], [8081, 'UDP', 'web-udp'], [9090, 'TCP', 'admin'], [9091, 'UDP', 'admin-udp']];
const NAMESPACES = ['reach-a', 'reach-b'];
const APPS = ['web', 'db'];
const PARALLEL = 12;

const policy = (namespace: string, name: string, spec: any) => ({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace }, spec });
const app = (name: string) => ({ matchLabels: { app: name } });
const other = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'reach-b' } } };
let pods: ReachPod[] = [];
const ipOf = (name: string) => pods.find((one) => `${one.namespace}/${one.name}` === name)!.ips![0];

/** Each world has features of its own. Made late, because addresses of pods are known only then. */
const WORLDS: [string, () => any[]][] = [
  ['no policies', () => []],
  ['a default deny and rules for ingress', () => [
    policy('reach-a', 'deny', { podSelector: {} }),
    policy('reach-a', 'web', { podSelector: app('web'), ingress: [{ from: [other], ports: [{ port: 8080 }] }, { from: [{ podSelector: {} }], ports: [{ protocol: 'UDP' }] }] }),
  ]],
  ['egress by default, a range of ports and a name', () => [
    policy('reach-a', 'web', { podSelector: app('web'), egress: [{ to: [{ podSelector: {} }], ports: [{ port: 8080, endPort: 9089 }] }, { to: [other], ports: [{ port: 'admin' }] }] }),
    policy('reach-b', 'db', { podSelector: app('db'), ingress: [{ ports: [{ port: 'web-udp', protocol: 'UDP' }] }] }),
  ]],
  ['expressions and both selectors in one peer', () => [
    policy('reach-a', 'all', {
      podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'db'] }] },
      ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] } }] }],
    }),
    policy('reach-b', 'not-db', { podSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] }, policyTypes: ['Egress'], egress: [{ to: [{ podSelector: {} }] }] }),
  ]],
  ['blocks with holes around pods', () => [
    policy('reach-a', 'out', { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: [`${ipOf('reach-b/web')}/32`] } }] }] }),
    policy('reach-b', 'in', { podSelector: app('db'), ingress: [{ from: [{ ipBlock: { cidr: `${ipOf('reach-a/db')}/32` } }] }] }),
  ]],
  ['empty rules and empty lists', () => [
    policy('reach-a', 'open', { podSelector: app('web'), policyTypes: ['Ingress', 'Egress'], ingress: [{}], egress: [] }),
    policy('reach-b', 'types', { podSelector: {}, policyTypes: ['Egress'], ingress: [{ from: [{ podSelector: app('db') }] }], egress: [{ to: [], ports: [] }] }),
  ]],
];

function podManifest(namespace: string, name: string): object {
  const profile = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };
  const securityContext = { ...profile, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
  const container = (first: number) => ({
    name: `c${first}`,
    image: 'kit.local/agnhost:1',
    imagePullPolicy: 'Never',
    securityContext,
    args: ['netexec', `--http-port=${first}`, `--udp-port=${first + 1}`],
    ports: LISTENERS.filter(([port]) => port === first || port === first + 1)
      .map(([containerPort, protocol, title]) => ({ name: title, containerPort, protocol })),
  });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: name } },
    spec: { automountServiceAccountToken: false, terminationGracePeriodSeconds: 0, containers: [container(8080), container(9090)] },
  };
}

/** A timeout is a denial. Any other failure is a broken test. */
function connects(from: ReachPod, to: ReachPod, port: number, protocol: string): Promise<boolean> {
  const target = ['connect', `${to.ips![0]}:${port}`, '--timeout=1500ms', `--protocol=${protocol.toLowerCase()}`];
  return new Promise((resolve, reject) => {
    execFile('kubectl', ['exec', '-n', from.namespace, from.name!, '-c', 'c8080', '--', '/agnhost', ...target], (error, stdout, stderr) => {
      if (error === null) return resolve(true);
      return /TIMEOUT/.test(stdout + stderr) ? resolve(false) : reject(new Error(`${target.join(' ')}: ${stdout}${stderr}`));
    });
  });
}

/** What the wire says, once it is what is expected: policies hold a moment after they were made, and a busy machine answers late. */
async function wireOf(from: ReachPod, to: ReachPod, port: number, protocol: string, expected: boolean): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    const wire = await connects(from, to, port, protocol);
    if (wire === expected || attempt === 20) return wire;
    await sleep(1_000);
  }
}

beforeAll(() => {
  must(['apply', '--server-side', '-f', '-'], NAMESPACES.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })));
  must(['apply', '--server-side', '-f', '-'], NAMESPACES.flatMap((namespace) => APPS.map((name) => podManifest(namespace, name))));
  for (const namespace of NAMESPACES) must(['wait', '-n', namespace, '--for=condition=Ready', '--timeout=300s', 'pod', '--all']);
  pods = NAMESPACES.flatMap((namespace) => JSON.parse(must(['get', 'pod', '-n', namespace, '-o', 'json'])).items)
    .map(({ metadata, status }: any) => ({
      namespace: metadata.namespace,
      name: metadata.name,
      labels: metadata.labels,
      ips: [status.podIP],
      ports: LISTENERS.map(([containerPort, protocol, name]) => ({ containerPort, protocol, name })),
    }));
}, 900_000);

describe('the evaluator and an enforcer on the wire agree', () => {
  test.each(WORLDS)('%s', async (_, make) => {
    const policies = make();
    for (const namespace of NAMESPACES) kubectl(['delete', 'networkpolicy', '-n', namespace, '--all']);
    if (policies.length > 0) must(['apply', '--server-side', '-f', '-'], policies);
    await sleep(2_000);
    const reach = new Reach(policies);
    expect(reach.findings).toEqual([]);
    const rows = pods.flatMap((from) => pods.flatMap((to) => LISTENERS.map(([port, protocol]) => ({ from, to, port, protocol }))));
    const differ: string[] = [];
    const queue = [...rows];
    await Promise.all(Array.from({ length: PARALLEL }, async () => {
      for (let row = queue.shift(); row !== undefined; row = queue.shift()) {
        const { from, to, port, protocol } = row;
        const [fast, slow] = [reach.mayReach(from, to, port, protocol).allowed, slowReach(policies, from, to, port, protocol)];
        const wire = await wireOf(from, to, port, protocol, fast);
        if (fast !== wire || slow !== wire) differ.push(`${from.namespace}/${from.name} -> ${to.namespace}/${to.name} ${protocol} ${port}: wire ${wire}, evaluator ${fast}`);
      }
    }));
    expect(rows).toHaveLength(64);
    expect(differ).toEqual([]);
  }, 900_000);
});
