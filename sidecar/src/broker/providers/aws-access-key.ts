import { awsKey } from './aws-key';
import { signed } from './aws-signing';
import type { ExchangedRequest, Provider } from './provider';
import { AWS_ALGORITHM, AWS_HEADERS, AwsScope, awsScope, isS3, PAYLOAD_HASH_PATTERN, UNSIGNED_CHUNKS, UNSIGNED_PAYLOAD } from '../../../../src/protocol/aws-signature';
import type { CredentialGrantSpec } from '../../../../src/protocol/policy';
import { credentialHosts } from '../../../../src/protocol/resources';
import { refuse } from '../refuse';
import { queryParams } from '../surrogates/carriers';

/**
 * An access key of AWS. Clients sign with a key that is none, and send the surrogate as the session token; the signature says
 * for which region and service it is. The request is signed anew, and the key never leaves the broker.
 */
export const awsAccessKey: Provider = {
  kind: 'AWSAccessKey',
  bearerKind: 'aws',
  leaseTag: 'aws',

  async issue(grant, { secrets }) {
    await awsKey(grant, secrets);
    return { delivery: 'ProxyInjected', hosts: credentialHosts(grant) };
  },

  carriers: () => [{ in: 'header', name: AWS_HEADERS.token }],

  async exchange(grant, { secrets, now, request }) {
    const shown = shownRequest(request);
    const scope = grantedScope(grant, shown);
    requirePayload(scope, shown.headers[AWS_HEADERS.payload]);
    refuseSession(scope, request);
    const headers = Object.fromEntries(Object.entries(shown.headers).filter(([name]) => SIGNED.test(name)));
    const key = await awsKey(grant, secrets);
    const made = await signed({ ...shown, params: queryParams(request), headers: { ...headers, host: hostHeader(request) } }, key, scope, now);
    return {
      setHeaders: {
        'Authorization': made.authorization,
        'X-Amz-Date': made['x-amz-date'],
        ...(made['x-amz-security-token'] !== undefined && { 'X-Amz-Security-Token': made['x-amz-security-token'] }),
      },
      allowedHeaders: Object.keys(shown.headers).filter((name) => PASSED.test(name)),
    };
  },
};

/** Headers that reach the service as they are, whatever is in between. S3 wants all of its own signed. */
const SIGNED = /^(x-amz-(?!date$|security-token$).+|content-md5|content-type)$/;

/** Those that AWS knows beside them; the ones of requests in general pass anyway. */
const PASSED = /^(x-amz-|x-amzn-|amz-sdk-|cache-control$|expires$)/;

const HTTPS_PORT = 443;

const HASH = new RegExp(PAYLOAD_HASH_PATTERN);

interface ShownRequest {
  readonly method: string;
  readonly path: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

function shownRequest({ method, path, headers }: ExchangedRequest): ShownRequest {
  if (method === undefined || path === undefined || headers === undefined) throw unsigned('is made for requests whose method, path and headers are shown');
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return { method, path: path.split('?', 1)[0], headers: Object.fromEntries(named) };
}

/** What the client has signed for. A grant may be for some regions and services only. */
function grantedScope({ name, provider: { regions, services } }: CredentialGrantSpec, { headers: { authorization = '' } }: ShownRequest): AwsScope {
  const scope = awsScope(authorization);
  if (scope === undefined) throw unsigned(`takes the place of one by ${AWS_ALGORITHM} in Authorization, not of others and not of one in the query`);
  const { region, service } = scope;
  if (regions !== undefined && !regions.includes(region)) throw refuse('Forbidden', `credential ${name} is not for region ${region}, but for ${regions.join(', ')}`);
  if (services !== undefined && !services.includes(service)) throw refuse('Forbidden', `credential ${name} is not for service ${service}, but for ${services.join(', ')}`);
  return scope;
}

function requirePayload(scope: AwsScope, payload = ''): void {
  const isFit = HASH.test(payload) || (isS3(scope) && [UNSIGNED_PAYLOAD, UNSIGNED_CHUNKS].includes(payload));
  if (!isFit) throw unsigned(`needs ${AWS_HEADERS.payload} with the hash of the body${isS3(scope) ? `, ${UNSIGNED_PAYLOAD} or ${UNSIGNED_CHUNKS}` : ''}`);
}

/** Its answer is a credential, which the agent would hold. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateSession.html */
function refuseSession({ service }: AwsScope, request: ExchangedRequest): void {
  const isAsked = service === 's3express' && queryParams(request).some(([name]) => name === 'session');
  if (isAsked) throw refuse('Forbidden', 'CreateSession of S3 hands out credentials; switch off session authentication in the client');
}

/** As it is in the request that goes out, which is by https: without the usual port. */
function hostHeader({ host, port }: ExchangedRequest): string {
  return port === HTTPS_PORT ? host : `${host}:${port}`;
}

function unsigned(problem: string) {
  return refuse('SubstituteFailed', `a signature of AWS ${problem}`);
}
