import { textNow } from '../server/files/read-file';

/** Counters of the pod's own network. https://www.kernel.org/doc/html/latest/networking/snmp_counter.html#icmp-counters */
const FILES = ['/proc/net/snmp', '/proc/net/snmp6'] as const;

/** ICMP messages "destination unreachable" that have come so far; 0 where nobody counts, so that nothing is ever taken for one. */
export function unreachables(): number {
  const [ipv4, ipv6] = FILES.map((file) => textNow(file) ?? '');
  return ofIpv4(ipv4) + ofIpv6(ipv6);
}

/** A line of names, and below it one of numbers, for each protocol. */
export function ofIpv4(text: string): number {
  const [names, values] = text.split('\n').filter((line) => line.startsWith('Icmp: ')).map((line) => line.split(' '));
  return counted(values?.[names.indexOf('InDestUnreachs')]);
}

/** A line for each number. */
export function ofIpv6(text: string): number {
  return counted(/^Icmp6InDestUnreachs[ \t]+(\d+)/m.exec(text)?.[1]);
}

function counted(text = ''): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}
