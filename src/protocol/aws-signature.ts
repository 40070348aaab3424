/**
 * Signature Version 4 of AWS, as far as somebody in between has to read it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */

export const AWS_ALGORITHM = 'AWS4-HMAC-SHA256';

export const AWS_HEADERS = {
  date: 'x-amz-date',
  /** SHA-256 of the body, or how else it is signed. */
  payload: 'x-amz-content-sha256',
  /** Of temporary credentials. Here it carries the surrogate. */
  token: 'x-amz-security-token',
} as const;

/** In place of the hash of a body that the signature does not cover; S3 takes it over TLS. */
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';

/** The same for a body in chunks that no signatures are between, with a checksum at its end. */
export const UNSIGNED_CHUNKS = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

/** A hash as `x-amz-content-sha256` has it. */
export const PAYLOAD_HASH_PATTERN = '^[0-9a-f]{64}$';

/** Services with the API of S3: they sign paths as they are, and take bodies that no signature covers. */
const S3_SERVICES = ['s3', 's3express', 's3-object-lambda', 's3-outposts'];

/** What a signature is for. */
export interface AwsScope {
  readonly region: string;
  readonly service: string;
}

const CREDENTIAL = new RegExp(`^${AWS_ALGORITHM} +Credential=[^\\s,/]+/[0-9]{8}/([A-Za-z0-9_-]{1,64})/([A-Za-z0-9_-]{1,64})/aws4_request(?=[ ,]|$)`);

/** The scope that an `Authorization` names; undefined when it is no signature of this kind. */
export function awsScope(authorization: string): AwsScope | undefined {
  const [, region, service] = CREDENTIAL.exec(authorization) ?? [];
  return region === undefined ? undefined : { region, service };
}

export function isS3({ service }: AwsScope): boolean {
  return S3_SERVICES.includes(service);
}
