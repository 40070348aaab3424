import ipaddr from 'ipaddr.js';

/** A form of IPv6 addresses that lead to an IPv4 address, and the bytes of that one in them. */
interface Form {
  readonly prefix: string;
  readonly length: number;
  readonly bytes: readonly [number, number, number, number];
  /** The address is written with all bits turned round. */
  readonly inverted?: true;
}

const LAST = [12, 13, 14, 15] as const;

const FORMS: readonly Form[] = [
  { prefix: '::ffff:0:0', length: 96, bytes: LAST }, // https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2
  { prefix: '::', length: 96, bytes: LAST }, // https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.1
  { prefix: '64:ff9b::', length: 96, bytes: LAST }, // https://www.rfc-editor.org/rfc/rfc6052#section-2.1
  // A prefix of 48 bits has bits 64 to 71 between the halves. https://www.rfc-editor.org/rfc/rfc6052#section-2.2
  { prefix: '64:ff9b:1::', length: 48, bytes: [6, 7, 9, 10] },
  { prefix: '2002::', length: 16, bytes: [2, 3, 4, 5] }, // https://www.rfc-editor.org/rfc/rfc3056#section-2
  { prefix: '2001::', length: 32, bytes: LAST, inverted: true }, // https://www.rfc-editor.org/rfc/rfc4380#section-4
];

/** In the range of IPv4-compatible addresses, and none of them. */
const LOOPBACK = '0:0:0:0:0:0:0:1';

const NETWORKS = FORMS.map((form) => ({ ...form, base: ipaddr.IPv6.parse(form.prefix) }));

/** The IPv4 address that an IPv6 address leads to; undefined when it is none of that sort. */
export function embeddedIpv4(address: ipaddr.IPv4 | ipaddr.IPv6): string | undefined {
  if (address.kind() === 'ipv4' || address.toNormalizedString() === LOOPBACK) return undefined;
  const form = NETWORKS.find(({ base, length }) => address.match(base, length));
  const bytes = address.toByteArray();
  return form?.bytes.map((index) => (form.inverted === true ? 255 - bytes[index] : bytes[index])).join('.');
}
