import type { IncomingMessage } from 'node:http';
import { ApiKeys, openApiKeys } from './api-keys-file';
import { bearerOf, jwtIssuer } from './bearer';
import { httpsGet } from './https-get';
import { DiscoveredKeys, IssuerKeys, openFileKeys } from './issuer-keys';
import { readIssuers } from './issuers-file';
import { MAX_KEY_SET } from './key-set';
import { OidcIssuer } from './oidc';
import type { IssuerEntry } from '../../../../src/protocol/session-pools';
import { refuse } from '../../server/http/sessions-errors';
import type { Logger } from '../../server/telemetry/log';
import type { Clock } from '../../server/time/clock';
import type { Entrance } from '../deps';
import type { Principal } from '../principal';

/** Where clients are known from, as the environment names it. */
export interface ClientSources {
  readonly ISSUERS_FILE?: string;
  readonly API_KEYS_FILE?: string;
  readonly ANONYMOUS: boolean;
}

export interface ClientsOptions extends ClientSources {
  readonly clock: Clock;
  readonly log: Logger;
  readonly pollMilliseconds?: number;
}

/** Who may use the gateway. */
export interface Clients extends Pick<Entrance, 'authenticate'> {
  /** Why nobody can be let in yet; undefined when somebody can. */
  problem(): string | undefined;
  close(): void;
}

/** What is wrong with the choice; empty when nothing is. */
export function clientProblems({ ISSUERS_FILE, API_KEYS_FILE, ANONYMOUS }: ClientSources): string[] {
  const named = ISSUERS_FILE !== undefined || API_KEYS_FILE !== undefined;
  if (ANONYMOUS && named) return ['ANONYMOUS=true lets everybody in; unset it, or ISSUERS_FILE and API_KEYS_FILE'];
  return ANONYMOUS || named ? [] : ['ISSUERS_FILE or API_KEYS_FILE must say who may use the gateway; ANONYMOUS=true lets everybody in'];
}

/** Nobody is told apart, so nobody owns a session. */
const ANYBODY: Principal = { admin: false, key: 'anonymous' };

/** Of one exchange with a provider. */
const PROVIDER_MILLISECONDS = 5000;

/** Rejects when ISSUERS_FILE cannot be used. Providers and API keys may come later. */
export async function openClients(options: ClientsOptions): Promise<Clients> {
  if (options.ANONYMOUS) return { authenticate: () => ANYBODY, problem: () => undefined, close: () => undefined };
  const entries = options.ISSUERS_FILE === undefined ? [] : await readIssuers(options.ISSUERS_FILE);
  const opened = await Promise.all(entries.map(async (entry) => ({ entry, keys: await keysOf(entry, options) })));
  const issuers = new Map(opened.map(({ entry, keys }) => [entry.issuer, new OidcIssuer({ ...options, entry, keys })]));
  const apiKeys = options.API_KEYS_FILE === undefined ? undefined : await openKeys(options.API_KEYS_FILE, options);
  // The first client need not wait for the provider; one that does not answer is asked again when somebody comes.
  for (const { keys } of opened) keys.current().catch(() => undefined);
  return {
    authenticate: (request) => authenticate(request, issuers, apiKeys),
    problem: () => apiKeys?.problem(),
    close: () => {
      apiKeys?.close();
      for (const { keys } of opened) keys.close();
    },
  };
}

/** Whatever is wrong, the answer is the same: it never says which part was right. */
async function authenticate(
  { headers }: Pick<IncomingMessage, 'headers'>, issuers: ReadonlyMap<string, OidcIssuer>, apiKeys: ApiKeys | undefined,
): Promise<Principal> {
  const bearer = bearerOf(headers.authorization);
  const principal = bearer === undefined ? undefined : await principalOf(bearer, issuers, apiKeys);
  if (principal === undefined) throw refuse('UNAUTHORIZED', 'a valid token or API key for this gateway is needed');
  return principal;
}

/** The form alone says which of the two it is, so that nothing is tried as both. */
async function principalOf(bearer: string, issuers: ReadonlyMap<string, OidcIssuer>, apiKeys: ApiKeys | undefined): Promise<Principal | undefined> {
  const jwt = jwtIssuer(bearer);
  if (jwt === undefined) return apiKeys?.principalOf(bearer);
  return jwt.issuer === undefined ? undefined : issuers.get(jwt.issuer)?.principalOf(bearer);
}

function keysOf({ issuer, jwksFile, caFile }: IssuerEntry, { clock, log, pollMilliseconds }: ClientsOptions): IssuerKeys | Promise<IssuerKeys> {
  const refused = (problem: string): void => log.error({ issuer, problem }, 'the keys of the issuer cannot be used; those from before stay');
  if (jwksFile !== undefined) return openFileKeys(jwksFile, refused, pollMilliseconds);
  return new DiscoveredKeys({ issuer, get: httpsGet({ caFile, maxBytes: MAX_KEY_SET, timeoutMilliseconds: PROVIDER_MILLISECONDS }), clock, refused });
}

function openKeys(file: string, { log, pollMilliseconds }: ClientsOptions): Promise<ApiKeys> {
  const refused = (problem: string): void => log.error({ problem }, 'the file with API keys cannot be used; the keys from before stay');
  return openApiKeys({ file, refused, pollMilliseconds });
}
