import { hasToken } from '../../../sidecar/src/crypto/embedded-token';

const TOKEN = 'pdk-usersecret-eyJhbGciOiJkaXIifQ..bm9uY2U.Y2lwaGVy.dGFn';
const escaped = (text: string) => [...text].map((one) => `%${one.charCodeAt(0).toString(16)}`).join('');

test.each<[string, string]>([
  ['alone', TOKEN], ['in the middle', `a=${TOKEN}&b`], ['of a kind that nobody knows', TOKEN.replace('usersecret', 'other')], ['that is cut off', 'x pdk-usersecret-'],
  ['escaped', escaped(TOKEN)], ['escaped twice', escaped(escaped(TOKEN))], ['escaped in one place', TOKEN.replace('-', '%2D')],
])('a token %s is seen', (_where, text) => {
  expect(hasToken(text)).toBe(true);
});

test.each(['', '%', 'pdk-', 'pdk-hello', 'the prefix pdk- of tokens', 'PDK-usersecret-x', '%70dk-hello', escaped(escaped(escaped(TOKEN)))])('%j has none', (text) => {
  expect(hasToken(text)).toBe(false);
});
