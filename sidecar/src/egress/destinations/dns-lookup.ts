import type { RecordWithTtl } from 'node:dns';
import type { Lookup } from './resolver';

/** What is used of a resolver of `node:dns/promises`. It asks for the name as it is, without search list and hosts file. */
export interface DnsQueries {
  resolve4(host: string, options: { readonly ttl: true }): Promise<RecordWithTtl[]>;
  resolve6(host: string, options: { readonly ttl: true }): Promise<RecordWithTtl[]>;
}

/** Codes that say that there are no such records. https://nodejs.org/api/dns.html#error-codes */
const NONE: readonly unknown[] = ['ENODATA', 'ENOTFOUND'];

/** Asks for both families at once. Of one that fails nothing is used; the name servers of some zones never answer for IPv6. */
export function dnsLookup(queries: DnsQueries): (host: string) => Promise<Lookup> {
  return async (host) => {
    const found = await Promise.allSettled([
      queries.resolve6(host, { ttl: true }).catch(noneWhenMissing),
      queries.resolve4(host, { ttl: true }).catch(noneWhenMissing),
    ]);
    const records = found.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    const failure = found.find((answer) => answer.status === 'rejected');
    if (records.length === 0 && failure !== undefined) throw failure.reason;
    return { addresses: records.map(({ address }) => address), ttl: Math.min(...records.map(({ ttl }) => ttl)) };
  };
}

function noneWhenMissing(error: NodeJS.ErrnoException): RecordWithTtl[] {
  if (NONE.includes(error.code)) return [];
  throw error;
}
