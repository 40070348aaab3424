import type { ExchangedRequest } from '../../../../sidecar/src/broker/providers/provider';

/** A credentials file with the key of AWS's own examples. */
export const EXAMPLE_FILE = [
  '# for team-a',
  '[other]', 'aws_access_key_id = AKIAOTHER', 'aws_secret_access_key = other',
  '[default]', 'aws_access_key_id=AKIAIOSFODNN7EXAMPLE', 'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'region = us-east-1',
].join('\r\n');

export const EMPTY_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** What a client signs with a key that is none. */
export function clientSignature(service = 's3', region = 'us-east-1'): string {
  return `AWS4-HMAC-SHA256 Credential=none/20130524/${region}/${service}/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`;
}

/** A request as the egress proxy shows it. */
export function awsRequest(more: Partial<ExchangedRequest> = {}, authorization = clientSignature()): ExchangedRequest {
  return {
    host: 'examplebucket.s3.amazonaws.com',
    port: 443,
    method: 'GET',
    path: '/',
    query: '',
    ...more,
    headers: { authorization, 'x-amz-date': '20130524T101010Z', 'x-amz-content-sha256': EMPTY_HASH, 'x-amz-security-token': 'pdk-aws-x', ...more.headers },
  };
}
