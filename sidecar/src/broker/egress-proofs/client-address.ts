import { isIP, SocketAddress } from 'node:net';

/** An IPv4 address in IPv6. https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2 */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;

/** Whether two texts are one address: IPv6 has many spellings, and IPv4 may come as IPv6. What is no address is none. */
export function isSameAddress(one: string, other: string): boolean {
  const spelling = spellingOf(one);
  return spelling !== undefined && spelling === spellingOf(other);
}

/** https://www.rfc-editor.org/rfc/rfc5952; undefined for anything but an address without zone. */
function spellingOf(text: string): string | undefined {
  const version = text.includes('%') ? 0 : isIP(text);
  if (version === 0) return undefined;
  const { address } = new SocketAddress({ address: text, family: version === 4 ? 'ipv4' : 'ipv6' });
  return MAPPED.exec(address)?.[1] ?? address;
}
