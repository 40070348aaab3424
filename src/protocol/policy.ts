import { templateMatches } from './glob';
import { hostCovers, portCovers } from './hosts';
import type { BrokerPolicySpec, HarnessTemplateSpec } from './resources';

/**
 * Which BrokerPolicies apply to a template and what they grant. Pure functions, used at synth
 * and by the broker alike.
 *
 * Grants are a union and nothing denies. Where several policies grant the same thing, the one
 * whose name sorts first answers, so that the order in which policies arrive changes nothing.
 */

type Grants = BrokerPolicySpec['grants'];
export type CredentialGrantSpec = NonNullable<Grants['credentials']>[number];
export type EgressGrantSpec = NonNullable<Grants['egress']>[number];
export type RequirementsSpec = NonNullable<HarnessTemplateSpec['requires']>;
export type TemplateKind = 'HarnessTemplate' | 'ClusterHarnessTemplate';

export interface NamedPolicy {
  readonly name: string;
  readonly spec: BrokerPolicySpec;
}

/** What a policy may look at when it decides whether it applies to a template. */
export interface TemplateIdentity {
  readonly name: string;
  readonly kind: TemplateKind;
  /** `sha256:…` of the image the template runs, when its image is pinned. */
  readonly imageDigest?: string;
  /** A namespaced template with the name of an existing cluster template. */
  readonly shadows?: boolean;
}

/** Whether both are the same to every policy. */
export function isSameTemplate(one: TemplateIdentity, other: TemplateIdentity): boolean {
  const [shadows, otherShadows] = [one, other].map((template) => template.shadows ?? false);
  return one.name === other.name && one.kind === other.kind && one.imageDigest === other.imageDigest && shadows === otherShadows;
}

/** A grant and the policy it comes from. */
export interface Granted<Grant> {
  readonly policy: string;
  readonly grant: Grant;
}

export interface EgressRequirement {
  readonly host: string;
  /** Empty: any port. */
  readonly ports: readonly number[];
}

/** What a template needs and no policy grants. */
export interface Unmet {
  readonly credentials: readonly string[];
  readonly egress: readonly EgressRequirement[];
}

/** Stands for every port, in grants and in requirements. */
const ANY_PORT = 0;

/** The policies that apply to a template, sorted by name. */
export function policiesFor(policies: readonly NamedPolicy[], template: TemplateIdentity): NamedPolicy[] {
  return policies.filter(({ spec }) => appliesTo(spec, template)).sort(byName);
}

/** The grant of a credential; undefined when no policy has one. */
export function credentialGrant(policies: readonly NamedPolicy[], credential: string): Granted<CredentialGrantSpec> | undefined {
  return firstGrant(policies, ({ grants }) => grants.credentials?.find(({ name }) => name === credential));
}

/** The grant that lets connections to `host` and `port` out; undefined when no policy has one. */
export function egressGrant(policies: readonly NamedPolicy[], host: string, port: number): Granted<EgressGrantSpec> | undefined {
  return firstGrant(policies, ({ grants }) => grants.egress?.find((grant) => lets(grant, host, port)));
}

/**
 * Every grant that lets connections to `host` and `port` out, by sorted policy name. Each may be limited
 * to other methods and paths; a request passes when one of them covers it.
 */
export function egressGrants(policies: readonly NamedPolicy[], host: string, port: number): Granted<EgressGrantSpec>[] {
  return [...policies].sort(byName).flatMap(({ name, spec }) => (spec.grants.egress ?? [])
    .filter((grant) => lets(grant, host, port))
    .map((grant) => ({ policy: name, grant })));
}

/** What of the requirements the policies do not grant; a requirement without ports needs a grant for any port. */
export function unmetRequirements(requires: RequirementsSpec | undefined, policies: readonly NamedPolicy[]): Unmet {
  const credentials = (requires?.credentials ?? []).map(({ name }) => name).filter((name) => credentialGrant(policies, name) === undefined);
  const egress = (requires?.egress ?? []).flatMap(({ host, ports = [] }) => {
    const wanted = ports.length === 0 ? [ANY_PORT] : ports;
    const missing = wanted.filter((port) => egressGrant(policies, host, port) === undefined);
    return missing.length === 0 ? [] : [{ host, ports: missing.includes(ANY_PORT) ? [] : missing }];
  });
  return { credentials, egress };
}

/** Every Secret that a policy names, sorted, each once. */
export function secretNames(spec: BrokerPolicySpec): string[] {
  return [...new Set((spec.grants.credentials ?? []).map(({ provider }) => provider.secretRef.name))].sort();
}

function appliesTo(spec: BrokerPolicySpec, template: TemplateIdentity): boolean {
  if (!templateMatches(spec.appliesToTemplates, template.name)) return false;
  // Whoever may create templates in a namespace could otherwise borrow the grants of a cluster template by its name.
  const kinds = spec.templateKinds ?? (template.shadows === true ? ['ClusterHarnessTemplate'] : undefined);
  if (kinds !== undefined && !kinds.includes(template.kind)) return false;
  return spec.imageDigests === undefined || (template.imageDigest !== undefined && spec.imageDigests.includes(template.imageDigest));
}

function lets(grant: EgressGrantSpec, host: string, port: number): boolean {
  return hostCovers(grant.host, host) && portCovers(grant.ports, port);
}

function firstGrant<Grant>(policies: readonly NamedPolicy[], find: (spec: BrokerPolicySpec) => Grant | undefined): Granted<Grant> | undefined {
  let first: Granted<Grant> | undefined;
  for (const { name, spec } of policies) {
    if (first !== undefined && name >= first.policy) continue;
    const grant = find(spec);
    if (grant !== undefined) first = { policy: name, grant };
  }
  return first;
}

function byName(a: NamedPolicy, b: NamedPolicy): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}
