import { createHash, createPrivateKey, KeyObject } from 'node:crypto';
import { basic, TOKEN_USER } from './basic-credentials';
import { mintToken } from './github-app-client';
import { scopeKey, scopeOf } from './github-scope';
import type { Http } from './http';
import { ProviderObserver, timed } from './observer';
import type { GrantedRepository, Provider } from './provider';
import { rawValue, unusable } from './secret-value';
import { MintedToken, MintFailure, TokenCache } from './token-cache';
import type { CredentialGrantSpec } from '../../../../src/protocol/policy';
import { credentialHosts } from '../../../../src/protocol/resources';
import type { Clock } from '../../server/time/clock';
import { refuse } from '../refuse';

export interface GitHubAppWorld {
  readonly http: Http;
  readonly clock: Clock;
  readonly observer?: Pick<ProviderObserver, 'minted'>;
}

const GITHUB = 'https://api.github.com';

/** RS256 needs as much. https://www.rfc-editor.org/rfc/rfc7518#section-3.3 */
const MIN_MODULUS = 2048;

/**
 * Installation tokens of a GitHub App, minted when they are needed and shared by all leases that may use the same. The private
 * key never leaves the broker, and another key in the Secret means other tokens at once.
 */
export function gitHubApp({ http, clock, observer }: GitHubAppWorld): Provider {
  const tokens = new TokenCache(clock);

  return {
    kind: 'GitHubApp',
    bearerKind: 'github',
    leaseTag: 'gha',

    /** Mints nothing: a run that never asks costs GitHub nothing, and starts while GitHub is down. */
    async issue(grant, { secrets, repositories }) {
      privateKeyOf(grant, await rawValue(grant, secrets));
      requireOneOwner(grant, repositories);
      return { delivery: 'ProxyInjected', hosts: credentialHosts(grant) };
    },

    /** git sends Basic, `gh` and SDKs `token` or `Bearer`. */
    carriers: () => [{ in: 'header', name: 'authorization' }],

    async exchange(grant, { secrets, repositories, request: { path }, now }) {
      requireOneOwner(grant, repositories);
      const { appId = '', installationId = '', apiEndpoint: endpoint = GITHUB } = grant.provider;
      const pem = await rawValue(grant, secrets);
      const scope = scopeOf(repositories, path);
      const fingerprint = createHash('sha256').update(pem).digest('hex');
      const installation = { endpoint, appId, installationId };
      const mint = async (): Promise<MintedToken> => mintToken(http, { ...installation, privateKey: privateKeyOf(grant, pem) }, scope, now);
      const key = JSON.stringify([endpoint, appId, installationId, fingerprint, scopeKey(scope)]);
      const token = await tokens.get(key, () => timed(mint, clock, (...times) => observer?.minted?.('GitHubApp', ...times))).catch((error: unknown) => {
        // Other grants may have waited for the same token: what is wrong with the Secret is told in the words of this one.
        privateKeyOf(grant, pem);
        throw error instanceof MintFailure ? failed(grant, error) : error;
      });
      return { setHeaders: { Authorization: basic(TOKEN_USER, token) } };
    },
  };
}

/** PKCS#1, as GitHub writes it, or PKCS#8. */
function privateKeyOf(grant: CredentialGrantSpec, pem: string): KeyObject {
  const key = parsed(pem);
  if (key?.asymmetricKeyType !== 'rsa') throw unusable(grant, 'is not an unencrypted RSA private key in PEM');
  const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < MIN_MODULUS) throw unusable(grant, `is an RSA key of ${modulusLength} bits; at least ${MIN_MODULUS} are needed`);
  return key;
}

function parsed(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey({ key: pem, format: 'pem' });
  } catch {
    return undefined;
  }
}

/** An installation belongs to one account, and GitHub is asked for repositories by name alone. */
function requireOneOwner({ name }: CredentialGrantSpec, repositories: readonly GrantedRepository[]): void {
  const owners = new Set(repositories.map(({ owner }) => owner.toLowerCase()));
  if (owners.size <= 1) return;
  throw refuse('ProviderFailure', `credential ${name} of GitHubApp: its policy names repositories of ${[...owners].join(' and ')}; an installation has one owner`);
}

function failed({ name }: CredentialGrantSpec, { message, waitMilliseconds }: MintFailure) {
  return refuse('ProviderFailure', `credential ${name} of GitHubApp: ${message}`, { retryAfterSeconds: Math.max(Math.ceil(waitMilliseconds / 1000), 1) });
}
