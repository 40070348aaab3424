import * as fc from 'fast-check';
import { rawToken } from './tokens';
import { bearerOf, jwtIssuer } from '../../../../sidecar/src/gateway/auth/bearer';

test.each(['Bearer abc', 'bearer abc', 'BEARER abc'])('%j carries abc', (header) => {
  expect(bearerOf(header)).toBe('abc');
});

test.each([undefined, '', 'Bearer', 'Bearer ', 'Bearer  abc', 'Bearer abc ', 'Bearer a b', 'Basic abc', 'abc', ' Bearer abc', 'Bearer a\u00e9', `Bearer ${'a'.repeat(12 * 1024)}`])('%j carries nothing', (header) => {
  expect(bearerOf(header)).toBeUndefined();
});

test('a JWT is known by its form, and names its issuer', () => {
  expect(jwtIssuer(rawToken({ alg: 'none' }, { iss: 'https://id.example.com' }, 'c2ln'))).toEqual({ issuer: 'https://id.example.com' });
});

test.each<[string, string]>([
  ['whose claims are no JSON', `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.abc.def`],
  ['whose issuer is no text', rawToken({ alg: 'ES256' }, { iss: 7 }, 'c2ln')],
  ['without issuer', rawToken({ alg: 'ES256' }, {}, 'c2ln')],
])('a JWT %s is of nobody, but no key', (_, token) => {
  expect(jwtIssuer(token)).toEqual({ issuer: undefined });
});

test.each(['abc', 'a.b.c', 'sk-live.0123.4567', '..', 'WzFd.WzFd.WzFd', `${Buffer.from('{}').toString('base64url')}.abc`])('%j can only be a key', (bearer) => {
  expect(jwtIssuer(bearer)).toBeUndefined();
});

test('no header makes it throw', () => {
  fc.assert(fc.property(fc.string(), (text) => {
    const bearer = bearerOf(`Bearer ${text}`);
    if (bearer !== undefined) jwtIssuer(bearer);
  }));
});
