import * as fc from 'fast-check';
import { MatrixCell, Reach, ReachParty, ReachPod } from '../../src/manifests/reach';
import * as selector from '../../src/manifests/reach/selector';
import { HUGE, HUGE_POLICIES, hugePods } from '../helpers/huge-world';
import { askedPort, party, policies, protocol } from '../helpers/reach-worlds';

jest.mock('../../src/manifests/reach/selector', () => {
  const real = jest.requireActual<typeof selector>('../../src/manifests/reach/selector');
  return { ...real, selects: jest.fn(real.selects) };
});

const parties = fc.array(party, { minLength: 1, maxLength: 12 });
const count = (cells: readonly MatrixCell[]) => cells.reduce((sum, { from, to }) => sum + from.members.length * to.members.length, 0);

describe('for any small world', () => {
  test('a matrix says of each pair what is said of it alone, unless the two are one pod or one node', () => {
    fc.assert(fc.property(policies, parties, parties, askedPort, protocol, (all, some, others, port, over) => {
      const reach = new Reach(all);
      for (const { from, to, verdict } of reach.matrix(reach.groups(some), reach.groups(others), port, over)) {
        for (const [a, b] of from.members.flatMap((one) => to.members.map((other) => [one, other] as const))) {
          const alone = reach.mayReach(a, b, port, over);
          if ([alone.egress, alone.ingress].some(({ because }) => because === 'exempt')) continue;
          expect(verdict).toEqual(alone);
        }
      }
    }), { numRuns: 1_000 });
  });

  test('each pair is in one cell', () => {
    fc.assert(fc.property(policies, parties, parties, (all, some, others) => {
      const reach = new Reach(all);
      const cells = reach.matrix(reach.groups(some), reach.groups(others), 80);
      expect(count(cells)).toBe(some.length * others.length);
      expect(new Set(cells.flatMap(({ from }) => from.members))).toEqual(new Set(some));
      expect(new Set(cells.flatMap(({ to }) => to.members))).toEqual(new Set(others));
    }), { numRuns: 300 });
  });
});

describe('who is told apart', () => {
  const policy = (ingress: object) => ({
    apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'one', namespace: 'a' }, spec: { podSelector: {}, ingress: [ingress] },
  });
  const pod = (labels: Record<string, string>, more: Partial<ReachPod> = {}): ReachPod => ({ namespace: 'a', labels, ...more });
  const sizes = (ingress: object, given: ReachParty[]) => new Reach([policy(ingress)]).groups(given).map(({ members }) => members.length);

  test.each<[string, object, ReachParty[], number[]]>([
    ['nobody, where no policy asks', {}, [pod({ app: 'a' }), pod({ app: 'b' }), pod({})], [3]],
    ['a value that is named from all others', { from: [{ podSelector: { matchLabels: { app: 'a' } } }] }, [pod({ app: 'a' }), pod({ app: 'b' }), pod({ app: 'c' })], [1, 2]],
    ['a label that is there from one that is not', { from: [{ podSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } }] }, [pod({ app: 'a' }), pod({ app: 'b' }), pod({})], [2, 1]],
    ['a pod from one in the network of its node', {}, [pod({}), pod({}, { hostNetwork: true })], [1, 1]],
    ['a namespace from another', {}, [pod({}), pod({}, { namespace: 'b' })], [1, 1]],
    ['an address in a network from those outside and in its hole', { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] },
      ['9.255.255.255', '10.0.0.0', '10.0.255.255', '10.1.0.0', '10.1.255.255', '10.2.0.0', '10.255.255.255', '11.0.0.0'].map((ip) => ({ ip })), [1, 2, 2, 2, 1]],
    ['an address from a pod', {}, [{ ip: '192.0.2.1' }, pod({}, { ips: ['192.0.2.1'] })], [1, 1]],
    ['the names of pods and nodes from nothing', {}, [pod({}, { name: 'one', node: 'n1' }), pod({}, { name: 'two', node: 'n2' })], [2]],
  ])('%s', (_, ingress, given, expected) => {
    expect(sizes(ingress, given)).toEqual(expected);
  });

  test('a port of another number behind a name that a policy uses', () => {
    const receivers = [80, 81].map((containerPort) => pod({}, { ports: [{ name: 'web', containerPort }, { name: 'admin', containerPort }] }));
    const reach = new Reach([policy({ ports: [{ port: 'web' }] })]);
    const cells = reach.matrix(reach.groups([{ ip: '192.0.2.1' }]), reach.groups(receivers), 80);
    expect(cells.map(({ verdict }) => verdict.allowed)).toEqual([true, false]);
    expect(sizes({ ports: [{ port: 80 }] }, receivers)).toEqual([2]);
  });
});

describe(`${HUGE.namespaces} namespaces under ${HUGE.policies} policies: the matrix of one platform, both ways`, () => {
  const { namespaces, podsInEach } = HUGE;

  /** How often a selector is compared with labels: what took the time if every pod or pair were looked at. */
  function work(inEach: number): { selections: number; cells: MatrixCell[]; pods: number } {
    const pods = hugePods(inEach);
    const selects = jest.mocked(selector.selects);
    selects.mockClear();
    const reach = new Reach(HUGE_POLICIES);
    const everyone = reach.groups(pods);
    const platform = reach.groups(pods.filter(({ namespace }) => namespace === 'ns-7'));
    const cells = [...reach.matrix(platform, everyone, 80), ...reach.matrix(everyone, platform, 80)];
    return { selections: selects.mock.calls.length, cells, pods: pods.length };
  }

  const few = work(4);

  test('answers are counted by what policies tell apart, not by pods', () => {
    // In each namespace two apps that policies name, and the rest.
    expect(few.cells).toHaveLength(2 * 3 * 3 * namespaces);
    expect(few.selections).toBeLessThan(10 * few.cells.length);
  });

  test(`${podsInEach} pods in each, a million together, take not one selection more than 4 in each`, () => {
    const { selections, cells, pods } = work(podsInEach);
    expect(pods).toBe(1_000_000);
    expect(selections).toBe(few.selections);
    expect(cells).toHaveLength(few.cells.length);
    expect(count(cells)).toBe(2 * podsInEach * pods);
  });

  test('two of four apps admit the pods of one other namespace, and the others everybody', () => {
    const incoming = few.cells.slice(few.cells.length / 2).filter(({ verdict }) => verdict.allowed);
    expect(count(incoming)).toBe(2 * 4 + 2 * few.pods);
  });
});
