import { ReachPod } from '../../src/manifests/reach';

export interface World {
  readonly pods: ReachPod[];
  readonly policies: object[];
}

/** Twenty pods of five apps in each namespace, and two policies for each app there. */
export function worldOf(size: number): World {
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

/** The same pairs for everybody who is asked: a stride that meets every part of the list. */
export function pairs(pods: readonly ReachPod[], count: number): [ReachPod, ReachPod][] {
  return Array.from({ length: count }, (_, index) => [pods[(index * 7919) % pods.length], pods[(index * 104_729 + 13) % pods.length]]);
}
