import { Reach, ReachPod } from '../../src/manifests/reach';
import { slowReach } from '../../test/helpers/slow-reach';

/*
 * Answers per second of the reach evaluator, and how that changes with the size of the
 * cluster. The baseline is the slow reference of the tests on the same questions in the
 * same run: plain loops over raw JSON.
 */
const SIZES = [100, 1_000, 10_000];
const QUESTIONS = 200_000;
const SLOW_QUESTIONS = 1_000;
const ROUNDS = 5;

interface World {
  readonly pods: ReachPod[];
  readonly policies: object[];
}

/** Twenty pods of five apps in each namespace, and two policies for each app there. */
function worldOf(size: number): World {
  const namespaces = Math.max(1, size / 20);
  const pods = Array.from({ length: size }, (_, index): ReachPod => ({
    namespace: `ns-${index % namespaces}`,
    labels: { app: `app-${Math.floor(index / namespaces) % 5}`, pod: `${Math.floor(index / namespaces)}` },
    ips: [`10.${Math.floor(index / 65_536)}.${Math.floor(index / 256) % 256}.${index % 256}`],
  }));
  const policies = Array.from({ length: namespaces * 5 }, (_, index) => index).flatMap((index) => {
    const [namespace, app] = [`ns-${Math.floor(index / 5)}`, `app-${index % 5}`];
    const next = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': `ns-${(Math.floor(index / 5) + 1) % namespaces}` } } };
    const policy = (name: string, spec: object) => ({
      apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: `${name}-${app}`, namespace }, spec: { podSelector: { matchLabels: { app } }, ...spec },
    });
    return [
      policy('in', { ingress: [{ from: [next, { podSelector: {} }], ports: [{ port: 80 }] }] }),
      policy('out', { policyTypes: ['Egress'], egress: [{ to: [{ podSelector: {} }, next, { ipBlock: { cidr: '10.0.0.0/9', except: ['10.0.9.0/24'] } }] }] }),
    ];
  });
  return { pods, policies };
}

/** The same pairs for both: a stride that meets every part of the list. */
function pairs({ pods }: World, count: number): [ReachPod, ReachPod][] {
  return Array.from({ length: count }, (_, index) => [pods[(index * 7919) % pods.length], pods[(index * 104_729 + 13) % pods.length]]);
}

/** Answers per second: the median of a few rounds. */
function rate(count: number, ask: () => void): number {
  const seconds = Array.from({ length: ROUNDS }, () => {
    const start = process.hrtime.bigint();
    ask();
    return Number(process.hrtime.bigint() - start) / 1e9;
  });
  return count / seconds.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)];
}

console.log(`Reach evaluator on Node ${process.versions.node}, medians of ${ROUNDS}. The baseline answers the same questions by plain loops.`);
let first: number | undefined;
for (const size of SIZES) {
  const world = worldOf(size);
  const start = process.hrtime.bigint();
  const reach = new Reach(world.policies);
  const compileMs = Number(process.hrtime.bigint() - start) / 1e6;
  const many = pairs(world, QUESTIONS);
  const few = many.slice(0, SLOW_QUESTIONS);
  const wrong = few.filter(([from, to]) => reach.mayReach(from, to, 80).allowed !== slowReach(world.policies, from, to, 80, 'TCP'));
  if (wrong.length > 0 || reach.findings.length > 0) throw new Error(`${wrong.length} answers differ, ${reach.findings.length} findings`);
  const fast = rate(QUESTIONS, () => many.forEach(([from, to]) => reach.mayReach(from, to, 80)));
  const slow = rate(SLOW_QUESTIONS, () => few.forEach(([from, to]) => slowReach(world.policies, from, to, 80, 'TCP')));
  first ??= fast;
  console.log(`  ${String(size).padStart(6)} pods, ${String(world.policies.length).padStart(5)} policies   `
    + `${(fast / slow).toFixed(1).padStart(7)} x plain loops   ${(first / fast).toFixed(2)} x the time of ${SIZES[0]} pods   `
    + `${Math.round(fast).toLocaleString('en')}/s against ${Math.round(slow).toLocaleString('en')}/s   read in ${compileMs.toFixed(0)} ms`);
}
