import { celLiteral, denied, listOf, mapOf } from './admission-cel';
import { podLabels } from './labels';
import { MORE_NETWORKS } from './more-networks';
import { API_GROUP, LABELS, MANAGED_BY } from '../protocol/names';

/**
 * How names begin of labels and annotations by which a network plugin gives a pod more networks, another one or an address
 * of its choice. Of the others, webhooks and Kubernetes itself add some, such as its LimitRanger.
 * https://docs.tigera.io/calico/latest/networking/ipam/use-specific-ip
 * https://docs.cilium.io/en/stable/network/concepts/ipam/multi-pool/ and https://antrea.io/docs/main/docs/antrea-ipam/
 * https://kubeovn.github.io/docs/stable/en/guide/static-ip-mac/ and https://ovn-kubernetes.io/
 * https://cloud.google.com/kubernetes-engine/docs/how-to/setup-multinetwork-support-for-pods
 * https://github.com/Azure/azure-container-networking
 */
const NETWORKS = [
  ...MORE_NETWORKS,
  'cni.projectcalico.org/', 'ipam.cilium.io/', 'ipam.antrea.io/', 'ovn.kubernetes.io/', 'k8s.ovn.org/', 'networking.gke.io/', 'kubernetes.azure.com/pod-network',
];

/** Labels of an agent that say which run it is of. */
const OF_RUN = [LABELS.run, LABELS.runTemplate, LABELS.runHarness, LABELS.runMode, LABELS.runWorkspace, LABELS.attempt];

/** In the labels by which Kubernetes and the platform know pods of others. */
const KNOWN_BY = ['kubernetes.io/', `${MANAGED_BY}/`, `${API_GROUP}/`];

/** What would give a pod of a run another network than agents have, connections that the kubelet makes for it, or those of another workload. */
export function wayOutValidations(platform: string) {
  const { [LABELS.serving]: _serving, ...agent } = podLabels(platform, 'runs', 'agent');
  const fixed = Object.entries(agent).map(([name, value]) => `${name}=${value}`);
  const probes = ['startupProbe', 'livenessProbe', 'readinessProbe', 'lifecycle'];
  return [
    // Services and NetworkPolicies of others mostly select labels without prefix. Those are for users alone: what adds labels by itself must give them one.
    // https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
    denied(
      `variables.labels.all(l, l + '=' + variables.labels[l] in ${celLiteral(fixed)} || l in ${celLiteral(OF_RUN)}`
      + ` || (l.contains('/') && ${celLiteral(KNOWN_BY)}.all(p, !l.contains(p))))`,
      'pods of runs must have the labels of an agent; others need a prefix, and neither that of Kubernetes nor that of the platform',
    ),
    ...['labels', 'annotations'].map((field) => denied(
      `${mapOf('object.metadata', field)}.all(name, ${celLiteral(NETWORKS)}.all(p, !name.startsWith(p)))`,
      `pods of runs must have no ${field} for network plugins`,
    )),
    denied(
      `variables.containers.all(c, ${probes.map((field) => `!has(c.${field})`).join(' && ')})`,
      'containers of runs must have no probes and no lifecycle hooks: with them the kubelet connects to any host',
    ),
    denied(`size(${listOf('object.spec', 'resourceClaims')}) == 0`, 'pods of runs must have no resourceClaims, which may be for networks'),
  ];
}
