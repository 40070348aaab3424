import { sealSecret } from '../../../../sidecar/src/crypto/envelope';
import { memoryKeyring } from '../../../../sidecar/src/crypto/keyring';
import { verifyingKey, verifyToken } from '../../../../sidecar/src/crypto/signed-token';
import { SessionTokens } from '../../../../sidecar/src/gateway/invocations/session-token';
import type { SessionRecord } from '../../../../src/protocol/session-record';
import { foreignKeys, OTHER_KEY, SESSION_KEY } from '../../session/build-session';
import { MINUTE, recordOf, T0 } from '../../store/records';

const claimsOf = (token: string, key = SESSION_KEY.publicKey) => verifyToken(token, [verifyingKey(key)], 8192);

function tokens(maxSessions?: number) {
  const world = { now: T0 };
  const keyring = memoryKeyring(() => world.now);
  const opening = jest.spyOn(keyring, 'opening');
  const sealed = (id: string | SessionRecord, key = SESSION_KEY.privateKey) => sealSecret(keyring, key.export({ type: 'pkcs8', format: 'pem' }).toString(), typeof id === 'string' ? recordOf(id) : id, 'key');
  return { world, keyring, opening, sealed, tokens: new SessionTokens({ keyring, clock: () => world.now, maxSessions }) };
}

test('a token is signed by the key of the session and lives for five minutes', async () => {
  const { tokens: signer, sealed } = tokens();
  expect(claimsOf(await signer.tokenFor(recordOf('s-1', { sealedKey: sealed('s-1') }))))
    .toEqual({ iss: 'agentcube-router', session_id: 's-1', iat: T0 / 1000, exp: T0 / 1000 + 300 });
});

test('a token is used for half of its life, and its key is opened once', async () => {
  const { tokens: signer, sealed, world, opening } = tokens();
  const record = recordOf('s-1', { sealedKey: sealed('s-1') });
  const first = await signer.tokenFor(record);
  world.now += 2.5 * MINUTE - 1;
  expect(signer.tokenFor(record)).toBe(first);
  world.now += 1;
  const second = signer.tokenFor(record);
  expect(second).not.toBe(first);
  expect(claimsOf(await second)).toMatchObject({ iat: T0 / 1000 + 150 });
  expect(opening).toHaveBeenCalledTimes(1);
});

test('a clock that was set back leaves no token from the future', async () => {
  const { tokens: signer, sealed, world } = tokens();
  const earlier = recordOf('s-1', { createdAt: T0 - MINUTE });
  const record = { ...earlier, sealedKey: sealed(earlier) };
  await signer.tokenFor(record);
  world.now -= MINUTE;
  expect(claimsOf(await signer.tokenFor(record))).toMatchObject({ iat: T0 / 1000 - 60 });
});

test('another key under the same id is another token', async () => {
  const { tokens: signer, sealed } = tokens();
  await signer.tokenFor(recordOf('s-1', { sealedKey: sealed('s-1') }));
  const token = await signer.tokenFor(recordOf('s-1', { sealedKey: sealed('s-1', OTHER_KEY.privateKey) }));
  expect(claimsOf(token, OTHER_KEY.publicKey)).toMatchObject({ session_id: 's-1' });
});

test('keys are forgotten with their sessions, and when there are too many', async () => {
  const { tokens: signer, sealed, opening } = tokens(2);
  const records = ['s-1', 's-2', 's-3'].map((id) => recordOf(id, { sealedKey: sealed(id) }));
  for (const record of [...records, records[0]]) await signer.tokenFor(record);
  expect(opening).toHaveBeenCalledTimes(4);
  signer.forget('s-1');
  await signer.tokenFor(records[0]);
  expect(opening).toHaveBeenCalledTimes(5);
});

test('neither plaintext nor the key of another session nor another kind of key is taken', async () => {
  const { tokens: signer, sealed } = tokens();
  const pem = SESSION_KEY.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  for (const sealedKey of [pem, sealed('s-2'), `${sealed('s-1')}x`, sealed('s-1', foreignKeys().p384.privateKey)]) {
    await expect(signer.tokenFor(recordOf('s-1', { sealedKey }))).rejects.toMatchObject({ code: 'SESSION_PRIVATE_KEY_NOT_FOUND', status: 503 });
  }
});

test('a key that is held open is not used for a record with another owner', async () => {
  const { tokens: signer, sealed } = tokens();
  const record = recordOf('s-1', { sealedKey: sealed('s-1') });
  await signer.tokenFor(record);
  await expect(signer.tokenFor({ ...record, owner: 'oidc|mallory' })).rejects.toMatchObject({ code: 'SESSION_PRIVATE_KEY_NOT_FOUND' });
});
