import type { SecretReader } from './provider';
import { rawValue, unusable } from './secret-value';
import type { CredentialGrantSpec } from '../../../../src/protocol/policy';

/** An access key of AWS, with the session token when it is a temporary one. */
export interface AwsKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Names of https://docs.aws.amazon.com/sdkref/latest/guide/feature-static-credentials.html, and what each may be. */
const FIELDS = {
  aws_access_key_id: /^[A-Za-z0-9_.-]{1,128}$/,
  aws_secret_access_key: /^[!-~]{1,256}$/,
  aws_session_token: /^[!-~]{1,8192}$/,
};

type Field = keyof typeof FIELDS;

/**
 * The key in the profile `[default]` of a credentials file, as `~/.aws/credentials` is one. All of it is one value, so
 * that no request is signed with halves of two keys while they change.
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
export async function awsKey(grant: CredentialGrantSpec, secrets: SecretReader): Promise<AwsKey> {
  const settings = defaultProfile(await rawValue(grant, secrets));
  if (settings === undefined) throw unusable(grant, 'has no profile [default]');
  const optional = (field: Field): string | undefined => {
    const value = settings.get(field);
    if (value !== undefined && !FIELDS[field].test(value)) throw unusable(grant, `has something else than a value in ${field}`);
    return value;
  };
  const required = (field: Field): string => {
    const value = optional(field);
    if (value === undefined) throw unusable(grant, `has no ${field} in its profile [default]`);
    return value;
  };
  const sessionToken = optional('aws_session_token');
  return {
    accessKeyId: required('aws_access_key_id'),
    secretAccessKey: required('aws_secret_access_key'),
    ...(sessionToken !== undefined && { sessionToken }),
  };
}

function defaultProfile(text: string): ReadonlyMap<string, string> | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  const start = lines.indexOf('[default]');
  if (start < 0) return undefined;
  const behind = lines.slice(start + 1);
  const end = behind.findIndex((line) => line.startsWith('['));
  const own = end < 0 ? behind : behind.slice(0, end);
  return new Map(own.filter((line) => line.includes('=') && !/^[#;]/.test(line)).map((line) => {
    const at = line.indexOf('=');
    return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  }));
}
