import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsKey } from './aws-key';
import { AwsScope, isS3 } from '../../../../src/protocol/aws-signature';

/** What a signature is over, beside the scope. */
export interface SignedRequest {
  readonly method: string;
  /** Without a query, letter for letter. */
  readonly path: string;
  /** Decoded, in any order. */
  readonly params: readonly (readonly [string, string])[];
  /** By lower-case name: nothing but what reaches the service unchanged, the hash of the body among it. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The headers that show who makes the request, by lower-case name. */
export type SigningHeaders = Readonly<Record<'authorization' | 'x-amz-date', string>> & { readonly 'x-amz-security-token'?: string };

/** Signs a request. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
export async function signed({ method, path, params, headers }: SignedRequest, key: AwsKey, scope: AwsScope, now: number): Promise<SigningHeaders> {
  // S3 takes the path of an object as it is, where all others normalize it and encode it twice.
  const signer = new SignatureV4({ ...scope, credentials: key, sha256: Sha256, uriEscapePath: !isS3(scope), applyChecksum: false });
  const request = { method, protocol: 'https:', hostname: headers.host, path, query: queryOf(params), headers: { ...headers } };
  const { headers: made } = await signer.sign(request, { signingDate: new Date(now) });
  return {
    'authorization': made.authorization,
    'x-amz-date': made['x-amz-date'],
    ...(key.sessionToken !== undefined && { 'x-amz-security-token': key.sessionToken }),
  };
}

function queryOf(params: SignedRequest['params']): Record<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of params) values.set(name, [...values.get(name) ?? [], value]);
  return Object.fromEntries(values);
}

/** SHA-256, with a key HMAC of it, in the form that the library asks for. */
class Sha256 {
  private readonly made;

  constructor(key?: unknown) {
    this.made = key === undefined ? createHash('sha256') : createHmac('sha256', key as Uint8Array | string);
  }

  update(data: Uint8Array): void {
    this.made.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.made.digest();
  }

  reset(): void {
    throw new Error('a sum that is finished is not begun anew');
  }
}
