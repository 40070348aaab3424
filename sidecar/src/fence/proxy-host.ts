import { isIP } from 'node:net';

/** The host of a proxy URL, as it is connected to. Throws when it is no address: the pod has no DNS. */
export function proxyHost(proxyUrl: string): string {
  const { protocol, hostname } = parsed(proxyUrl);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (protocol !== 'http:' || isIP(host) === 0) throw new Error(`proxy-url must be http:// with an IP address, got ${JSON.stringify(proxyUrl.slice(0, LONGEST_SHOWN))}`);
  return host;
}

const LONGEST_SHOWN = 128;

function parsed(text: string): { protocol: string; hostname: string } {
  try {
    return new URL(text);
  } catch {
    return { protocol: '', hostname: '' };
  }
}
