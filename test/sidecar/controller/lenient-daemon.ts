import type { AskDaemon } from '../../../sidecar/src/controller/daemon-client';
import { newP256Pair, p256FromPem, p256ToJwk, thumbprintOf } from '../../../sidecar/src/crypto/p256';
import { openWithKey } from '../../../sidecar/src/crypto/sealed-to-key';

/** A daemon that takes any session with any environment, and tells which it was. */
export function lenientDaemon() {
  const boot = newP256Pair();
  const seen: { environment?: Readonly<Record<string, string>>; claims?: Readonly<Record<string, string>> } = {};
  const ask: AskDaemon = async ({ method, body }) => {
    if (method === 'GET') return { status: 200, body: { bootId: 'boot', publicKey: p256ToJwk(boot.publicKey), initialized: false } };
    const { token, env } = body as { token: string; env?: string };
    const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString()) as Record<string, string>;
    seen.claims = claims;
    seen.environment = env === undefined ? undefined : JSON.parse((await openWithKey(env, boot.privateKey))!);
    return { status: 200, body: { bootId: 'boot', sessionId: claims.sub, keyThumbprint: thumbprintOf(p256FromPem(claims.session_public_key)!) } };
  };
  return { ask, seen };
}
