import * as crypto from 'node:crypto';

/** A session, and the sandbox that it was given to. */
export interface Session {
  /** The API of the sandbox. */
  readonly url: string;
  readonly initToken: string;
  readonly requestToken: string;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export function newKeys(): crypto.KeyPairKeyObjectResult {
  return crypto.generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

export function toPem(key: crypto.KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

/**
 * Gives a sandbox its session, as the platform's controller does in a cluster: the token names the present boot of this
 * sandbox alone, and carries the key that signs the requests of the session.
 */
export async function claim(url: string, id: string, bootstrapKey: crypto.KeyObject): Promise<Session> {
  const { bootId } = JSON.parse((await send(url, 'GET', '/init')).text);
  const { privateKey, publicKey } = newKeys();
  const iat = Math.floor(Date.now() / 1000);
  const bound = { jti: crypto.randomUUID(), boot_id: bootId, session_public_key: toPem(publicKey) };
  const initToken = signed({ iss: 'agentcube-workload-manager', sub: id, iat, exp: iat + 60, ...bound }, bootstrapKey);
  const answer = await init(url, initToken);
  if (answer.status !== 200) throw new Error(`the sandbox did not take its session: ${shown(answer)}`);
  const requestToken = signed({ iss: 'agentcube-router', session_id: id, iat, exp: iat + 300 }, privateKey);
  return { url, initToken, requestToken };
}

export function init(url: string, token: string): Promise<Answer> {
  return send(url, 'POST', '/init', { body: JSON.stringify({ token }) });
}

interface Sent {
  readonly token?: string;
  readonly body?: string;
}

export async function send(url: string, method: string, route: string, { token, body }: Sent = {}): Promise<Answer> {
  const answer = await fetch(`${url}${route}`, { method, body, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
  return { status: answer.status, text: await answer.text() };
}

/** What came back, or why it was refused. */
export function shown({ status, text }: Answer, of: (text: string) => string = (whole) => whole): string {
  if (status === 200) return of(text);
  const { reason, detail } = JSON.parse(text);
  return `${status} ${reason}: ${detail}`;
}

/** A compact JWS with ES256: https://www.rfc-editor.org/rfc/rfc7515#section-3.1 */
function signed(claims: object, key: crypto.KeyObject): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const text = `${encode({ alg: 'ES256', typ: 'JWT' })}.${encode(claims)}`;
  return `${text}.${crypto.sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}
