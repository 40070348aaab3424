import { ReachPod } from '../../src/manifests/reach';

export const HUGE = { namespaces: 500, podsInEach: 2_000, policies: 1_000 };

/** Pods of four apps in each namespace. Like those of a StatefulSet, each has a label and an address that no other has. */
export function hugePods(podsInEach: number, namespaces = HUGE.namespaces): ReachPod[] {
  return Array.from({ length: namespaces * podsInEach }, (_, index): ReachPod => ({
    namespace: `ns-${index % namespaces}`,
    name: `pod-${index}`,
    labels: { 'app': `app-${Math.floor(index / namespaces) % 4}`, 'apps.kubernetes.io/pod-index': `${index}` },
    ips: [`10.${Math.floor(index / 65_536)}.${Math.floor(index / 256) % 256}.${index % 256}`],
  }));
}

/** Two policies for each namespace: who may come in to two of its apps, from pods of the next namespace and from addresses. */
export const HUGE_POLICIES = Array.from({ length: HUGE.policies }, (_, index) => {
  const next = `ns-${(index + 1) % HUGE.namespaces}`;
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `p-${Math.floor(index / HUGE.namespaces)}`, namespace: `ns-${index % HUGE.namespaces}` },
    spec: {
      podSelector: { matchLabels: { app: `app-${Math.floor(index / HUGE.namespaces)}` } },
      ingress: [{
        from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': next } } }, { ipBlock: { cidr: '192.168.0.0/16' } }],
        ports: [{ port: 80 }],
      }],
    },
  };
});
