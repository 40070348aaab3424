import { isUtf8 } from 'node:buffer';
import type { CredentialGrantSpec } from '../../../../src/protocol/policy';
import { refuse } from '../refuse';
import type { SecretReader } from './provider';

/** Longest credential that is put into a request; servers take headers of 8 to 16 KiB in all. */
const MAX_REQUEST_VALUE = 8 * 1024;

/** The bytes of a grant's Secret as text, unchanged. An empty one is refused, and so is what JSON and an environment cannot hold. */
export async function rawValue(grant: CredentialGrantSpec, secrets: SecretReader): Promise<string> {
  const { name, key } = grant.provider.secretRef;
  const bytes = await secrets(name, key);
  if (bytes === undefined) throw unusable(grant, 'is not there');
  if (!isUtf8(bytes)) throw unusable(grant, 'is not UTF-8 text');
  const text = bytes.toString('utf8');
  if (text === '') throw unusable(grant, 'is empty');
  if (text.includes('\0')) throw unusable(grant, 'contains a NUL byte');
  return text;
}

/**
 * The grant's Secret as a value that goes into a request. One line ending at its end is no part of it: editors and
 * `echo` write one, and no request could carry it. Anywhere else a control character is a mistake, and could end a header.
 */
export async function requestValue(grant: CredentialGrantSpec, secrets: SecretReader): Promise<string> {
  const value = (await rawValue(grant, secrets)).replace(/\r?\n$/, '');
  if (value === '') throw unusable(grant, 'is empty');
  if (value.length > MAX_REQUEST_VALUE) throw unusable(grant, `is longer than ${MAX_REQUEST_VALUE} characters`);
  if (/\p{Cc}/u.test(value)) throw unusable(grant, 'contains a line break or another control character');
  return value;
}

/**
 * The grant's Secret as the end of a header's value: visible ASCII, with blanks only inside. Recipients strip blanks
 * at the ends and read other characters differently. https://www.rfc-editor.org/rfc/rfc9110#section-5.5
 */
export async function headerValue(grant: CredentialGrantSpec, secrets: SecretReader): Promise<string> {
  const value = await requestValue(grant, secrets);
  if (!/^[!-~]([ -~]*[!-~])?$/.test(value)) throw unusable(grant, 'begins or ends with a blank or contains characters outside ASCII, which no header can carry');
  return value;
}

/** Names the place, never the content. */
export function unusable({ name, provider: { kind, secretRef } }: CredentialGrantSpec, problem: string) {
  return refuse('ProviderFailure', `credential ${name} of ${kind}: key ${secretRef.key} of Secret ${secretRef.name} ${problem}`);
}
