import { containersOf, isMissing, listOf, securityContexts, shown, unlessAllowed } from './fields';
import { baseline, NOT_APPLICABLE, PodSecurityFinding, PodSecurityRule } from './rule';

const HOST_NAMESPACES = ['hostNetwork', 'hostPID', 'hostIPC'];

/** Rules of the `baseline` standard on what a pod shares with its node. */
export const HOST_RULES: readonly PodSecurityRule[] = [
  baseline('windows-host-process', 'no Windows container runs as a process of the node', (pod) => unlessAllowed(
    securityContexts(pod).map(({ path, context }) => ({ path: `${path}.windowsOptions.hostProcess`, value: context.windowsOptions?.hostProcess })),
    [false],
  )),

  baseline('host-namespaces', 'the pod is in none of the node\'s network, process and IPC namespaces', ({ spec }) => unlessAllowed(
    HOST_NAMESPACES.map((field) => ({ path: `spec.${field}`, value: spec[field] })),
    [false],
  )),

  baseline('privileged', 'no container is privileged', (pod) => unlessAllowed(
    containersOf(pod).map(({ path, container }) => ({ path: `${path}.securityContext.privileged`, value: container.securityContext?.privileged })),
    [false],
  )),

  baseline('host-path-volumes', 'no volume is a folder of the node', ({ spec }) => {
    const volumes = listOf(spec.volumes, 'spec.volumes');
    if (volumes.length === 0) return NOT_APPLICABLE;
    return volumes.filter(({ hostPath }) => !isMissing(hostPath))
      .map(({ name, hostPath }) => ({ path: `spec.volumes[${name}].hostPath`, message: `must be missing, got ${shown(hostPath)}` }));
  }),

  baseline('host-ports', 'no container listens on a port of the node', (pod) => unlessAllowed(
    containersOf(pod).flatMap(({ path, container }) => listOf(container.ports, `${path}.ports`).map((port, index) => (
      { path: `${path}.ports[${port.name ?? index}].hostPort`, value: port.hostPort }
    ))),
    [0],
  )),

  // Since 1.34: KEP-4940, a probe or hook with a host makes the kubelet call whatever address it names.
  baseline('probe-and-hook-hosts', 'probes and lifecycle hooks call the pod itself', (pod) => (
    containersOf(pod).flatMap(({ path, container }) => hostsOf(path, container))
  ), 34),
];

const HANDLERS = [['livenessProbe'], ['readinessProbe'], ['startupProbe'], ['lifecycle', 'postStart'], ['lifecycle', 'preStop']];

function hostsOf(path: string, container: any): PodSecurityFinding[] {
  const named = HANDLERS.flatMap((steps) => {
    const handler = steps.reduce((value, step) => value?.[step], container);
    return ['httpGet', 'tcpSocket'].map((action) => ({ path: [path, ...steps, action, 'host'].join('.'), value: handler?.[action]?.host }));
  });
  return unlessAllowed(named, ['']);
}
