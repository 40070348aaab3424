import { awsRequest, clientSignature, EXAMPLE_FILE } from './aws-requests';
import { exchangeContext, grantFor, issueContext } from './contexts';
import { awsAccessKey } from '../../../../sidecar/src/broker/providers/aws-access-key';
import type { CredentialGrantSpec } from '../../../../src/protocol/policy';
import { PLANTED, refusalOf } from '../example-grants';

const GRANT = grantFor('AWSAccessKey', { hosts: ['*.s3.amazonaws.com'] });
const NOW = Date.UTC(2013, 4, 24);
const file = (...settings: string[]) => ['[default]', ...settings].join('\n');
const TEMPORARY = `${EXAMPLE_FILE}\naws_session_token = FwoGZXIvYXdzEXAMPLE==\n`;

const issue = (value: string | Buffer | undefined) => awsAccessKey.issue(GRANT, issueContext(value));
const exchange = (request = awsRequest(), value: string | undefined = EXAMPLE_FILE, grant: CredentialGrantSpec = GRANT) =>
  awsAccessKey.exchange(grant, exchangeContext(value, { now: NOW, request }));
const refusal = (...asked: Parameters<typeof exchange>) => refusalOf(() => exchange(...asked));

test('a bearer is handed out for the hosts of the grant, and it travels as the session token', async () => {
  expect(await issue(EXAMPLE_FILE)).toEqual({ delivery: 'ProxyInjected', hosts: ['*.s3.amazonaws.com'] });
  expect(awsAccessKey.carriers(GRANT)).toEqual([{ in: 'header', name: 'x-amz-security-token' }]);
});

test('a request goes out with the signature that AWS shows for it', async () => {
  // https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, "Get Bucket (List Objects)"
  const { setHeaders, allowedHeaders } = await exchange(awsRequest({ query: 'max-keys=2&prefix=J' }));
  expect(setHeaders).toEqual({
    'Authorization': 'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, '
      + 'Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    'X-Amz-Date': '20130524T000000Z',
  });
  expect(allowedHeaders).toEqual(['x-amz-date', 'x-amz-content-sha256', 'x-amz-security-token']);
});

test('a query in the path is one like any other', async () => {
  expect(await exchange(awsRequest({ path: '/?max-keys=2&prefix=J', query: undefined }))).toEqual(await exchange(awsRequest({ query: 'prefix=J&max-keys=2' })));
});

test('the token of a temporary key goes out in place of the surrogate, and is signed', async () => {
  const { setHeaders } = await exchange(awsRequest(), TEMPORARY);
  expect(setHeaders!['X-Amz-Security-Token']).toBe('FwoGZXIvYXdzEXAMPLE==');
  expect(setHeaders!.Authorization).toContain('SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,');
});

test('signed is what reaches the service as it is; what AWS knows besides passes', async () => {
  const headers = {
    'X-Amz-Acl': 'private',
    'content-type': 'text/plain',
    'content-md5': 'abc',
    'cache-control': 'no-store',
    'expires': '0',
    'amz-sdk-request': 'attempt=1',
    'range': 'bytes=0-9',
    'x-amzn-trace-id': 'Root=1',
    'cookie': 'b',
  };
  const { setHeaders, allowedHeaders } = await exchange(awsRequest({ headers }));
  expect(setHeaders!.Authorization).toContain('SignedHeaders=content-md5;content-type;host;x-amz-acl;x-amz-content-sha256;x-amz-date,');
  expect(allowedHeaders).toEqual(['x-amz-date', 'x-amz-content-sha256', 'x-amz-security-token', 'x-amz-acl', 'cache-control', 'expires', 'amz-sdk-request', 'x-amzn-trace-id']);
});

test('the port is a part of the host, but for the usual one', async () => {
  const signature = async (port: number, host: string) => (await exchange(awsRequest({ host, port }))).setHeaders!.Authorization;
  expect(await signature(8443, 'minio.example.com')).not.toBe(await signature(443, 'minio.example.com'));
});

test.each(['UNSIGNED-PAYLOAD', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'])('S3 takes a body as %s', async (payload) => {
  expect((await exchange(awsRequest({ headers: { 'x-amz-content-sha256': payload } }))).setHeaders!.Authorization).toContain('Signature=');
});

test('a changed Secret signs the next request', async () => {
  const other = file('aws_access_key_id = AKIAOTHER', `aws_secret_access_key = ${PLANTED}`);
  const { setHeaders } = await exchange(awsRequest(), other);
  expect(setHeaders!.Authorization).toContain('Credential=AKIAOTHER/');
  expect(JSON.stringify(setHeaders)).not.toContain(PLANTED);
});

describe('a grant for some regions and services', () => {
  const limited = grantFor('AWSAccessKey', { hosts: ['*.amazonaws.com'], regions: ['eu-central-1', 'us-east-1'], services: ['s3'] });

  test('signs for them', async () => {
    expect((await exchange(awsRequest(), EXAMPLE_FILE, limited)).setHeaders!.Authorization).toContain('/us-east-1/s3/');
  });

  test.each([
    [clientSignature('s3', 'us-west-1'), 'Forbidden 403 credential API_KEY is not for region us-west-1, but for eu-central-1, us-east-1'],
    [clientSignature('dynamodb'), 'Forbidden 403 credential API_KEY is not for service dynamodb, but for s3'],
  ])('and refuses %s', async (authorization, expected) => {
    expect(await refusal(awsRequest({}, authorization), EXAMPLE_FILE, limited)).toBe(expected);
  });
});

describe('a request is refused', () => {
  const V4A = clientSignature().replace('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256').replace('/us-east-1', '');

  test.each([
    ['without a signature', awsRequest({}, '')],
    ['with a signature of version 4A', awsRequest({}, V4A)],
    ['with a bearer', awsRequest({}, 'Bearer x')],
    ['with a signature that is malformed', awsRequest({}, 'AWS4-HMAC-SHA256 Credential=none/us-east-1/s3/aws4_request')],
    ['with a region that is none', awsRequest({}, clientSignature('s3', 'us east'))],
    ['that is signed in its query alone', awsRequest({ query: 'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00' }, '')],
  ])('%s', async (_, request) => {
    expect(await refusal(request)).toBe('SubstituteFailed 403 a signature of AWS takes the place of one by AWS4-HMAC-SHA256 in Authorization, not of others and not of one in the query');
  });

  test.each([
    ['method', awsRequest({ method: undefined })],
    ['path', awsRequest({ path: undefined })],
    ['headers', { host: 'a.s3.amazonaws.com', port: 443, method: 'GET', path: '/' }],
  ])('that does not show its %s', async (_, request) => {
    expect(await refusal(request)).toContain('SubstituteFailed 403 a signature of AWS is made for requests whose method, path and headers are shown');
  });

  test.each([
    ['s3', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'], ['s3', ''], ['s3', 'E3B0'], ['dynamodb', 'UNSIGNED-PAYLOAD'], ['dynamodb', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'], ['dynamodb', ''],
  ])('to %s whose hash of the body is %j', async (service, payload) => {
    expect(await refusal(awsRequest({ headers: { 'x-amz-content-sha256': payload } }, clientSignature(service)))).toContain('SubstituteFailed 403 a signature of AWS needs x-amz-content-sha256');
  });

  test('that asks S3 for credentials of a session', async () => {
    expect(await refusal(awsRequest({ query: 'session' }, clientSignature('s3express')))).toContain('Forbidden 403 CreateSession of S3 hands out credentials');
    expect(await refusal(awsRequest({ query: 'session' }))).toBe('none');
  });
});

describe('a Secret that cannot be used is refused, at issue and at exchange', () => {
  const place = 'ProviderFailure 500 credential API_KEY of AWSAccessKey: key token of Secret upstream';

  test.each<[string, string | undefined, string]>([
    ['is not there', undefined, 'is not there'],
    ['has no profile', `aws_access_key_id = A\naws_secret_access_key = ${PLANTED}`, 'has no profile [default]'],
    ['has another profile only', `[prod]\naws_access_key_id = A\naws_secret_access_key = ${PLANTED}`, 'has no profile [default]'],
    ['has no id', file(`aws_secret_access_key = ${PLANTED}`), 'has no aws_access_key_id in its profile [default]'],
    ['has its key in the next profile', `${file('aws_access_key_id = A')}\n[b]\naws_secret_access_key = ${PLANTED}`, 'has no aws_secret_access_key in its profile [default]'],
    ['has a key that is a comment', file('aws_access_key_id = A', `# aws_secret_access_key = ${PLANTED}`), 'has no aws_secret_access_key in its profile [default]'],
    ['has an empty key', file('aws_access_key_id = A', 'aws_secret_access_key ='), 'has something else than a value in aws_secret_access_key'],
    ['has a key with a blank', file('aws_access_key_id = A', `aws_secret_access_key = ${PLANTED} x`), 'has something else than a value in aws_secret_access_key'],
    ['has an id with a slash', file('aws_access_key_id = A/B', `aws_secret_access_key = ${PLANTED}`), 'has something else than a value in aws_access_key_id'],
    ['has a token outside ASCII', file('aws_access_key_id = A', `aws_secret_access_key = ${PLANTED}`, 'aws_session_token = ä'), 'has something else than a value in aws_session_token'],
  ])('one that %s', async (_, value, problem) => {
    const exchanging = () => awsAccessKey.exchange(GRANT, exchangeContext(value, { request: awsRequest() }));
    const told = [await refusalOf(() => issue(value)), await refusalOf(exchanging)];
    expect(told).toEqual([`${place} ${problem}`, `${place} ${problem}`]);
  });
});
