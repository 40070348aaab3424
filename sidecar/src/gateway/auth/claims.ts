import { IssuerEntry, OWNER_PREFIXES } from '../../../../src/protocol/session-pools';
import { RECORD_LIMITS } from '../../../../src/protocol/session-record';
import { isFields } from '../../server/text/fields';
import type { Principal } from '../principal';

/** Claims of a token whose signature, issuer, audience and times are good. */
export type VerifiedClaims = Readonly<Record<string, unknown>>;

export type Judgement = Principal | 'nobody' | 'role-missing';

/** Names of namespace and account: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/ */
const ACCOUNT = new RegExp(`^${OWNER_PREFIXES.serviceAccount}[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?:[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`);

/** What can be percent-encoded, logged and compared: no control characters, no halves of characters. */
const SUBJECT = /^[^\p{Cc}\p{Cs}]+$/u;

/** Who a token stands for. */
export function judge(entry: IssuerEntry, claims: VerifiedClaims): Judgement {
  const owner = ownerOf(entry, claims.sub);
  if (owner === undefined) return 'nobody';
  const { roleClaim, requiredRole, adminRole } = entry;
  const roles = roleClaim === undefined ? [] : rolesIn(claims, roleClaim);
  if (requiredRole !== undefined && !roles.includes(requiredRole)) return 'role-missing';
  return { owner, admin: adminRole !== undefined && roles.includes(adminRole), key: owner };
}

/**
 * Issuers are https URLs, so `<issuer>#<sub>` begins like neither a ServiceAccount nor an API key, and is another's
 * for another issuer. https://kubernetes.io/docs/reference/access-authn-authz/authentication/#configuring-the-api-server
 */
function ownerOf({ kind, issuer }: IssuerEntry, sub: unknown): string | undefined {
  if (typeof sub !== 'string' || !SUBJECT.test(sub)) return undefined;
  if (kind === 'kubernetes') return ACCOUNT.test(sub) ? sub : undefined;
  const owner = `${issuer}#${sub}`;
  return owner.length > RECORD_LIMITS.owner ? undefined : owner;
}

/** A claim of that name, which may have dots in it as URLs do, or else a path of claims. */
function rolesIn(claims: VerifiedClaims, roleClaim: string): readonly unknown[] {
  const found = Object.hasOwn(claims, roleClaim) ? claims[roleClaim] : roleClaim.split('.').reduce<unknown>(member, claims);
  if (typeof found === 'string') return [found];
  return Array.isArray(found) ? found : [];
}

function member(value: unknown, name: string): unknown {
  return isFields(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
