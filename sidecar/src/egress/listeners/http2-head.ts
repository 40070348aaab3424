/** The head of a request, as HTTP/1.1 has it. */
export interface Http1Head {
  readonly method: string;
  readonly target: string;
  /** Names and values in turn. */
  readonly fields: string[];
}

/** The connection is encrypted, so that every other scheme asks for something that is not here. */
const SCHEME = 'https';

/**
 * What a request of HTTP/2 says, in HTTP/1.1. Nothing is decided here: of two hosts that differ both are there, and the
 * target of another scheme is an absolute one, so that both are refused as they would be over HTTP/1.1.
 * https://www.rfc-editor.org/rfc/rfc9113#section-8.3.1
 */
export function http1Head(raw: readonly string[], hasBody: boolean): Http1Head {
  const pseudo = new Map<string, string>();
  const fields: string[] = [];
  const cookies: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const [name, value] = [raw[at], raw[at + 1]];
    if (name.startsWith(':')) pseudo.set(name, value);
    else if (name === 'cookie') cookies.push(value);
    else fields.push(name, value);
  }
  const { method = '', authority, scheme = '', path = '' } = Object.fromEntries([...pseudo].map(([name, value]) => [name.slice(1), value]));
  const target = scheme.toLowerCase() === SCHEME ? path : `${scheme}://${authority ?? ''}${path}`;
  return { method, target, fields: [...hosts(authority, fields), ...withoutHost(fields), ...joinedCookies(cookies), ...framing(fields, hasBody)] };
}

function hosts(authority: string | undefined, fields: readonly string[]): string[] {
  const said = fields.filter((_, at) => at % 2 === 1 && fields[at - 1] === 'host');
  const all = authority === undefined ? said : [authority, ...said.filter((host) => host !== authority)];
  return all.flatMap((host) => ['host', host]);
}

function withoutHost(fields: readonly string[]): string[] {
  return fields.filter((_, at) => fields[at - (at % 2)] !== 'host');
}

/** https://www.rfc-editor.org/rfc/rfc9113#section-8.2.3 */
function joinedCookies(cookies: readonly string[]): string[] {
  return cookies.length === 0 ? [] : ['cookie', cookies.join('; ')];
}

/** How long it is is said by frames, unless the client says it too; then the frames have been counted. */
function framing(fields: readonly string[], hasBody: boolean): string[] {
  const isSaid = fields.some((name, at) => at % 2 === 0 && name === 'content-length');
  if (isSaid) return [];
  return hasBody ? ['transfer-encoding', 'chunked'] : ['content-length', '0'];
}
