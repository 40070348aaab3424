import { refuse } from './refuse';
import { tokenTimes } from './token-times';
import { INIT_ISSUER, INIT_TOKEN_SECONDS, InitClaims, SESSION_ID_PATTERN } from '../../../src/protocol/session-api';
import type { Claims } from '../crypto/signed-token';

/** What the claims of an init token are compared with. */
export interface Expected {
  /** Seconds since 1970. */
  readonly now: number;
  readonly bootId: string;
  readonly bootThumbprint: string;
  /**
   * Whether a token must name the boot.
   * @default - tokens of the proposal's controllers, which do not, are taken
   */
  readonly requireBootId?: boolean;
  /**
   * The session that the daemon was started for.
   * @default - any
   */
  readonly sessionId?: string;
  /** @default - not known: a token that names a pod is refused */
  readonly podUid?: string;
}

const SESSION_ID = new RegExp(SESSION_ID_PATTERN);

/** Longest id of a token. */
const MAX_JTI = 128;

/** The claims of a token whose signature is good, once they fit this daemon. */
export function checkedClaims(claims: Claims, expected: Expected): InitClaims {
  const { iss, sub, jti, iat, boot_id: bootId, pod_uid: podUid, boot_key_thumbprint: thumbprint, session_public_key: key, env_sha256: hash } = claims;
  if (iat === undefined) throw refused('iat must be a time in seconds');
  const times = tokenTimes(claims, expected.now, INIT_TOKEN_SECONDS);
  if (typeof times === 'string') throw refused(times);
  if (iss !== INIT_ISSUER) throw refused(`iss must be ${INIT_ISSUER}`);
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI) throw refused(`jti must be a text of 1 to ${MAX_JTI} characters`);
  if (typeof sub !== 'string' || !SESSION_ID.test(sub)) throw refused('sub must be a session id: letters, digits, dot, _ and -');
  if (expected.sessionId !== undefined && sub !== expected.sessionId) throw refused('sub is another session than the daemon was started for');
  checkBoot(bootId, expected);
  checkPod(podUid, expected);
  if (thumbprint !== undefined && thumbprint !== expected.bootThumbprint) throw refused('boot_key_thumbprint is that of another key');
  if (hash !== undefined && typeof hash !== 'string') throw refused('env_sha256 must be a text');
  if (typeof key !== 'string') throw refuse('SESSION_KEY_REFUSED', 'session_public_key must be a public key in PEM');
  return claims as unknown as InitClaims;
}

function checkBoot(bootId: unknown, { bootId: ours, requireBootId = false }: Expected): void {
  if (bootId === undefined && !requireBootId) return;
  if (bootId === undefined) throw refuse('BOOT_ID_MISMATCH', 'boot_id is missing; GET /init tells it');
  if (bootId !== ours) throw refuse('BOOT_ID_MISMATCH', 'boot_id is that of another boot; GET /init tells the present one');
}

function checkPod(podUid: unknown, { podUid: ours }: Expected): void {
  if (podUid === undefined) return;
  if (ours === undefined) throw refused('pod_uid cannot be compared: POD_UID is not set');
  if (podUid !== ours) throw refused('pod_uid is that of another pod');
}

function refused(message: string): Error {
  return refuse('INIT_TOKEN_REFUSED', message);
}
