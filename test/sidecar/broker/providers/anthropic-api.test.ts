import { exchangeContext, grantFor, issueContext } from './contexts';
import { anthropicApi } from '../../../../sidecar/src/broker/providers/anthropic-api';
import { findSurrogate, refuseMisplaced } from '../../../../sidecar/src/broker/surrogates/carriers';
import { forwardExchanged } from '../../../../sidecar/src/broker/surrogates/forwarding';
import { PLANTED, refusalOf } from '../example-grants';

const GRANT = grantFor('AnthropicAPI');
const TOKEN = 'pdk-anthropic-eyJhbGciOiJkaXIi..a.b.c';
const { carriers, exchange, issue } = anthropicApi;

describe('a key of Anthropic', () => {
  test('is handed out as a bearer for the API, or for the hosts of the grant', async () => {
    expect(await issue(GRANT, issueContext(PLANTED))).toEqual({ delivery: 'ProxyInjected', hosts: ['api.anthropic.com'] });
    const own = grantFor('AnthropicAPI', { hosts: ['llm.example.com'] });
    expect(await issue(own, issueContext(PLANTED))).toEqual({ delivery: 'ProxyInjected', hosts: ['llm.example.com'] });
  });

  test.each([
    ['x-api-key', { headers: { 'X-Api-Key': TOKEN } }],
    ['a bearer', { headers: { authorization: `Bearer ${TOKEN}` } }],
    ['the field of paddock\'s clients', { incomingXApiKey: TOKEN }],
  ])('travels as %s', async (_, request) => {
    expect(await refusalOf(() => refuseMisplaced(findSurrogate(request)!, carriers()))).toBe('none');
  });

  test.each([
    ['another header', { headers: { 'x-key': TOKEN } }],
    ['the query', { query: `x-api-key=${TOKEN}` }],
  ])('does not travel in %s', async (_, request) => {
    expect(await refusalOf(() => refuseMisplaced(findSurrogate(request)!, carriers())))
      .toBe('SubstituteFailed 403 the request carries the bearer in the wrong place; by its grant it belongs in header x-api-key or header authorization');
  });

  test('goes out as x-api-key alone, however the surrogate came', async () => {
    const headers = { 'authorization': `Bearer ${TOKEN}`, 'anthropic-version': '2023-06-01', 'anthropic-beta': 'x' };
    const answer = forwardExchanged({ headers }, findSurrogate({ headers })!, await exchange(GRANT, exchangeContext(`${PLANTED}\n`)));
    expect(answer).toMatchObject({ setHeaders: { 'X-Api-Key': PLANTED }, removeHeaders: ['Authorization'] });
    expect(answer.allowedHeaders).toEqual(expect.arrayContaining(['Anthropic-Version', 'Anthropic-Beta', 'Content-Type']));
    expect(answer.allowedHeaders).not.toContain('Authorization');
  });

  test('of both carriers at once leaves neither surrogate in the request', async () => {
    const headers = { 'authorization': `Bearer ${TOKEN}`, 'x-api-key': TOKEN };
    const answer = forwardExchanged({ headers }, findSurrogate({ headers })!, await exchange(GRANT, exchangeContext(PLANTED)));
    expect(JSON.stringify(answer)).not.toContain(TOKEN);
    expect(answer.removeHeaders).toEqual(['Authorization']);
  });

  test('that was changed is used by the next request', async () => {
    expect((await exchange(GRANT, exchangeContext('old'))).setHeaders).toEqual({ 'X-Api-Key': 'old' });
    expect((await exchange(GRANT, exchangeContext('new'))).setHeaders).toEqual({ 'X-Api-Key': 'new' });
  });
});

test.each<[string, string | undefined]>([
  ['is not there', undefined],
  ['is empty', '\n'],
  ['contains a line break', `${PLANTED}\r\nHost: evil.example`],
  ['outside ASCII', `${PLANTED}ä`],
])('a key that %s is refused at issue and at exchange, without a word of it', async (_, value) => {
  const told = [await refusalOf(() => issue(GRANT, issueContext(value))), await refusalOf(() => exchange(GRANT, exchangeContext(value)))];
  expect(told[0]).toContain('ProviderFailure 500 credential API_KEY of AnthropicAPI: key token of Secret upstream');
  expect(told[1]).toBe(told[0]);
  expect(told[0]).not.toContain(PLANTED);
});
