import { openedBearers } from '../../../../sidecar/src/broker/leases/opened-bearers';
import { memoryKeyring } from '../../../../sidecar/src/crypto/keyring';
import { MAX_TOKEN_LENGTH, seal } from '../../../../sidecar/src/crypto/sealed-token';
import { HOUR, LEASE, T0 } from '../example-grants';

function setup(max?: number) {
  const time = { now: T0 };
  const keyring = memoryKeyring(() => time.now);
  const decrypted = jest.spyOn(keyring, 'opening');
  return { time, keyring, decrypted, openBearer: openedBearers(keyring, () => time.now, max) };
}

test('a bearer is decrypted once', async () => {
  const { keyring, decrypted, openBearer } = setup();
  const token = await seal(keyring, 'usersecret', LEASE);
  expect(await openBearer(token)).toEqual({ kind: 'usersecret', claims: LEASE });
  expect(await openBearer(token)).toEqual({ kind: 'usersecret', claims: LEASE });
  expect(decrypted).toHaveBeenCalledTimes(1);
});

test('it is forgotten when it ends', async () => {
  const { time, keyring, decrypted, openBearer } = setup();
  const token = await seal(keyring, 'usersecret', LEASE);
  await openBearer(token);
  time.now = LEASE.notAfter;
  await openBearer(token);
  expect(decrypted).toHaveBeenCalledTimes(2);
});

test('no more are remembered than the cap says', async () => {
  const { keyring, decrypted, openBearer } = setup(2);
  const tokens = await Promise.all([1, 2, 3].map(async () => seal(keyring, 'usersecret', LEASE)));
  for (const token of [...tokens, tokens[0]]) await openBearer(token);
  expect(decrypted).toHaveBeenCalledTimes(4);
});

test('a bearer that does not open is not remembered, so guesses push nothing out', async () => {
  const { keyring, decrypted, openBearer } = setup(1);
  const token = await seal(keyring, 'usersecret', LEASE);
  await openBearer(token);
  for (let guess = 0; guess < 10; guess++) expect(await openBearer(`${token}${guess}`)).toEqual({ failure: 'BadSeal' });
  decrypted.mockClear();
  await openBearer(token);
  expect(decrypted).not.toHaveBeenCalled();
});

test('a bearer that differs in one letter is another one', async () => {
  const { keyring, openBearer } = setup();
  const token = await seal(keyring, 'usersecret', LEASE);
  await openBearer(token);
  expect(await openBearer(token.replace('usersecret', 'patpool'))).toEqual({ failure: 'BadSeal' });
});

test('a bearer that is too long is not even hashed', async () => {
  const { decrypted, openBearer } = setup();
  expect(await openBearer(`pdk-usersecret-${'A'.repeat(MAX_TOKEN_LENGTH)}`)).toEqual({ failure: 'TooLong' });
  expect(decrypted).not.toHaveBeenCalled();
});

test('a bearer that has ended already is opened, and left to the checks of time', async () => {
  const { time, keyring, openBearer } = setup();
  const token = await seal(keyring, 'usersecret', LEASE);
  time.now = LEASE.notAfter + HOUR;
  expect(await openBearer(token)).toEqual({ kind: 'usersecret', claims: LEASE });
});
