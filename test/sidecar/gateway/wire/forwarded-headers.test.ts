import fc from 'fast-check';
import { isNoAnswerOfTheSession, mayBeOfDaemon } from '../../../../sidecar/src/gateway/wire/daemon-refusal';
import { answerHeaders, requestHeaders } from '../../../../sidecar/src/gateway/wire/forwarded-headers';

const OWN = ['authorization', 'Bearer ours', 'x-agentcube-session-id', 's-1', 'x-forwarded-for', '10.0.0.1'];
const sent = (raw: readonly string[], connection?: string) => requestHeaders(raw, connection, OWN);

test('what is the client\'s goes on, in its order and as often as it is there', () => {
  expect(sent(['Accept', 'a', 'Cookie', 'c', 'X-Twice', '1', 'X-Twice', '2'])).toEqual(['accept', 'a', 'cookie', 'c', 'x-twice', '1', 'x-twice', '2', ...OWN]);
});

test.each([
  'Authorization', 'Proxy-Authorization', 'X-Forwarded-For', 'x-forwarded-anything', 'X-Auth-Request-Access-Token', 'X-Goog-IAP-JWT-Assertion', 'X-Goog-Authenticated-User-Email',
  'Cf-Access-Jwt-Assertion', 'X-Amzn-Oidc-Data', 'X-MS-Token-AAD-Id-Token', 'X-MS-CLIENT-PRINCIPAL', 'Forwarded', 'X-Real-IP', 'X-AgentCube-Session-Id', 'X-Agent-Platform-Owner',
  'x-agent-platform-admin', 'Host', 'Expect', 'Connection', 'Keep-Alive', 'Proxy-Connection', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade', 'HTTP2-Settings',
])('%s of the client ends here', (name) => {
  expect(sent([name, 'evil'])).toEqual(OWN);
});

test('what Connection names ends here, and none of our own with it', () => {
  expect(sent(['X-Private', '1', 'X-Other', '2'], 'close, X-PRIVATE , authorization, x-forwarded-for')).toEqual(['x-other', '2', ...OWN]);
});

test('our own headers are there once, whatever the client sends', () => {
  const name = fc.oneof(fc.constantFrom('authorization', 'AUTHORIZATION', 'X-Forwarded-For', 'x-agentcube-session-id', 'connection'), fc.stringMatching(/^[a-zA-Z-]{1,12}$/));
  fc.assert(fc.property(fc.array(fc.tuple(name, fc.string())), fc.option(fc.string(), { nil: undefined }), (pairs, connection) => {
    const headers = sent(pairs.flat(), connection);
    expect(headers.slice(-OWN.length)).toEqual(OWN);
    for (let at = 0; at < headers.length - OWN.length; at += 2) expect(OWN.filter((_one, index) => index % 2 === 0)).not.toContain(headers[at]);
  }));
});

test('an answer loses what is of its connection, and gets its session', () => {
  expect(answerHeaders({ 'connection': 'x-private, keep-alive', 'x-private': '1', 'keep-alive': 'timeout=5', 'transfer-encoding': 'chunked', 'x-agentcube-session-id': 'other', 'etag': 'e' }, 's-1'))
    .toEqual({ 'etag': 'e', 'x-agentcube-session-id': 's-1' });
});

const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8', 'content-length': '100' };

test.each([[503, JSON_HEADERS, true], [401, JSON_HEADERS, true], [200, JSON_HEADERS, false], [403, JSON_HEADERS, false],
  [503, { ...JSON_HEADERS, 'content-length': '1025' }, false], [503, { 'content-type': 'application/json' }, false], [503, { ...JSON_HEADERS, 'content-type': 'text/html' }, false]])(
  'an answer %i with %j waits: %s', (status, headers, waits) => {
    expect(mayBeOfDaemon(status, headers)).toBe(waits);
  });

test.each([
  [503, '{"code":"DAEMON_NOT_INITIALIZED"}', true], [401, '{"code":401,"reason":"TOKEN_REFUSED"}', true], [503, '{"code":503,"reason":"TOKEN_REFUSED"}', false],
  [401, '{"code":"DAEMON_NOT_INITIALIZED"}', false], [503, 'DAEMON_NOT_INITIALIZED', false], [503, '', false], [503, 'null', false], [401, '[]', false],
])('%i %s means that nothing was done: %s', (status, text, foreign) => {
  expect(isNoAnswerOfTheSession({ status, headers: {}, chunks: [Buffer.from(text)] })).toBe(foreign);
});

test.each(['alt-svc', 'clear-site-data', 'service-worker-allowed', 'strict-transport-security'])('a worker does not speak for the origin by %s', (name) => {
  expect(answerHeaders({ [name]: 'x', 'content-type': 'text/plain' }, 's-1')).toEqual({ 'content-type': 'text/plain', 'x-agentcube-session-id': 's-1' });
});
