import type { KeyObject } from 'node:crypto';
import { importPKCS8, SignJWT } from 'jose';

type Claims = Readonly<Record<string, unknown>>;

/** As golang-jwt writes a token: `alg` and `typ` in the header, times in whole seconds. */
export async function signed(alg: 'RS256' | 'ES256', key: KeyObject, claims: Claims): Promise<string> {
  const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  return new SignJWT({ ...claims }).setProtectedHeader({ alg, typ: 'JWT' }).sign(await importPKCS8(pem, alg));
}

/** What the controller of AgentCube's pull request 352 claims, and nothing of ours. */
export function controllerClaims(session: string, sessionKeyPem: string): Claims {
  const iat = Math.floor(Date.now() / 1000);
  return { session_public_key: sessionKeyPem, iss: 'agentcube-workload-manager', sub: session, exp: iat + 120, iat, jti: crypto.randomUUID() };
}

/** What AgentCube's router claims for a caller that it has authenticated by OIDC. */
export function routerClaims(session: string): Claims {
  const iat = Math.floor(Date.now() / 1000);
  return { session_id: session, user_sub: 'alice', user_email: 'alice@example.com', iss: 'agentcube-router', exp: iat + 300, iat };
}
