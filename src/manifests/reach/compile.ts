import type { NetworkPolicy, NetworkPolicySpec } from 'kubernetes-types/networking/v1';
import { policyProblems } from './policy-shape';
import { compileRule, Rule } from './rule';
import { compileSelector, Selector } from './selector';

export type Direction = 'ingress' | 'egress';

/** A policy with all defaults in place. A direction without rules list is not isolated by it; one with an empty list is closed. */
export interface CompiledPolicy {
  /** `namespace/name` */
  readonly id: string;
  readonly namespace: string;
  readonly pods: Selector;
  readonly rules: { readonly [direction in Direction]?: readonly Rule[] };
}

/** What can be evaluated, and what kept the rest out. */
export interface CompiledPolicies {
  readonly policies: readonly CompiledPolicy[];
  readonly findings: readonly string[];
}

/** A policy with findings is left out: half understood, it could only mislead. */
export function compilePolicies(sources: readonly unknown[]): CompiledPolicies {
  const findings: string[] = [];
  const policies: CompiledPolicy[] = [];
  const ids = new Set<string>();
  sources.forEach((policy, index) => {
    const found = policyProblems(policy, pathOf(policy, index));
    findings.push(...found);
    if (found.length > 0) return;
    const compiled = compilePolicy(policy as NetworkPolicy);
    if (ids.has(compiled.id)) findings.push(`NetworkPolicy ${compiled.id} is there twice, and a cluster keeps only one of them`);
    ids.add(compiled.id);
    policies.push(compiled);
  });
  return { policies, findings };
}

function compilePolicy({ metadata, spec }: NetworkPolicy): CompiledPolicy {
  const namespace = metadata!.namespace ?? 'default';
  const id = `${namespace}/${metadata!.name}`;
  const { ingress, egress, podSelector } = spec!;
  const types = policyTypes(spec!);
  return {
    id,
    namespace,
    pods: compileSelector(podSelector ?? {}),
    rules: {
      ...(types.includes('Ingress') ? { ingress: (ingress ?? []).map(({ from, ports }) => compileRule(id, namespace, from ?? [], ports ?? [])) } : {}),
      ...(types.includes('Egress') ? { egress: (egress ?? []).map(({ to, ports }) => compileRule(id, namespace, to ?? [], ports ?? [])) } : {}),
    },
  };
}

/** Ingress always, Egress only with rules: an empty list of egress rules closes nothing by itself. */
function policyTypes({ policyTypes: stated, egress }: NetworkPolicySpec): readonly string[] {
  if ((stated ?? []).length > 0) return stated!;
  return (egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

function pathOf(policy: unknown, index: number): string {
  const { namespace, name } = (policy as Partial<NetworkPolicy> | null)?.metadata ?? {};
  return name === undefined ? `policies[${index}]` : `NetworkPolicy ${namespace ?? 'default'}/${name}`;
}
