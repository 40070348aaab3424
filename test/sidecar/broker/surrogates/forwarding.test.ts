import { CarriedRequest, findSurrogate } from '../../../../sidecar/src/broker/surrogates/carriers';
import { Exchange, forwardExchanged, forwardPlain } from '../../../../sidecar/src/broker/surrogates/forwarding';

const TOKEN = 'pdk-usersecret-eyJhbGciOiJkaXIifQ..AAAA.BBBB.CCCC';
const exchanged = (request: CarriedRequest, exchange: Exchange) => forwardExchanged(request, findSurrogate(request)!, exchange);
const lower = (names: readonly string[] = []) => names.map((name) => name.toLowerCase());

describe('a request without a surrogate', () => {
  test('keeps what git and paged APIs need (B8)', () => {
    const { allowedHeaders, allowedQueryParams } = forwardPlain({ query: 'service=git-upload-pack&page=2&per_page=100' });
    expect(allowedQueryParams).toEqual(['service', 'page', 'per_page']);
    expect(lower(allowedHeaders)).toEqual(expect.arrayContaining([
      'accept', 'accept-encoding', 'user-agent', 'content-type', 'content-encoding', 'range', 'if-none-match', 'git-protocol', 'link',
      'anthropic-version', 'x-github-api-version',
    ]));
  });

  test('goes out without the credentials that the agent brings itself', () => {
    const headers = { 'Authorization': 'Bearer own', 'Cookie': 'own', 'X-Api-Key': 'own', 'X-Forwarded-For': '::1', 'X-HTTP-Method-Override': 'DELETE' };
    const { allowedHeaders, setHeaders } = forwardPlain({ headers });
    expect(setHeaders).toBeUndefined();
    for (const name of lower(Object.keys(headers))) expect(lower(allowedHeaders)).not.toContain(name);
  });

  test('keeps headers like those that are always kept', () => {
    const { allowedHeaders } = forwardPlain({ headers: { 'accept-ch': '1', 'content-foo': '1', 'if-new': '1', 'notion-version': '1', 'Mcp-Protocol-Version': '1', 'x-version-hack': '1' } });
    expect(lower(allowedHeaders)).toEqual(expect.arrayContaining(['accept-ch', 'content-foo', 'if-new', 'notion-version', 'mcp-protocol-version']));
    expect(lower(allowedHeaders)).not.toContain('x-version-hack');
  });

  test('keeps no header that frames the message: those are the proxy\'s', () => {
    const { allowedHeaders } = forwardPlain({ headers: { 'connection': 'x', 'transfer-encoding': 'chunked', 'te': 'x', 'upgrade': 'x', 'host': 'x', 'expect': 'x' } });
    for (const name of ['connection', 'transfer-encoding', 'te', 'upgrade', 'host', 'expect']) expect(lower(allowedHeaders)).not.toContain(name);
  });

  test('tells the names as they are in the request, decoded and each once', () => {
    expect(forwardPlain({ query: '?a=1&a=2&b%5B%5D=3&c&=4' }).allowedQueryParams).toEqual(['a', 'b[]', 'c', '']);
    expect(forwardPlain({ path: '/x?d=1#e=2' }).allowedQueryParams).toEqual(['d']);
  });

  test('of a caller that does not show its query keeps the few that git and paging need (S7, B8)', () => {
    expect(forwardPlain({}).allowedQueryParams).toEqual(['service', 'page', 'per_page']);
    expect(forwardPlain({ query: '' }).allowedQueryParams).toEqual([]);
  });
});

describe('a request whose surrogate is exchanged', () => {
  test('sets the header in place of the surrogate', () => {
    const answer = exchanged({ incomingAuthorization: `Bearer ${TOKEN}`, query: 'page=2' }, { setHeaders: { Authorization: 'Bearer real' } });
    expect(answer).toMatchObject({ setHeaders: { Authorization: 'Bearer real' }, allowedQueryParams: ['page'] });
    expect(answer.removeHeaders).toBeUndefined();
    expect(answer.setQueryParams).toBeUndefined();
  });

  test('takes the surrogate out of a header that is not set', () => {
    const answer = exchanged({ incomingAuthorization: `Bearer ${TOKEN}` }, { setHeaders: { 'PRIVATE-TOKEN': 'real' } });
    expect(answer).toMatchObject({ setHeaders: { 'PRIVATE-TOKEN': 'real' }, removeHeaders: ['Authorization'] });
  });

  test('sets the query parameter, and never allows the one that holds the surrogate (B10)', () => {
    const answer = exchanged({ query: `page=2&key=${TOKEN}&q=a` }, { setQueryParams: { key: 'real' } });
    expect(answer.setQueryParams).toEqual({ key: 'real' });
    expect(answer.allowedQueryParams).toEqual(['page', 'q']);
    expect(answer.setHeaders).toBeUndefined();
  });

  test('passes the headers of the provider, without those that it removes', () => {
    const answer = exchanged({ incomingXApiKey: TOKEN }, { setHeaders: { 'x-api-key': 'real' }, removeHeaders: ['Accept-Charset'], allowedHeaders: ['OpenAI-Organization'] });
    expect(answer.removeHeaders).toEqual(['Accept-Charset']);
    expect(answer.allowedHeaders).toContain('Openai-Organization');
    expect(answer.allowedHeaders).not.toContain('Accept-Charset');
  });

  test('a carrying header that looks like a kept one does not pass', () => {
    const answer = exchanged({ headers: { 'x-secret-version': TOKEN } }, { setQueryParams: { key: 'real' } });
    expect(answer.removeHeaders).toEqual(['X-Secret-Version']);
    expect(answer.allowedHeaders).not.toContain('X-Secret-Version');
  });

  test('neither list is ever empty for a caller on paddock\'s wire, where empty means strip all (S7)', () => {
    const answer = exchanged({ incomingXApiKey: TOKEN }, { setHeaders: { 'x-api-key': 'real' } });
    expect(answer.allowedHeaders).not.toEqual([]);
    expect(answer.allowedQueryParams).not.toEqual([]);
  });
});
