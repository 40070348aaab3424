import * as fc from 'fast-check';
import { Reach } from '../../src/manifests/reach';
import { askedPort, oneMoreRule, party, policies, Policy, protocol } from '../helpers/reach-worlds';
import { slowReach } from '../helpers/slow-reach';

const RUNS = { numRuns: 2_000 };
const question = [party, party, askedPort, protocol] as const;

describe('for any small world', () => {
  test('the evaluator agrees with a reference that is written differently', () => {
    fc.assert(fc.property(policies, fc.array(fc.tuple(...question), { minLength: 5, maxLength: 20 }), (all, questions) => {
      const reach = new Reach(all);
      expect(reach.findings).toEqual([]);
      for (const [from, to, port, over] of questions) {
        expect(reach.mayReach(from, to, port, over).allowed).toBe(slowReach(all, from, to, port, over));
      }
    }), RUNS);
  });

  test('one more rule in a direction that its policy isolates already never takes reach away', () => {
    fc.assert(fc.property(policies, oneMoreRule, fc.nat(), ...question, (all, { way, ingressRule, egressRule }, at, from, to, port, over) => {
      fc.pre(all.length > 0);
      const stated = isolatedBy(all[at % all.length]);
      fc.pre(stated.includes(way));
      const wider = all.map((policy, index) => (index === at % all.length ? withRule(policy, way, way === 'ingress' ? ingressRule : egressRule, stated) : policy));
      if (new Reach(all).mayReach(from, to, port, over).allowed) expect(new Reach(wider).mayReach(from, to, port, over).allowed).toBe(true);
    }), RUNS);
  });

  test('a whole policy more never takes reach away from pods that others isolate already', () => {
    const denyAll = ['a', 'b'].map((namespace) => ({
      apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'deny', namespace }, spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    }));
    fc.assert(fc.property(policies, ...question, (all, from, to, port, over) => {
      const fewer = [...denyAll, ...all.slice(1)];
      const more = [...denyAll, ...all];
      if (new Reach(fewer).mayReach(from, to, port, over).allowed) expect(new Reach(more).mayReach(from, to, port, over).allowed).toBe(true);
    }), RUNS);
  });

  test('without policies everybody reaches everybody in their address family', () => {
    fc.assert(fc.property(...question, (from, to, port, over) => {
      const { allowed, egress } = new Reach([]).mayReach(from, to, port, over);
      expect(allowed || egress.because === 'no-common-family').toBe(true);
    }), RUNS);
  });

  test('the order of policies has no influence', () => {
    fc.assert(fc.property(policies, ...question, (all, from, to, port, over) => {
      const forth = new Reach(all).mayReach(from, to, port, over);
      const back = new Reach([...all].reverse()).mayReach(from, to, port, over);
      expect(sorted(back)).toEqual(sorted(forth));
    }), RUNS);
  });

  test('the policies that are named decide: alone they give the same answer', () => {
    fc.assert(fc.property(policies, ...question, (all, from, to, port, over) => {
      const verdict = new Reach(all).mayReach(from, to, port, over);
      const named = [...verdict.egress.policies, ...verdict.ingress.policies];
      const deciding = all.filter(({ metadata }) => named.includes(`${metadata.namespace}/${metadata.name}`));
      expect(new Reach(deciding).mayReach(from, to, port, over).allowed).toBe(verdict.allowed);
    }), RUNS);
  });
});

type Verdict = ReturnType<Reach['mayReach']>;
const sorted = ({ allowed, egress, ingress }: Verdict) => ({
  allowed, ends: [egress, ingress].map(({ open, because, policies: named }) => ({ open, because, named: [...named].sort() })),
});

interface Spec { policyTypes?: string[]; ingress?: unknown[]; egress?: unknown[] }

function isolatedBy({ spec }: Policy): string[] {
  const { policyTypes = [], egress = [] } = spec as Spec;
  if (policyTypes.length > 0) return policyTypes.map((type) => type.toLowerCase());
  return egress.length > 0 ? ['ingress', 'egress'] : ['ingress'];
}

function withRule(policy: Policy, way: string, rule: unknown, isolated: string[]): Policy {
  const spec = policy.spec as Record<string, unknown[] | undefined>;
  const policyTypes = isolated.map((type) => (type === 'ingress' ? 'Ingress' : 'Egress'));
  return { ...policy, spec: { ...spec, policyTypes, [way]: [...(spec[way] ?? []), rule] } };
}
