import { CarriedRequest, Carrier, findSurrogate, refuseMisplaced } from '../../../../sidecar/src/broker/surrogates/carriers';
import { refusalOf } from '../example-grants';

const TOKEN = 'pdk-usersecret-eyJhbGciOiJkaXIifQ..AAAA.BBBB.CCCC';
const OTHER = 'pdk-usersecret-eyJhbGciOiJkaXIifQ..AAAA.BBBB.DDDD';
const basic = (text: string, coding: BufferEncoding = 'base64') => `Basic ${Buffer.from(text).toString(coding)}`;

const AUTHORIZATION: Carrier = { in: 'header', name: 'authorization' };

/** Where the surrogate is; what is refused as a text. */
async function sighted(request: CarriedRequest): Promise<unknown> {
  let places: unknown;
  const refusal = await refusalOf(() => {
    const sighting = findSurrogate(request);
    if (sighting !== undefined && sighting.token !== TOKEN) throw new Error(`found ${sighting.token}`);
    places = sighting === undefined ? undefined : [...sighting.places];
  });
  return refusal === 'none' ? places : refusal;
}

describe('a surrogate is found', () => {
  test.each<[string, CarriedRequest, string]>([
    ['in x-api-key', { incomingXApiKey: TOKEN }, 'header:x-api-key'],
    ['in Authorization, raw', { incomingAuthorization: TOKEN }, 'header:authorization'],
    ['after Bearer', { incomingAuthorization: `Bearer ${TOKEN}` }, 'header:authorization'],
    ['after bearer in any case (S42)', { incomingAuthorization: `bEaReR  ${TOKEN} ` }, 'header:authorization'],
    ['after another scheme', { incomingAuthorization: `token ${TOKEN}` }, 'header:authorization'],
    ['as Basic password (S42)', { incomingAuthorization: basic(`x-access-token:${TOKEN}`) }, 'header:authorization'],
    ['as Basic password, with scheme in capitals', { incomingAuthorization: basic(`git:${TOKEN}`).replace('Basic', 'BASIC') }, 'header:authorization'],
    ['as Basic password in the URL-safe coding', { incomingAuthorization: basic(`gi~?t:${TOKEN}`, 'base64url') }, 'header:authorization'],
    ['as Basic user with an empty password', { incomingAuthorization: basic(`${TOKEN}:`) }, 'header:authorization'],
    ['as Basic credentials without a colon', { incomingAuthorization: basic(TOKEN) }, 'header:authorization'],
    ['in a header of another name (B11)', { headers: { 'PRIVATE-TOKEN': TOKEN } }, 'header:private-token'],
    ['in such a header after a prefix', { headers: { 'x-auth': `token=${TOKEN}` } }, 'header:x-auth'],
    ['in Authorization among the headers', { headers: { authorization: basic(`git:${TOKEN}`) } }, 'header:authorization'],
    ['in a query parameter (B11)', { query: `a=1&key=${TOKEN}` }, 'query:key'],
    ['in a query with its question mark', { query: `?key=${TOKEN}` }, 'query:key'],
    ['in an escaped query parameter', { query: `key=${TOKEN.replace('pdk-', '%70dk%2D')}` }, 'query:key'],
    ['in the query of a path', { path: `/v1?key=${TOKEN}` }, 'query:key'],
  ])('%s', async (_, request, place) => {
    expect(await sighted(request)).toEqual([place]);
  });

  test('once for each place, when the same one travels twice', async () => {
    expect(await sighted({ incomingAuthorization: `Bearer ${TOKEN}`, headers: { Authorization: `Bearer ${TOKEN}` }, query: `key=${TOKEN}` }))
      .toEqual(['header:authorization', 'query:key']);
  });

  test('to the end of the value: what is behind it makes it another token', () => {
    expect(findSurrogate({ incomingAuthorization: `Bearer ${TOKEN}, x` })?.token).toBe(`${TOKEN}, x`);
    expect(findSurrogate({ headers: { cookie: `session=${TOKEN}; theme=dark` } })?.token).toBe(`${TOKEN}; theme=dark`);
    expect(findSurrogate({ incomingAuthorization: 'Bearer pdk-' })?.token).toBe('pdk-');
  });

  test('the colon that splits Basic credentials is the first (S42)', () => {
    expect(findSurrogate({ incomingAuthorization: basic(`user:${TOKEN}:more`) })?.token).toBe(`${TOKEN}:more`);
  });
});

describe('no surrogate is found', () => {
  test.each<[string, CarriedRequest]>([
    ['in nothing: git asks so first (B11)', { method: 'GET', path: '/acme/web.git/info/refs', query: 'service=git-upload-pack', headers: { accept: '*/*' } } as CarriedRequest],
    ['in a credential of somebody else', { incomingAuthorization: 'Bearer ghp_0123', incomingXApiKey: 'sk-0123' }],
    ['in Basic credentials that are no base64', { incomingAuthorization: 'Basic %%%' }],
    ['in words that only look alike', { headers: { 'user-agent': 'pdk-cli/1.0', 'accept': 'application/vnd.pdk-x' }, path: '/pdk-1', query: 'q=a-pdk-b' }],
    ['in the proxy\'s own credentials', { headers: { 'Proxy-Authorization': basic(`r1:${TOKEN}`) } }],
  ])('%s', async (_, request) => {
    expect(await sighted(request)).toBeUndefined();
  });
});

describe('refused are', () => {
  const two = 'SubstituteFailed 403 the request carries two different bearers';
  const inside = 'SubstituteFailed 403 the request carries a bearer in the middle of something else';

  test.each<[string, CarriedRequest, string]>([
    ['two in two headers', { incomingXApiKey: TOKEN, incomingAuthorization: `Bearer ${OTHER}` }, two],
    ['two as user and password', { incomingAuthorization: basic(`${TOKEN}:${OTHER}`) }, two],
    ['two in one parameter', { query: `key=${TOKEN}&key=${OTHER}` }, two],
    ['two in header and query', { headers: { 'x-token': OTHER }, query: `key=${TOKEN}` }, two],
    ['one in a path', { path: `/bot${TOKEN}/getMe` }, inside],
    ['one in an escaped path', { path: `/bot${TOKEN.replace('pdk-', 'pdk%2d')}/getMe` }, inside],
    ['one in a path that is escaped twice', { path: `/${TOKEN.replace('pdk-', 'pdk%252d')}` }, inside],
    ['one in the fragment of a path', { path: `/v1#${TOKEN}` }, inside],
    ['one in the fragment behind a query', { path: `/v1?a=1#${TOKEN}` }, inside],
    ['one in the fragment of a query', { query: `a=1#${TOKEN.replace('pdk-', '%70dk-')}` }, inside],
    ['one inside a parameter', { query: `next=https://x/?t=${TOKEN}` }, inside],
    ['one behind a blank in a parameter', { query: `key=Bearer+${TOKEN}` }, inside],
    ['one as the name of a parameter', { query: `${TOKEN}=1` }, inside],
    ['one behind a semicolon', { query: `a=1;key=${TOKEN}` }, inside],
    ['one as the name of a header', { headers: { [TOKEN]: '1' } }, inside],
    ['one glued to a letter', { headers: { 'user-agent': `x${TOKEN}` } }, inside],
    ['one of an unknown kind inside something', { path: '/pdk-future-eyJhbGciOiJkaXIifQ' }, inside],
    ['one beside the right place', { incomingAuthorization: `Bearer ${TOKEN}`, path: `/${TOKEN}` }, inside],
  ])('%s', async (_, request, refusal) => {
    expect(await sighted(request)).toBe(refusal);
  });
});

describe('a surrogate belongs where its grant says', () => {
  const misplaced = (request: CarriedRequest, carrier: Carrier | undefined) =>
    refusalOf(() => refuseMisplaced(findSurrogate(request)!, carrier === undefined ? [] : [carrier]));
  const wrong = 'SubstituteFailed 403 the request carries the bearer in the wrong place; by its grant it belongs';

  test('in the header, in any spelling of its name', async () => {
    expect(await misplaced({ headers: { 'Private-Token': TOKEN } }, { in: 'header', name: 'PRIVATE-TOKEN' })).toBe('none');
    expect(await misplaced({ headers: {}, incomingAuthorization: TOKEN }, AUTHORIZATION)).toBe('none');
  });

  test('in the query parameter, in the spelling of the grant', async () => {
    expect(await misplaced({ query: `key=${TOKEN}` }, { in: 'query', name: 'key' })).toBe('none');
    expect(await misplaced({ query: `KEY=${TOKEN}` }, { in: 'query', name: 'key' })).toBe(`${wrong} in query key`);
  });

  test.each<[string, CarriedRequest]>([
    ['another header', { headers: { 'x-api-key': TOKEN } }],
    ['a cookie', { headers: { cookie: TOKEN } }],
    ['the query', { query: `key=${TOKEN}` }],
    ['the query as well', { headers: { authorization: TOKEN }, query: `key=${TOKEN}` }],
  ])('one in %s is refused', async (_, request) => {
    expect(await misplaced(request, AUTHORIZATION)).toBe(`${wrong} in header authorization`);
  });

  test('paddock\'s clients show two headers only, and both count for every grant', async () => {
    expect(await misplaced({ incomingAuthorization: `Bearer ${TOKEN}` }, { in: 'header', name: 'private-token' })).toBe('none');
    expect(await misplaced({ incomingXApiKey: TOKEN }, { in: 'query', name: 'key' })).toBe('none');
    expect(await misplaced({ incomingXApiKey: TOKEN, headers: {} }, { in: 'query', name: 'key' })).toBe(`${wrong} in query key`);
  });

  test('nowhere, when the grant hands out the credential itself', async () => {
    expect(await misplaced({ headers: { authorization: TOKEN } }, undefined)).toBe(`${wrong} nowhere`);
  });
});
