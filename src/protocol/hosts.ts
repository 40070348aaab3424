/**
 * Host names in grants and requirements. Synth, the custom resource schemas and the broker
 * all take the grammar from here.
 */

/** https://www.rfc-editor.org/rfc/rfc1123#section-2.1 limits a name to 255 octets on the wire, which leaves 253 characters. */
export const MAX_HOST_LENGTH = 253;

/**
 * A lower-case name of RFC 1123 labels, or `*.` in front of one. The last label begins with a letter:
 * whatever ends in a number is read as an IPv4 address, also in its hexadecimal and short forms.
 * https://url.spec.whatwg.org/#ends-in-a-number-checker
 */
export const HOST_PATTERN = '^(\\*\\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?$';

/** Short names of the API server. */
export const INTERNAL_HOSTS = ['kubernetes', 'kubernetes.default'] as const;

/** Zones that exist only inside a pod or a cluster; the zone itself and all names below it are refused. */
export const INTERNAL_ZONES = ['localhost', 'svc', 'cluster.local'] as const;

/** Parents of an internal name: a wildcard below one of them would cover it. */
export const INTERNAL_PARENTS = ['local', 'default'] as const;

export const HOST_MESSAGE = "must be a lower-case host name such as 'api.example.com', or '*.example.com' for every name below it; "
  + 'no IP address, no port, no bare wildcard';

export const INTERNAL_HOST_MESSAGE = 'must be a host outside the cluster: localhost, kubernetes, names in svc or cluster.local and wildcards that cover them are refused';

const HOST = new RegExp(HOST_PATTERN);

/** What is wrong with a host of a grant or requirement; undefined when nothing is. */
export function hostProblem(host: string): string | undefined {
  const wellFormed = host.length <= MAX_HOST_LENGTH && HOST.test(host);
  if (wellFormed && !isInternalHost(host)) return undefined;
  return `host ${JSON.stringify(host)} ${wellFormed ? INTERNAL_HOST_MESSAGE : HOST_MESSAGE}`;
}

/** Whether a host means the pod, the API server or a Service, or is a wildcard that covers such a name. */
export function isInternalHost(host: string): boolean {
  const name = host.startsWith('*.') ? host.slice(2) : host;
  const parents: readonly string[] = INTERNAL_PARENTS;
  const names: readonly string[] = INTERNAL_HOSTS;
  return names.includes(name)
    || INTERNAL_ZONES.some((zone) => name === zone || name.endsWith(`.${zone}`))
    || (name !== host && parents.includes(name));
}

/**
 * Whether a grant for `grantHost` covers `host`. `*.x` covers names of any depth below `x`, never `x` itself;
 * a bare `*` covers nothing.
 */
export function hostCovers(grantHost: string, host: string): boolean {
  const grant = grantHost.toLowerCase();
  const name = host.toLowerCase();
  const star = grant.lastIndexOf('*');
  if (star === -1) return name === grant;
  const zone = grant.slice(1);
  return star === 0 && zone.length > 1 && zone.startsWith('.') && name.endsWith(zone) && name.length > zone.length;
}

/** Whether a grant's ports cover a port. No ports, or 0 among them, cover every port. */
export function portCovers(ports: readonly number[] | undefined, port: number): boolean {
  return ports === undefined || ports.length === 0 || ports.includes(0) || ports.includes(port);
}
