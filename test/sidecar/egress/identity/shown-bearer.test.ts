import fc from 'fast-check';
import { shownBearer } from '../../../../sidecar/src/egress/identity/shown-bearer';
import { BEARER, RUN_TOKEN } from '../requests/forward-world';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

test.each<[string, Record<string, string[]>, string]>([
  ['behind Bearer', { authorization: [`Bearer ${BEARER}`] }, ''],
  ['behind token', { authorization: [`token ${BEARER}`] }, ''],
  ['as the user of Basic', { authorization: [basic(`${BEARER}:x-oauth-basic`)] }, ''],
  ['as the password of Basic', { authorization: [basic(`x-access-token:${BEARER}`)] }, ''],
  ['in x-api-key', { 'x-api-key': [BEARER] }, ''],
  ['in a header of a grant, behind a prefix', { 'x-custom': [`key=${BEARER}`] }, ''],
  ['in the query', {}, `a=1&key=${BEARER}`],
  ['in the query, escaped', {}, `key=${BEARER.replaceAll('-', '%2d')}`],
  ['in the second of two headers', { 'x-api-key': ['none', BEARER] }, ''],
  ['in the usual place before another', { 'x-custom': [RUN_TOKEN], 'authorization': [`Bearer ${BEARER}`] }, `key=${RUN_TOKEN}`],
])('a bearer is found %s', (_where, headers, query) => {
  expect(shownBearer(headers, query)).toBe(BEARER);
});

test.each<[string, Record<string, string[]>, string]>([
  ['nothing', {}, ''],
  ['a credential of another', { authorization: ['Bearer sk-real'] }, 'key=abc'],
  ['a bearer that is cut off', { authorization: [`Bearer ${BEARER.slice(0, 40)}`] }, ''],
  ['something behind it', { authorization: [`Bearer ${BEARER}, x`] }, ''],
  ['a word that ends so', { authorization: [`Bearer x${BEARER}`] }, ''],
  ['the header of the proxy', { 'proxy-authorization': [basic(`run:${BEARER}`)] }, ''],
  ['one that is too long', { authorization: [`Bearer pdk-usersecret-${'a'.repeat(9_000)}..b.c.d`] }, ''],
  ['the name of a parameter', {}, `${BEARER}=1`],
])('no bearer is found in %s', (_where, headers, query) => {
  expect(shownBearer(headers, query)).toBeUndefined();
});

test('whatever is found is a bearer that the request shows', () => {
  const text = fc.array(fc.constantFrom('Bearer ', 'pdk-', 'usersecret-', BEARER, '..', 'a', '.', ' ', 'Basic ', basic(BEARER), '%'), { maxLength: 8 }).map((parts) => parts.join(''));
  fc.assert(fc.property(text, text, text, (one, other, query) => {
    const found = shownBearer({ 'authorization': [one], 'x-other': [other] }, query);
    if (found !== undefined) expect(found).toMatch(/^pdk-[a-z0-9]+-[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*){4}$/);
    if (one === `Bearer ${BEARER}`) expect(found).toBe(BEARER);
  }), { numRuns: 2000 });
});
