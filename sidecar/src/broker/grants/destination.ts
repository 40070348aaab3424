import { hostProblem } from '../../../../src/protocol/hosts';

/** Where a request goes: a host in its one spelling, and a port. */
export interface Destination {
  readonly host: string;
  readonly port: number;
}

/**
 * The destination of a request; undefined when no grant could ever cover it. Lower case, and without the dot that
 * ends an absolute name (https://www.rfc-editor.org/rfc/rfc1034#section-3.1): both spell the same name for DNS,
 * and must for us.
 *
 * Addresses in any notation, names outside ASCII, ports or users inside the host, wildcards and names that mean the
 * cluster itself are no destinations. A name with other letters has an ASCII form, and that is what goes over the wire
 * (https://www.rfc-editor.org/rfc/rfc5890#section-2.3.2.1).
 */
export function destinationOf(host: string, port: number): Destination | undefined {
  const name = host.endsWith('.') ? host.slice(0, -1) : host;
  // Unlike toLowerCase, this leaves letters alone that only look like ASCII afterwards, such as the Kelvin sign.
  const lower = name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  if (lower.startsWith('*') || hostProblem(lower) !== undefined) return undefined;
  return Number.isInteger(port) && port >= 1 && port <= 65535 ? { host: lower, port } : undefined;
}
