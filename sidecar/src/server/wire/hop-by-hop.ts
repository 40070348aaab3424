/** Of one connection only, and those of old that proxies understand so: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
export const HOP_BY_HOP: readonly string[] = [
  'connection', 'http2-settings', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade',
];

/** What the header `Connection` names besides, in lower case; undefined for the usual values, which name nothing. */
export function namedBy(connection: string | string[] | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined;
  return new Set(String(connection).toLowerCase().split(',').map((name) => name.trim()));
}
