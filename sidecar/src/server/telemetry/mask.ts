import { BEARER_PREFIX } from '../../../../src/protocol/broker-api';

const MASK = '[masked]';

/** A bearer of ours: prefix, kind, sealed part. Shorter texts are names, and no secret. */
const BEARER = `${BEARER_PREFIX}[A-Za-z0-9]+-[A-Za-z0-9._~+/=-]{8,}`;
/** Compact JWS or JWE: the first part is the base64url form of an object. */
const TOKEN = 'ey[A-Za-z0-9_-]{8,}(?:\\.[A-Za-z0-9_-]*){2,4}';
/** https://www.rfc-editor.org/rfc/rfc9110#section-11.4 */
const CREDENTIALS = '(?:Bearer|Basic|Token) +[A-Za-z0-9._~+/=-]{8,}';

const SECRETS = new RegExp(`${CREDENTIALS}|${BEARER}|${TOKEN}`, 'gi');

/** The text without anything that looks like a bearer of ours, a JSON web token or an Authorization header. */
export function maskSecrets(text: string): string {
  return text.replace(SECRETS, MASK);
}

/** Fields whose value is masked wherever they are, whatever it looks like. */
const SECRET_FIELDS = [
  'authorization', 'proxy-authorization', 'x-api-key', 'cookie', 'set-cookie', 'token', 'value', 'incomingAuthorization', 'incomingXApiKey',
];
const FIELD = `(${SECRET_FIELDS.join('|')})`;
const TEXT_FIELD = new RegExp(`"${FIELD}":"(?:[^"\\\\]|\\\\.)*"`, 'gi');
/** The same in JSON that is quoted inside a text, an error's for example. */
const QUOTED_FIELD = new RegExp(`\\\\"${FIELD}\\\\": *\\\\"[^"\\\\]*`, 'gi');
const OTHER_FIELD = new RegExp(`"${FIELD}":[^"]`, 'i');
const IS_SECRET_FIELD = new RegExp(`^${FIELD}$`, 'i');

/**
 * A line of the log as it may be written. Working on the finished line reaches any depth, and costs
 * a twentieth of redaction by path, which would be as much as answering a request.
 */
export function maskLine(line: string): string {
  const masked = maskSecrets(line)
    .replace(TEXT_FIELD, `"$1":"${MASK}"`)
    .replace(QUOTED_FIELD, `\\"$1\\":\\"${MASK}`);
  return OTHER_FIELD.test(masked) ? maskParsed(masked) : masked;
}

function maskParsed(line: string): string {
  return `${JSON.stringify(JSON.parse(line, (key, value: unknown) => IS_SECRET_FIELD.test(key) ? MASK : value))}\n`;
}
