import { X509Certificate } from 'node:crypto';
import * as maker from '../../../../sidecar/src/crypto/self-made-certificate';
import { Authority, newAuthority, parseAuthority, renderAuthority } from '../../../../sidecar/src/egress/authority/authority';
import { newKeyPair } from '../../../helpers/key-pair';

const DAY = 86_400_000;
const NOW = Date.UTC(2030, 0, 1);
const load = async () => maker;

let authority: Authority;
beforeAll(async () => { authority = await newAuthority(NOW, load); });

test('a CA begins an hour before it is made, ends after a year, and signs servers alone', () => {
  expect([authority.created, authority.endsAt]).toEqual([NOW - 3_600_000, NOW + 365 * DAY]);
  const { ca, subject, issuer } = new X509Certificate(authority.cert);
  expect([ca, subject]).toEqual([true, issuer]);
});

test('no two have one name, so that no client takes one for the other', async () => {
  const other = await newAuthority(NOW, load);
  expect(new X509Certificate(other.cert).subject).not.toBe(new X509Certificate(authority.cert).subject);
});

test('what is written is read again', () => {
  expect(parseAuthority('ca-1.pem', renderAuthority(authority))).toEqual(authority);
});

describe('refused is an entry', () => {
  const pkcs8 = (pair: { privateKey: { export(options: object): unknown } }) => String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const served = () => maker.makeServingPair(authority, ['api.example.com'], { now: NOW, notAfter: NOW + DAY });
  const other = () => newAuthority(NOW, load);

  test.each<[string, () => Promise<string> | string, RegExp]>([
    ['that is empty', () => '', /ca-1\.pem is not one certificate and its private key in PEM$/],
    ['without its key', () => authority.cert, /is not one certificate and its private key/],
    ['without its certificate', () => authority.key, /is not one certificate and its private key/],
    ['in the other order', () => authority.key + authority.cert, /is not one certificate and its private key/],
    ['with something behind', () => `${renderAuthority(authority)}planted`, /is not one certificate and its private key/],
    ['with a chain', async () => authority.cert + renderAuthority(await other()), /is not one certificate and its private key/],
    ['with the key of another', async () => authority.cert + (await other()).key, /is not one certificate and its private key/],
    ['with a key that is none', () => authority.cert + authority.key.replace(/M[A-Za-z0-9]{10}/, 'planted'), /is not one certificate and its private key/],
    ['with a key of another kind', () => authority.cert + pkcs8(newKeyPair('ed25519')), /is not one certificate and its private key/],
    ['with a certificate that signs nothing', async () => renderAuthority({ ...authority, ...await served() }), /has no certificate of a CA that signed itself$/],
  ])('%s, and nothing of it is shown', async (_, text, problem) => {
    const wrong = await text();
    let message = '';
    try {
      parseAuthority('Secret agents/egress-ca/ca-1.pem', wrong);
    } catch (error) {
      message = String((error as Error).stack);
    }
    expect(message.split('\n')[0]).toMatch(problem);
    expect(message).not.toContain('planted');
    expect(message).not.toContain(authority.key.split('\n')[1]);
  });
});
