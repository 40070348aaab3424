import { KubeObject, podOf } from './read-output';

/** What was synthesized, for a person: objects by part, who may talk to whom, who may read which Secret. */
export function summary(objects: readonly KubeObject[]): string {
  return [
    section('Objects by part', objectsByPart(objects)),
    section('Who may talk to whom (nothing else may)', flows(objects)),
    section('Which account may use which Secret', secrets(objects)),
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string {
  return [title, ...lines.map((line) => `  ${line}`), ''].join('\n');
}

function objectsByPart(objects: readonly KubeObject[]): string[] {
  const parts = new Map<string, Map<string, number>>();
  for (const { kind, metadata } of objects) {
    const part = metadata.labels?.['cdk8s-agent-platform/part'] ?? 'other';
    const kinds = parts.get(part) ?? new Map<string, number>();
    parts.set(part, kinds.set(kind, (kinds.get(kind) ?? 0) + 1));
  }
  return [...parts].map(([part, kinds]) => {
    const list = [...kinds].map(([kind, count]) => (count === 1 ? kind : `${count} ${kind}`));
    return `${part.padEnd(12)} ${list.join(', ')}`;
  });
}

/** Reads the NetworkPolicies, not the table they were made from. */
function flows(objects: readonly KubeObject[]): string[] {
  return objects.filter(({ kind }) => kind === 'NetworkPolicy').flatMap(({ spec, metadata }) => {
    const pods = `${podsOf(spec.podSelector)} in ${metadata.namespace}`;
    const egress = (spec.egress ?? []).map(({ to, ports }: any) => `${pods} -> ${to.map(peer).join(' or ')} on ${portList(ports)}`);
    const ingress = (spec.ingress ?? []).map(({ from, ports }: any) => `${from.map(peer).join(' or ')} -> ${pods} on ${portList(ports)}`);
    return [...egress, ...ingress];
  });
}

function podsOf(selector: { matchLabels?: Record<string, string> }): string {
  const labels = Object.entries(selector?.matchLabels ?? {});
  if (labels.length === 0) return 'all pods';
  return labels.map(([key, value]) => (key.startsWith('cdk8s-agent-platform/') ? value : `${key}=${value}`)).join(' ');
}

function peer({ ipBlock, podSelector, namespaceSelector }: any): string {
  if (ipBlock !== undefined) return `${ipBlock.cidr}${ipBlock.except === undefined ? '' : ` except ${ipBlock.except.length} ranges`}`;
  const namespace = namespaceSelector?.matchLabels?.['kubernetes.io/metadata.name'];
  return `${podsOf(podSelector)}${namespace === undefined ? '' : ` in ${namespace}`}`;
}

function portList(ports: readonly { port: number; protocol: string }[]): string {
  return ports.map(({ port, protocol }) => `${protocol} ${port}`).join(', ');
}

function secrets(objects: readonly KubeObject[]): string[] {
  const byApi = objects.filter(({ kind }) => kind === 'RoleBinding').flatMap((binding) => {
    const role = objects.find(({ kind, metadata }) =>
      kind === 'Role' && metadata.name === binding.roleRef.name && metadata.namespace === binding.metadata.namespace);
    const rules = (role?.rules ?? []).filter(({ resources }: any) => resources.includes('secrets'));
    return rules.map(({ verbs, resourceNames }: any) =>
      `${binding.subjects[0].namespace}/${binding.subjects[0].name} may ${verbs.join(' and ')} ${binding.metadata.namespace}/${resourceNames?.join(', ') ?? 'those of runs'}`);
  });
  const mounted = objects.flatMap((object) => (podOf(object)?.volumes ?? [])
    .filter(({ secret }: any) => secret !== undefined)
    .map(({ secret }: any) => `${object.metadata.namespace}/${object.metadata.name} mounts ${secret.secretName}`));
  return [...byApi, ...mounted];
}
