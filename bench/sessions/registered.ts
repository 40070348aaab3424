import type { Places } from './servers';
import { sealSecret } from '../../sidecar/src/crypto/envelope';
import { fileKeyring } from '../../sidecar/src/crypto/keyring';
import { newP256Pair } from '../../sidecar/src/crypto/p256';
import type { SessionStore } from '../../sidecar/src/store/store';
import { SESSION_SCHEMA, SessionRecord } from '../../src/protocol/session-record';

/** Longer than any run. */
const LIFE = 24 * 60 * 60 * 1000;

/** A record as the controller writes it. */
export function recordOf({ sessionKeys }: Places, port: number): (id: string) => SessionRecord {
  const keyring = fileKeyring(sessionKeys, Date.now);
  const pem = newP256Pair().privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return (id) => {
    const session = { id, kind: 'code-interpreter', namespace: 'bench', name: 'stub', owner: 'api-key:bench-0', createdAt: Date.now() } as const;
    return {
      schema: SESSION_SCHEMA,
      ...session,
      phase: 'ready',
      expiresAt: Date.now() + LIFE,
      idleTimeout: LIFE,
      sealedKey: sealSecret(keyring, pem, session, 'key'),
      worker: { pool: 'stub', podName: 'stub', podUid: 'stub', podIP: '127.0.0.1', entryPoints: [{ path: '/', protocol: 'HTTP', port }] },
    };
  };
}

/** Makes a server that is no session daemon the worker of a session, and answers its id. */
export async function register(store: SessionStore, places: Places, url: string): Promise<string> {
  await store.put(recordOf(places, Number(new URL(url).port))('bench-stub'), 0);
  return 'bench-stub';
}
