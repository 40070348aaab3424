import { EmittedObject, sortedBy, unique } from './emitted';
import { Held, policiesOf } from './holders';
import { CredentialGrantSpec, NamedPolicy, credentialGrant } from '../../protocol/policy';
import { PostureCredential, PostureEgress, PosturePolicy } from '../../protocol/posture';
import { credentialHosts, TEMPLATE_KINDS } from '../../protocol/resources';

/** Who may use which credential at which host. Where several policies grant one, the broker takes the first by name. */
export function postureCredentials(held: readonly Held[]): PostureCredential[] {
  return held.flatMap(({ holder, policies }) => {
    const names = unique(policies.flatMap(({ spec }) => (spec.grants.credentials ?? []).map(({ name }) => name)));
    return names.map((name) => {
      const { grant, policy } = credentialGrant(policies, name)!;
      const { kind, secretRef, deliveryMode } = grant.provider;
      const reason = deliveryMode?.inContainer?.reason;
      return {
        holder,
        credential: name,
        provider: kind,
        secret: `${secretRef.name}/${secretRef.key}`,
        hosts: unique(credentialHosts(grant)),
        delivery: deliveryOf(grant),
        inContainer: deliveryMode?.inContainer !== undefined,
        ...(reason === undefined ? {} : { reason }),
        policy,
      };
    });
  });
}

function deliveryOf({ provider: { deliveryMode: delivery } }: CredentialGrantSpec): string {
  if (delivery === undefined) return 'in requests, as the provider has it';
  if (delivery.proxyInjected === undefined) return 'in the container';
  const { header, queryParam, basicAuth } = delivery.proxyInjected;
  if (header !== undefined) return `in the header ${header.name}${header.valuePrefix === undefined ? '' : ` after '${header.valuePrefix}'`}`;
  return queryParam === undefined ? `as password of ${basicAuth?.username}` : `in the query parameter ${queryParam.name}`;
}

/** Where runs may connect to. Grants add up: each is a row. */
export function postureEgress(held: readonly Held[]): PostureEgress[] {
  const rows = held.flatMap(({ holder, policies }) => policies.flatMap(({ name, spec }) => (spec.grants.egress ?? []).map((grant) => ({
    holder,
    host: grant.host,
    // A zero among them stands for every port.
    ports: (grant.ports ?? []).includes(0) ? [] : [...new Set(grant.ports ?? [])].sort((a, b) => a - b).map(String),
    methods: unique(grant.methods ?? []),
    paths: unique(grant.paths ?? []),
    policy: name,
  }))));
  return sortedBy(rows, ({ holder }) => holder.namespace, ({ holder }) => `${holder.kind} ${holder.name}`, ({ host }) => host, JSON.stringify);
}

/** The policies themselves: what they say about templates that do not exist yet, and rights beyond hosts and credentials. */
export function posturePolicies(objects: readonly EmittedObject[], namespaces: readonly string[]): PosturePolicy[] {
  const rows = namespaces.flatMap((namespace) => policiesOf(objects, namespace).map((policy) => policyOf(namespace, policy)));
  return sortedBy(rows, ({ namespace }) => namespace, ({ name }) => name);
}

function policyOf(namespace: string, { name, spec }: NamedPolicy): PosturePolicy {
  const { runs, gitRepos } = spec.grants;
  const discovery = spec.egressDiscovery;
  return {
    namespace,
    name,
    templates: unique(spec.appliesToTemplates),
    kinds: unique(spec.templateKinds ?? TEMPLATE_KINDS),
    images: unique(spec.imageDigests ?? []),
    interact: runs?.interact === true,
    ...(runs?.shell === undefined ? {} : { shell: shellText(runs.shell) }),
    repositories: unique((gitRepos ?? []).map(({ owner, repo, access }) => `${access ?? 'read'} ${owner}/${repo}`)),
    ...(discovery?.accepted === true ? { discovery: { reason: discovery.reason, expiresAt: discovery.expiresAt } } : {}),
  };
}

function shellText({ target, command, allowedPhases }: NonNullable<NonNullable<NamedPolicy['spec']['grants']['runs']>['shell']>): string {
  const phases = allowedPhases === undefined ? '' : ` while ${unique(allowedPhases).join(', ')}`;
  return `in the ${target ?? 'agent'}${command === undefined ? '' : `: ${command.join(' ')}`}${phases}`;
}
