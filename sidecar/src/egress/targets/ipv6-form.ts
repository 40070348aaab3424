import { isIPv6 } from 'node:net';

/**
 * The one form of an IPv6 address, all of it in hexadecimal groups: https://url.spec.whatwg.org/#concept-ipv6-serializer. Undefined for
 * anything else, an address with zone included. ipaddr.js takes `::1.2.3.4` for `::ffff:1.2.3.4`, so it is given only this form.
 */
export function ipv6Form(text: string): string | undefined {
  return !text.includes('%') && isIPv6(text) ? new URL(`http://[${text}]/`).hostname.slice(1, -1) : undefined;
}
