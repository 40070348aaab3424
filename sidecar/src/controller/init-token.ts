import { KeyObject, randomUUID } from 'node:crypto';
import { INIT_ISSUER, INIT_TOKEN_SECONDS, InitChallenge, InitClaims, InitRequest } from '../../../src/protocol/session-api';
import { p256FromJwk, p256ToPem, thumbprintOf } from '../crypto/p256';
import { hashOfSealed, sealToKey } from '../crypto/sealed-to-key';
import { signToken } from '../crypto/signed-token';

/** A key whose public half the daemons know. */
export interface BootstrapKey {
  readonly privateKey: KeyObject;
  readonly kid?: string;
}

/** What a daemon is to become. */
export interface NewSession {
  readonly id: string;
  /** On P-256. */
  readonly publicKey: KeyObject;
  /**
   * UID of the pod, as the API server tells it.
   * @default - the token is bound to the boot of the daemon only
   */
  readonly podUid?: string;
  /**
   * For the commands of the session.
   * @default - none
   */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The body of `POST /init`, for this boot of one daemon alone. `now` in milliseconds; undefined for a challenge without a usable key. */
export async function initRequest(session: NewSession, challenge: InitChallenge, key: BootstrapKey, now: number): Promise<InitRequest | undefined> {
  const bootKey = p256FromJwk(challenge.publicKey);
  if (bootKey === undefined) return undefined;
  const { id, publicKey, podUid, environment } = session;
  const env = environment === undefined ? undefined : await sealToKey(JSON.stringify(environment), bootKey);
  const iat = Math.floor(now / 1000);
  const claims: InitClaims = {
    iss: INIT_ISSUER,
    sub: id,
    iat,
    exp: iat + INIT_TOKEN_SECONDS,
    jti: randomUUID(),
    session_public_key: p256ToPem(publicKey),
    boot_id: challenge.bootId,
    boot_key_thumbprint: thumbprintOf(bootKey),
    ...(podUid === undefined ? {} : { pod_uid: podUid }),
    ...(env === undefined ? {} : { env_sha256: hashOfSealed(env) }),
  };
  return { token: signToken(claims, key.privateKey, key.kid), ...(env === undefined ? {} : { env }) };
}
