import fc from 'fast-check';
import { proxyCredential } from '../../../../sidecar/src/egress/identity/proxy-authorization';

const TOKEN = 'pdk-egress-eyJhbGciOiJkaXIifQ..bm9uY2U.Y2lwaGVy.dGFn';
const basic = (text: string, scheme = 'Basic') => [`${scheme} ${Buffer.from(text, 'latin1').toString('base64')}`];

function refusalOf(values: readonly string[] | undefined): unknown {
  try {
    return proxyCredential(values);
  } catch (error) {
    return error;
  }
}

test.each([
  ['a run', 'fix-the-bug', basic(`fix-the-bug:${TOKEN}`)], ['a session', '0196f5c2-aa11-7000-8000-000000000000', basic(`0196f5c2-aa11-7000-8000-000000000000:${TOKEN}`)],
  ['a scheme in other letters', 'r', basic(`r:${TOKEN}`, 'BASIC')], ['a scheme with two blanks', 'r', basic(`r:${TOKEN}`, 'basic ')], ['a long name', 'r'.repeat(253), basic(`${'r'.repeat(253)}:${TOKEN}`)],
])('%s shows its token', (_what, run, values) => {
  expect(proxyCredential(values)).toEqual({ run, token: TOKEN });
});

test('the longest token that the broker seals is read', () => {
  const token = TOKEN + 'x'.repeat(8 * 1024 - TOKEN.length);
  expect(proxyCredential(basic(`${'r'.repeat(253)}:${token}`)).token).toBe(token);
  expect(refusalOf(basic(`r:${token}x`))).toMatchObject({ code: 'PROXY_AUTH_REQUIRED' });
});

test('without a header the client is challenged', () => {
  for (const values of [undefined, []]) {
    expect(refusalOf(values)).toMatchObject({ code: 'PROXY_AUTH_REQUIRED', status: 407, headers: { 'proxy-authenticate': 'Basic realm="agent-platform"' } });
  }
});

test('two headers are refused, equal ones too', () => {
  expect(refusalOf([...basic(`r:${TOKEN}`), ...basic(`r:${TOKEN}`)])).toMatchObject({ code: 'BAD_REQUEST', status: 400 });
});

const padded = Buffer.from(`r:${TOKEN}x`).toString('base64');

test.each([
  ['nothing', ['']], ['a scheme alone', ['Basic']], ['a scheme and a blank', ['Basic ']], ['another scheme', [`Bearer ${TOKEN}`]], ['no Base64', ['Basic !!!!']], ['Base64 of URLs', ['Basic cjpw-_8=']],
  ['Base64 without padding', [`Basic ${padded.replace(/=+$/, '')}`]], ['too much padding', [`Basic ${padded}=`]], ['bits left over', ['Basic cjpwZP==']], ['a blank in it', [`Basic ${padded.slice(0, 8)} ${padded.slice(8)}`]],
  ['something behind it', [`Basic ${padded} x`]], ['two values in one', [`Basic ${padded}, Basic ${padded}`]], ['a line break', [`Basic ${padded}\r\nX: y`]], ['no colon', basic(TOKEN)], ['no name', basic(`:${TOKEN}`)],
  ['no password', basic('r:')], ['a password of another sort', basic('r:planted')], ['a token with the prefix alone', basic('r:pdk-')], ['a token cut off', basic(`r:${TOKEN.slice(0, TOKEN.lastIndexOf('.'))}`)],
  ['a token with a fifth part', basic(`r:${TOKEN}.x.x`)], ['a token with a blank', basic(`r:${TOKEN} `)], ['a token with a colon in front', basic(`r::${TOKEN}`)], ['another prefix', basic(`r:PDK-${TOKEN.slice(4)}`)],
  ['a name with a blank', basic(`r s:${TOKEN}`)], ['a name with a line break', basic(`r\n:${TOKEN}`)], ['a name with a NUL', basic(`r\0:${TOKEN}`)], ['a name with a slash', basic(`../r:${TOKEN}`)],
  ['a name that is too long', basic(`${'r'.repeat(254)}:${TOKEN}`)], ['100 KiB', [`Basic ${'QUJD'.repeat(25_000)}`]],
])('%s is challenged, and not repeated', (_what, values) => {
  const error = refusalOf(values);
  expect(error).toMatchObject({ name: 'ApiError', code: 'PROXY_AUTH_REQUIRED', status: 407 });
  expect(JSON.stringify([String(error), error])).not.toMatch(/planted|pdk-egress|cjpw|QUJD/);
});

test('any header is read as itself or refused, and never told', () => {
  const name = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?$/);
  const text = fc.oneof(fc.string(), fc.tuple(name, fc.string()).map(([run, rest]) => `${run}:pdk-${rest}`), name.map((run) => `${run}:${TOKEN}`));
  fc.assert(fc.property(text, (shown) => {
    const said = refusalOf([`Basic ${Buffer.from(shown).toString('base64')}`]);
    if (said instanceof Error) expect(['PROXY_AUTH_REQUIRED', 'BAD_REQUEST']).toContain((said as Error & { code: string }).code);
    else expect(said).toEqual({ run: shown.slice(0, shown.indexOf(':')), token: shown.slice(shown.indexOf(':') + 1) });
  }));
});
