import type { IncomingMessage } from 'node:http';
import { BASE_URL, intercepted, PLAIN, type Router } from '../../../../sidecar/src/egress/listeners/route';

const TOKEN = 'pdk-egress-eyJ.a.b.c.d';
const BASIC = `Basic ${Buffer.from(`fix-1:${TOKEN}`).toString('base64')}`;
const request = (url: string, headers: Record<string, string[]> = {}) => ({ url, headersDistinct: headers }) as unknown as IncomingMessage;
const codeOf = (router: Router, one: IncomingMessage): unknown => {
  try {
    return router.route(one);
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

describe('a plain request', () => {
  test('goes where its target says, whatever its Host says', () => {
    expect(PLAIN.route(request('http://api.example.com:8080/a?b=1', { 'proxy-authorization': [BASIC], 'host': ['other.example.com'] }))).toEqual({
      target: { host: 'api.example.com', kind: 'name', port: 8080, path: '/a?b=1' }, run: 'fix-1', token: TOKEN, secure: false,
    });
  });

  test.each([
    ['without credentials', 'http://api.example.com/', {}, 'PROXY_AUTH_REQUIRED'],
    ['with credentials for the upstream alone', 'http://api.example.com/', { authorization: [BASIC] }, 'PROXY_AUTH_REQUIRED'],
    ['with credentials twice', 'http://api.example.com/', { 'proxy-authorization': [BASIC, BASIC] }, 'BAD_REQUEST'],
    ['for https', 'https://api.example.com/', { 'proxy-authorization': [BASIC] }, 'BAD_TARGET'],
    ['that is for no proxy', '/', { 'proxy-authorization': [BASIC] }, 'BAD_TARGET'],
  ])('%s is refused', (_case, url, headers, code) => {
    expect(codeOf(PLAIN, request(url, headers as never))).toBe(code);
  });
});

describe('a request by base URL', () => {
  test('goes on by https to the host of its path, by leave of the bearer that it shows', () => {
    expect(BASE_URL.route(request('/api.example.com/v1/messages?beta=1', { 'x-api-key': ['pdk-usersuppliedsecret-eyJ.a.b.c.d'] }))).toEqual({
      target: { host: 'api.example.com', kind: 'name', port: 443, path: '/v1/messages?beta=1' }, token: 'pdk-usersuppliedsecret-eyJ.a.b.c.d', secure: true,
    });
  });

  test.each([
    ['without a bearer', '/api.example.com/', {}, 'BEARER_MISSING'],
    ['with a real key', '/api.example.com/', { 'x-api-key': ['sk-real'] }, 'BEARER_MISSING'],
    ['without a host', '/', { 'x-api-key': ['pdk-a-eyJ.a.b.c.d'] }, 'BAD_TARGET'],
    ['for mail', '/mail.example.com:25/', { 'x-api-key': ['pdk-a-eyJ.a.b.c.d'] }, 'PORT_REFUSED'],
  ])('%s is refused', (_case, url, headers, code) => {
    expect(codeOf(BASE_URL, request(url, headers as never))).toBe(code);
  });
});

describe('a request inside a tunnel', () => {
  const router = intercepted({ question: { host: 'api.example.com', port: 443, token: TOKEN, clientAddress: '10.0.0.9' }, run: 'fix-1' });

  test.each(['api.example.com', 'API.example.com', 'api.example.com:443'])('for the host of the tunnel, written %s, goes there', (host) => {
    expect(router.route(request('/a', { host: [host] }))).toEqual({
      target: { host: 'api.example.com', kind: 'name', port: 443, path: '/a' }, token: TOKEN, run: 'fix-1', secure: true,
    });
  });

  test('about the server itself goes there', () => {
    expect(router.route(request('*', { host: ['api.example.com'] })).target.path).toBe('*');
  });

  test.each([
    ['for another host', '/', ['other.example.com'], 'HOST_MISMATCH'],
    ['for another port', '/', ['api.example.com:8443'], 'HOST_MISMATCH'],
    ['for a host below it', '/', ['x.api.example.com'], 'HOST_MISMATCH'],
    ['without a host', '/', [], 'BAD_REQUEST'],
    ['with two hosts', '/', ['api.example.com', 'other.example.com'], 'BAD_REQUEST'],
    ['with a host that is none', '/', ['api.example.com/'], 'BAD_TARGET'],
    ['with an absolute target', 'https://other.example.com/', ['api.example.com'], 'BAD_TARGET'],
    ['with an absolute target that is the same', 'https://api.example.com/', ['api.example.com'], 'BAD_TARGET'],
  ])('%s is refused', (_case, url, host, code) => {
    expect(codeOf(router, request(url, { host: host as string[] }))).toBe(code);
  });

  test('of a tunnel to another port names it', () => {
    const other = intercepted({ question: { host: 'api.example.com', port: 8443, token: TOKEN, clientAddress: '10.0.0.9' } });
    expect(other.route(request('/', { host: ['api.example.com:8443'] })).target.port).toBe(8443);
    expect(codeOf(other, request('/', { host: ['api.example.com'] }))).toBe('HOST_MISMATCH');
  });
});
