import { awsRequest, EXAMPLE_FILE } from './aws-requests';
import { brokerOver } from '../build-broker';
import { brokerPolicy, harnessRun, harnessTemplate, secret } from '../documents';

const HOST = 'examplebucket.s3.amazonaws.com';

async function awsWorld(value = EXAMPLE_FILE) {
  const provider = { kind: 'AWSAccessKey', secretRef: { name: 'upstream', key: 'token' }, hosts: ['*.s3.amazonaws.com'], services: ['s3'] };
  const grants = { credentials: [{ name: 'GITHUB_TOKEN', provider }], egress: [{ host: '*.s3.amazonaws.com' }, { host: 'other.example.com' }] };
  const broker = brokerOver([harnessRun({}, { phase: 'Running' }), harnessTemplate(), brokerPolicy({ name: 'p1' }, { grants }), secret({ token: value })]);
  const { body: { value: surrogate, leaseId } } = await broker.ask('issue', { name: 'GITHUB_TOKEN' });
  const swap = (more: Parameters<typeof awsRequest>[0] = {}) =>
    broker.ask('substitute-auth', awsRequest({ ...more, headers: { 'x-amz-security-token': surrogate, ...more.headers } }));
  return { ...broker, surrogate: surrogate as string, leaseId: leaseId as string, swap };
}

test('a signed request is signed anew, and the surrogate is taken off', async () => {
  const { surrogate, leaseId, swap, records, output } = await awsWorld();
  expect(surrogate).toMatch(/^pdk-aws-eyJ/);
  expect(leaseId).toMatch(/^aws-[0-9a-f]{32}$/);
  const { status, body } = await swap({ query: 'prefix=J&max-keys=2' });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    setHeaders: { 'Authorization': expect.stringContaining('Credential=AKIAIOSFODNN7EXAMPLE/20260504/us-east-1/s3/aws4_request'), 'X-Amz-Date': '20260504T090000Z' },
    removeHeaders: ['X-Amz-Security-Token'],
    allowedQueryParams: ['prefix', 'max-keys'],
    auditId: `audit-${records.length}`,
  });
  expect(body.allowedHeaders).toEqual(expect.arrayContaining(['X-Amz-Content-Sha256', 'Content-Type', 'Range', 'If-Match']));
  expect(body.allowedHeaders).not.toContain('Authorization');
  expect(body.allowedHeaders).not.toContain('X-Amz-Security-Token');
  expect(records.at(-1)).toMatchObject({ decision: 'granted', kind: 'credential-issued', destination: { host: HOST, port: 443 }, credential: { name: 'GITHUB_TOKEN', provider: 'AWSAccessKey' } });
  expect(output.join('\n')).not.toContain('wJalrXUtnFEMI');
});

test('the token of a temporary key takes the place of the surrogate', async () => {
  const { swap } = await awsWorld(`${EXAMPLE_FILE}\naws_session_token = FwoGZXIvYXdzEXAMPLE==`);
  const { body } = await swap();
  expect(body.setHeaders['X-Amz-Security-Token']).toBe('FwoGZXIvYXdzEXAMPLE==');
  expect(body.removeHeaders).toBeUndefined();
});

describe('refused is', () => {
  test('a presigned URL, whose surrogate is in the query', async () => {
    const { surrogate, swap } = await awsWorld();
    const query = new URLSearchParams({ 'X-Amz-Algorithm': 'AWS4-HMAC-SHA256', 'X-Amz-Security-Token': surrogate, 'X-Amz-Signature': '00' }).toString();
    const answer = await swap({ query, headers: { 'x-amz-security-token': '', 'authorization': '' } });
    expect(answer).toMatchObject({ status: 403, body: { code: 'SubstituteFailed', message: expect.stringContaining('belongs in header x-amz-security-token') } });
  });

  test('the surrogate as a bearer', async () => {
    const { surrogate, swap } = await awsWorld();
    const answer = await swap({ headers: { 'x-amz-security-token': '', 'authorization': `Bearer ${surrogate}` } });
    expect(answer).toMatchObject({ status: 403, body: { code: 'SubstituteFailed' } });
  });

  test('a request that shows two headers only, as clients of paddock do', async () => {
    const { surrogate, ask } = await awsWorld();
    const answer = await ask('substitute-auth', { host: HOST, port: 443, incomingAuthorization: `Bearer ${surrogate}` });
    expect(answer).toMatchObject({ status: 403, body: { code: 'SubstituteFailed' } });
  });

  test('a host of another grant', async () => {
    const { swap } = await awsWorld();
    expect(await swap({ host: 'other.example.com' })).toMatchObject({ status: 403, body: { code: 'HostNotAllowed' } });
  });

  test('a service that the grant does not name, and the record says so', async () => {
    const { swap, records } = await awsWorld();
    const authorization = 'AWS4-HMAC-SHA256 Credential=none/20260504/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=00';
    expect(await swap({ headers: { authorization } })).toMatchObject({ status: 403, body: { code: 'Forbidden' } });
    expect(records.at(-1)).toMatchObject({ decision: 'denied', reason: 'Forbidden: credential GITHUB_TOKEN is not for service sts, but for s3' });
  });
});
