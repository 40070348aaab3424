import { identity, KubeObject, podOf } from './read-output';

/** What is wrong with a synthesized platform, one line each. It reads the output, so it sees what a cluster would. */
export function findings(objects: readonly KubeObject[]): string[] {
  return [...duplicates(objects), ...keysInPlainSight(objects), ...openNamespaces(objects), ...danglingAccounts(objects), ...softPods(objects)];
}

function duplicates(objects: readonly KubeObject[]): string[] {
  const seen = new Set<string>();
  return objects.map(identity).filter((id) => seen.size === seen.add(id).size).map((id) => `${id} is emitted twice`);
}

function keysInPlainSight(objects: readonly KubeObject[]): string[] {
  return objects.filter(({ kind, data, stringData }) => kind === 'Secret' && (data !== undefined || stringData !== undefined))
    .map((object) => `${identity(object)} carries data`);
}

/** Every namespace must refuse soft pods and unlisted traffic. */
function openNamespaces(objects: readonly KubeObject[]): string[] {
  return objects.filter(({ kind }) => kind === 'Namespace').flatMap((namespace) => {
    const name = namespace.metadata.name;
    const denied = objects.some((object) => object.kind === 'NetworkPolicy' && object.metadata.namespace === name
      && Object.keys(object.spec.podSelector).length === 0 && object.spec.policyTypes.length === 2
      && object.spec.ingress === undefined && object.spec.egress === undefined);
    const enforced = namespace.metadata.labels?.['pod-security.kubernetes.io/enforce'] === 'restricted';
    return [...(denied ? [] : [`namespace ${name} has no default-deny policy`]), ...(enforced ? [] : [`namespace ${name} does not enforce restricted pods`])];
  });
}

function danglingAccounts(objects: readonly KubeObject[]): string[] {
  const ids = new Set(objects.map((object) => `${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`));
  const missing = (owner: KubeObject, kind: string, namespace: string, name: string) =>
    (ids.has(`${kind}/${namespace}/${name}`) ? [] : [`${identity(owner)} names ${kind} ${namespace}/${name}, which is not there`]);
  return objects.flatMap((object) => {
    const namespace = object.metadata.namespace ?? '';
    if (object.roleRef !== undefined) {
      const subjects = object.subjects as { namespace: string; name: string }[];
      return [...missing(object, object.roleRef.kind, namespace, object.roleRef.name),
        ...subjects.flatMap((subject) => missing(object, 'ServiceAccount', subject.namespace, subject.name))];
    }
    const pod = podOf(object);
    return pod === undefined ? [] : missing(object, 'ServiceAccount', namespace, pod.serviceAccountName);
  });
}

function softPods(objects: readonly KubeObject[]): string[] {
  return objects.flatMap((object) => {
    const pod = podOf(object);
    if (pod === undefined) return [];
    const soft = [...(pod.initContainers ?? []), ...pod.containers].filter(({ securityContext: context }) =>
      context?.allowPrivilegeEscalation !== false || context.readOnlyRootFilesystem !== true || context.runAsNonRoot !== true
      || context.capabilities?.drop?.[0] !== 'ALL' || context.seccompProfile?.type !== 'RuntimeDefault');
    return soft.map(({ name }) => `container ${name} of ${identity(object)} is not hardened`);
  });
}
