/**
 * Every port a pod of the platform listens on, by name. Container ports, Services,
 * probes, addresses in environments and both ends of NetworkPolicies come from here.
 * Names fit the 15 characters of RFC 6335 service names.
 */
export const PORTS = {
  'broker-api': 8443,
  'egress-proxy': 15001,
  'egress-base-url': 15002,
  'egress-fence': 15003,
  'controller-api': 8090,
  'gateway-api': 8080,
  'session-api': 8080,
  'store': 6379,
  /** Where pods that stand in for others are told to begin, and asked what they saw. */
  'probe': 8089,
  /** Open at one end only while the network is tried, to see that the other one holds. */
  'probe-fence': 8091,
  /** `/livez`, `/readyz` and `/metrics` of every role. */
  'admin': 8081,
} as const;

export type PortName = keyof typeof PORTS;
