import { HOSTS } from './catalog';
import type { Wire } from './wire';
import type { EgressWorld } from './world';

/** How a request that the proxy reads comes to it: out of a tunnel, to a base URL, or in absolute-form. */
export const WAYS = ['intercepted', 'baseUrl', 'plain'] as const;
export type Way = (typeof WAYS)[number];

/** Where each way leads to, when a test does not care. */
export const USUAL_HOST: Readonly<Record<Way, string>> = { intercepted: HOSTS.api, baseUrl: HOSTS.api, plain: HOSTS.files };

export interface Sent {
  readonly method?: string;
  readonly host?: string;
  readonly path?: string;
  /** Lines between `Host` and the end of the head. */
  readonly fields?: readonly string[];
  readonly body?: string;
  readonly version?: string;
}

/** A head as the way has it, with what the proxy asks for to let it in. */
export function headFor(world: EgressWorld, way: Way, { method = 'GET', host = USUAL_HOST[way], path = '/', fields = [], version = '1.1' }: Sent = {}): string {
  const { one } = world;
  const target = { intercepted: path, baseUrl: `/${host}${path}`, plain: `http://${host}${path}` }[way];
  const named = { intercepted: host, baseUrl: 'proxy.test', plain: host }[way];
  const shown = way === 'plain' ? [one.proxyAuthorization] : fields.some((field) => /^authorization:/i.test(field)) ? [] : [`Authorization: Bearer ${one.bearers.api}`];
  return [`${method} ${target} HTTP/${version}`, `Host: ${named}`, ...shown, ...fields, '', ''].join('\r\n');
}

/** A connection on which a head of `headFor` may be sent. */
export function openWay({ one }: EgressWorld, way: Way, host = USUAL_HOST[way]): Promise<Wire> {
  if (way === 'intercepted') return one.tunnel(host);
  return one.dial(way === 'plain' ? 'proxy' : 'baseUrl');
}

/** Sends a request, and resolves to its connection. */
export async function sent(world: EgressWorld, way: Way, what: Sent = {}): Promise<Wire> {
  const wire = await openWay(world, way, what.host);
  return wire.send(headFor(world, way, what) + (what.body ?? ''));
}
