import { sign } from 'aws4';
import * as fc from 'fast-check';
import { EMPTY_HASH } from './aws-requests';
import { signed } from '../../../../sidecar/src/broker/providers/aws-signing';

/** The key and time of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
const S3_KEY = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const S3_TIME = Date.UTC(2013, 4, 24);
const S3 = { region: 'us-east-1', service: 's3' };
const S3_HEADERS = { 'host': 'examplebucket.s3.amazonaws.com', 'x-amz-content-sha256': EMPTY_HASH };

/** Of the test suite for signatures: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-test-suite.html */
const SUITE_KEY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const SUITE_TIME = Date.UTC(2015, 7, 30, 12, 36);

const signatureIn = ({ authorization }: { readonly authorization: string }) => /Signature=([0-9a-f]{64})$/.exec(authorization)?.[1];

describe('the examples of AWS', () => {
  test.each<[string, { path?: string; params?: [string, string][]; headers?: Record<string, string> }, string]>([
    ['an object with a range', { path: '/test.txt', headers: { range: 'bytes=0-9' } }, 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41'],
    ['the lifecycle of a bucket', { params: [['lifecycle', '']] }, 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
    ['a list of objects', { params: [['prefix', 'J'], ['max-keys', '2']] }, '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'],
  ])('of S3 for %s have our signature', async (_, { path = '/', params = [], headers = {} }, signature) => {
    const made = await signed({ method: 'GET', path, params, headers: { ...S3_HEADERS, ...headers } }, S3_KEY, S3, S3_TIME);
    expect(signatureIn(made)).toBe(signature);
    expect(made['x-amz-date']).toBe('20130524T000000Z');
    expect(made.authorization).toContain('AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;');
    expect(made['x-amz-security-token']).toBeUndefined();
  });

  test('of IAM have our signature', async () => {
    const request = {
      method: 'GET',
      path: '/',
      params: [['Action', 'ListUsers'], ['Version', '2010-05-08']] as const,
      headers: { 'host': 'iam.amazonaws.com', 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    };
    expect(signatureIn(await signed(request, SUITE_KEY, { region: 'us-east-1', service: 'iam' }, SUITE_TIME))).toBe('5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7');
  });

  test('of the suite, the plainest one has our signature', async () => {
    const request = { method: 'GET', path: '/', params: [], headers: { host: 'example.amazonaws.com' } };
    expect(signatureIn(await signed(request, SUITE_KEY, { region: 'us-east-1', service: 'service' }, SUITE_TIME))).toBe('5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31');
  });
});

describe('another implementation', () => {
  const letters = fc.string({ unit: fc.constantFrom(...'abzAZ09-_.~ /:+=&%$!\'()*,;@ßあ😀'), minLength: 1, maxLength: 8 });
  const encoded = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
  // Slashes of a key are slashes of the path: no client of S3 escapes them, so nobody says what that would mean.
  const segment = letters.filter((text) => !/^\.{1,2}$|\//.test(text));
  const request = fc.record({
    method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE'),
    path: fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.map(encoded).join('/')}`),
    params: fc.uniqueArray(fc.tuple(letters, fc.oneof(letters, fc.constant(''))), { maxLength: 4, selector: ([name]) => name }),
    headers: fc.dictionary(fc.constantFrom('x-amz-acl', 'x-amz-meta-a', 'x-amz-target', 'content-type', 'content-md5'), fc.string({ unit: fc.constantFrom(...'ab =/; '), maxLength: 12 }), { maxKeys: 4 }),
    service: fc.constantFrom('s3', 'dynamodb', 'execute-api'),
    sessionToken: fc.option(fc.constant('a/session+token=='), { nil: undefined }),
  });

  test('makes the same signature of any request', async () => {
    await fc.assert(fc.asyncProperty(request, async ({ method, path, params, headers, service, sessionToken }) => {
      const scope = { region: 'eu-central-1', service };
      const key = { ...S3_KEY, ...(sessionToken !== undefined && { sessionToken }) };
      const sent = { ...headers, 'host': `x.${service}.amazonaws.com`, 'x-amz-content-sha256': EMPTY_HASH };
      const made = await signed({ method, path, params, headers: sent }, key, scope, S3_TIME);
      const target = params.length === 0 ? path : `${path}?${params.map((pair) => pair.map(encoded).join('=')).join('&')}`;
      const theirs = sign({ ...scope, method, path: target, headers: { ...sent, 'x-amz-date': '20130524T000000Z' } }, key);
      expect(made.authorization).toBe(theirs.headers?.Authorization);
      expect(made['x-amz-security-token']).toBe(sessionToken);
    }), { numRuns: 500 });
  });
});

test('values of one name are signed in their order of bytes', async () => {
  const listed = (...values: string[]) => signed({ method: 'GET', path: '/', params: values.map((value) => ['a', value] as const), headers: S3_HEADERS }, S3_KEY, S3, S3_TIME);
  expect((await listed('2', '1')).authorization).toBe((await listed('1', '2')).authorization);
  expect((await listed('2')).authorization).not.toBe((await listed('1', '2')).authorization);
});

test('each part of a request counts', async () => {
  const base = { method: 'GET', path: '/a', params: [['b', 'c']] as [string, string][], headers: S3_HEADERS as Record<string, string> };
  const all = await Promise.all([
    signed(base, S3_KEY, S3, S3_TIME),
    signed({ ...base, method: 'DELETE' }, S3_KEY, S3, S3_TIME),
    signed({ ...base, path: '/b' }, S3_KEY, S3, S3_TIME),
    signed({ ...base, params: [] }, S3_KEY, S3, S3_TIME),
    signed({ ...base, headers: { ...S3_HEADERS, 'x-amz-acl': 'public-read' } }, S3_KEY, S3, S3_TIME),
    signed({ ...base, headers: { ...S3_HEADERS, host: 'other.s3.amazonaws.com' } }, S3_KEY, S3, S3_TIME),
    signed({ ...base, headers: { ...S3_HEADERS, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }, S3_KEY, S3, S3_TIME),
    signed(base, { ...S3_KEY, secretAccessKey: 'another' }, S3, S3_TIME),
    signed(base, S3_KEY, { ...S3, region: 'us-west-1' }, S3_TIME),
    signed(base, S3_KEY, { ...S3, service: 's3express' }, S3_TIME),
    signed(base, S3_KEY, S3, S3_TIME + 1000),
  ]);
  expect(new Set(all.map(signatureIn)).size).toBe(all.length);
});
