import { Role, ROLES } from '../protocol/names';
import { PortName, PORTS } from '../protocol/ports';

/** What a role talks to, or is called by, outside the platform. Who that is on a given cluster is the user's to say. */
export const PLACES = [
  'api-server', 'broker-callers', 'clients', 'code-host', 'controller-callers', 'dns', 'identity-provider', 'internet', 'monitoring', 'object-store',
  'private-destinations', 'session-store', 'upstream-proxy',
] as const;
export type Place = (typeof PLACES)[number];

/** An end of a flow. */
export type Party = Role | Place;

export type Protocol = 'TCP' | 'UDP';

/** A port as NetworkPolicies name it: the number the pod listens on, never a Service port and never a name. */
export interface PolicyPort {
  readonly port: number;
  readonly protocol: Protocol;
}

/** One allowed direction of connections. */
export interface Flow {
  readonly id: string;
  readonly from: Party;
  readonly to: Party;
  /** Ports of ours by name, ports of places by number. */
  readonly ports: readonly (PortName | number)[];
  /** TCP where not stated. */
  readonly protocols?: readonly Protocol[];
  /** Both where not stated. `ingress`: the receiver would accept, but no sender is let out. `egress`: the other way round. */
  readonly ends?: 'ingress' | 'egress';
  /** Of the role that is not `probe`, only the pods that stand in for it while the network is tried. */
  readonly standIns?: true;
  readonly why: string;
}

/** Ports of an API server as pods see them after address translation: managed ones and those of kubeadm, k3s and kind. */
export const API_SERVER_PORTS = [443, 6443] as const;

/**
 * Who may open a connection to whom. Nothing else passes: both ends of every
 * NetworkPolicy come from these rows. A row has an effect only where both of its
 * ends exist: a role that is deployed, a place that was named.
 */
export const FLOWS: readonly Flow[] = [
  { id: 'egress-to-broker', from: 'egress', to: 'broker', ports: ['broker-api'], why: 'asks about every connection and swaps bearers for credentials' },
  { id: 'controller-to-broker', from: 'controller', to: 'broker', ports: ['broker-api'], why: 'gets and revokes what a session may use' },
  { id: 'operator-to-broker', from: 'operator', to: 'broker', ports: ['broker-api'], why: 'gets, renews and revokes what a run may use' },
  { id: 'broker-callers-to-broker', from: 'broker-callers', to: 'broker', ports: ['broker-api'], why: 'a controller from elsewhere uses this broker' },

  { id: 'clients-to-gateway', from: 'clients', to: 'gateway', ports: ['gateway-api'], why: 'people and programs use sessions' },
  { id: 'gateway-to-controller', from: 'gateway', to: 'controller', ports: ['controller-api'], why: 'asks for a session and learns its address' },
  { id: 'gateway-to-session', from: 'gateway', to: 'session', ports: ['session-api'], why: 'passes requests of clients on' },
  { id: 'controller-to-session', from: 'controller', to: 'session', ports: ['session-api'], why: 'hands a claimed worker its session' },
  { id: 'gateway-to-store', from: 'gateway', to: 'store', ports: ['store'], why: 'reads the sealed key of a session' },
  { id: 'controller-to-store', from: 'controller', to: 'store', ports: ['store'], why: 'keeps sessions' },
  { id: 'gateway-to-session-store', from: 'gateway', to: 'session-store', ports: [PORTS.store], why: 'the same, where the store is not one of the platform' },
  { id: 'controller-to-session-store', from: 'controller', to: 'session-store', ports: [PORTS.store], why: 'the same, where the store is not one of the platform' },
  { id: 'controller-callers-to-controller', from: 'controller-callers', to: 'controller', ports: ['controller-api'], why: 'programs from elsewhere have sessions without the gateway' },

  { id: 'agent-to-egress', from: 'agent', to: 'egress', ports: ['egress-proxy', 'egress-base-url'], why: 'the only way out of a run' },
  { id: 'session-to-egress', from: 'session', to: 'egress', ports: ['egress-proxy', 'egress-base-url'], why: 'the only way out of a worker' },
  { id: 'agent-to-egress-fence', from: 'agent', to: 'egress', ports: ['egress-fence'], ends: 'ingress', why: 'a new run starts once this port stops answering: its own policy holds' },
  { id: 'session-to-egress-fence', from: 'session', to: 'egress', ports: ['egress-fence'], ends: 'ingress', why: 'a new worker starts once this port stops answering: its own policy holds' },
  { id: 'egress-to-internet', from: 'egress', to: 'internet', ports: [80, 443], why: 'carries what the broker allowed, on these ports and those that grants of the app name; private ranges are cut out' },
  { id: 'egress-to-private-destinations', from: 'egress', to: 'private-destinations', ports: [80, 443], why: 'the same, on the same ports, to networks that are named' },
  { id: 'egress-to-upstream-proxy', from: 'egress', to: 'upstream-proxy', ports: [80], why: 'the same through another proxy, on its port; the two above are then closed' },
  { id: 'session-to-object-store', from: 'session', to: 'object-store', ports: [443], why: 'bulk data of a pool that names an object store' },

  { id: 'broker-to-api-server', from: 'broker', to: 'api-server', ports: API_SERVER_PORTS, why: 'reviews tokens, reads policies and provider Secrets' },
  { id: 'controller-to-api-server', from: 'controller', to: 'api-server', ports: API_SERVER_PORTS, why: 'claims workers, reviews tokens, holds its lease' },
  { id: 'operator-to-api-server', from: 'operator', to: 'api-server', ports: API_SERVER_PORTS, why: 'turns runs into pods' },
  { id: 'retention-to-api-server', from: 'retention', to: 'api-server', ports: API_SERVER_PORTS, why: 'removes old audit events' },
  { id: 'egress-to-api-server', from: 'egress', to: 'api-server', ports: API_SERVER_PORTS, why: 'publishes its address and the CA' },

  { id: 'broker-to-dns', from: 'broker', to: 'dns', ports: [53], protocols: ['TCP', 'UDP'], why: 'finds the code host' },
  { id: 'controller-to-dns', from: 'controller', to: 'dns', ports: [53], protocols: ['TCP', 'UDP'], why: 'finds broker and store' },
  { id: 'egress-to-dns', from: 'egress', to: 'dns', ports: [53], protocols: ['TCP', 'UDP'], why: 'resolves names for pods that cannot' },
  { id: 'gateway-to-dns', from: 'gateway', to: 'dns', ports: [53], protocols: ['TCP', 'UDP'], why: 'finds controller, store and identity provider' },
  { id: 'operator-to-dns', from: 'operator', to: 'dns', ports: [53], protocols: ['TCP', 'UDP'], why: 'finds the broker' },

  { id: 'gateway-to-identity-provider', from: 'gateway', to: 'identity-provider', ports: [443], why: 'fetches the keys that sign tokens of people' },
  { id: 'broker-to-code-host', from: 'broker', to: 'code-host', ports: [443], why: 'mints installation tokens of a GitHub App' },

  { id: 'monitoring-to-broker', from: 'monitoring', to: 'broker', ports: ['admin'], why: 'scrapes metrics' },
  { id: 'monitoring-to-controller', from: 'monitoring', to: 'controller', ports: ['admin'], why: 'scrapes metrics' },
  { id: 'monitoring-to-egress', from: 'monitoring', to: 'egress', ports: ['admin'], why: 'scrapes metrics' },
  { id: 'monitoring-to-gateway', from: 'monitoring', to: 'gateway', ports: ['admin'], why: 'scrapes metrics' },
  { id: 'monitoring-to-operator', from: 'monitoring', to: 'operator', ports: ['admin'], why: 'scrapes metrics' },
  { id: 'monitoring-to-session', from: 'monitoring', to: 'session', ports: ['admin'], why: 'scrapes metrics' },
];

/** What pods of a role listen on. */
export function listenPorts(role: Role): PortName[] {
  return [...new Set(FLOWS.filter(({ to }) => to === role).flatMap(({ ports }) => ports))].filter((port) => typeof port === 'string');
}

/**
 * The edges of a network probe, for platforms that have one: to and from the stand-ins of
 * each role. Pods that serve are never opened. The fences are open at one end, and show
 * that the other holds by itself.
 */
export const PROBE_FLOWS: readonly Flow[] = ROLES.filter((role) => role !== 'probe').flatMap((role): Flow[] => [
  { id: `probe-to-${role}`, from: 'probe', to: role, ports: [...listenPorts(role), 'probe'], standIns: true, why: 'shows that somebody listens, so that silence means denial' },
  { id: `probe-to-${role}-fence`, from: 'probe', to: role, ports: ['probe-fence'], ends: 'egress', standIns: true, why: 'shows that the receiving end alone is enough' },
  { id: `${role}-to-probe-fence`, from: role, to: 'probe', ports: ['probe-fence'], ends: 'ingress', standIns: true, why: 'shows that the sending end alone is enough' },
]);

export function isRole(party: Party): party is Role {
  return (ROLES as readonly string[]).includes(party);
}

/** The ports of a flow as numbers. */
export function portsOf(flow: Flow): PolicyPort[] {
  return policyPorts(flow.ports.map((port) => (typeof port === 'number' ? port : PORTS[port])), flow.protocols);
}

/** Every port over every protocol. */
export function policyPorts(ports: readonly number[], protocols: readonly Protocol[] = ['TCP']): PolicyPort[] {
  return ports.flatMap((port) => protocols.map((protocol) => ({ port, protocol })));
}
