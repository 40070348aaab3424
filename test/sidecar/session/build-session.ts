import { createPublicKey, KeyObject } from 'node:crypto';
import { newP256Pair, p256FromJwk, P256Pair, p256ToPem } from '../../../sidecar/src/crypto/p256';
import { hashOfSealed, sealToKey } from '../../../sidecar/src/crypto/sealed-to-key';
import { signToken, verifyingKey } from '../../../sidecar/src/crypto/signed-token';
import { createLogger } from '../../../sidecar/src/server/telemetry/log';
import { buildSession } from '../../../sidecar/src/session/app';
import type { ApiRoutes, SessionDeps } from '../../../sidecar/src/session/session-deps';
import { Identity } from '../../../sidecar/src/session/state';
import { InitChallenge, SESSION_ROUTES } from '../../../src/protocol/session-api';
import { newKeyPair } from '../../helpers/key-pair';

/** Seconds since 1970. */
export const NOW = Date.parse('2026-05-04T09:00:00Z') / 1000;

/** Made once: keys are slow. */
export const BOOTSTRAP: P256Pair = newP256Pair();
export const BOOTSTRAP_RSA = newKeyPair('rsa', { modulusLength: 2048 });
export const SESSION_KEY: P256Pair = newP256Pair();
export const OTHER_KEY: P256Pair = newP256Pair();

export type Fields = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Stands for the routes of commands and files: says which environment a command would get. */
const ECHO: ApiRoutes = (api, session) => {
  api.post(SESSION_ROUTES.execute, () => ({ environment: session().environment }));
};

export interface Daemon {
  /** Seconds since 1970. */
  now: number;
  readonly identity: Identity;
  challenge(): Promise<InitChallenge>;
  /** Sends any body, as it is when it is a text. */
  init(body: unknown, address?: string): Promise<Answer>;
  /** Sends a command with the header. */
  execute(authorization?: string): Promise<Answer>;
  health(): Promise<Answer>;
  ask(method: 'GET' | 'POST' | 'PUT', url: string, options?: object): Promise<Answer>;
  output(): string;
}

/** A daemon in this process. A restart is another one. */
export function daemon(more: Partial<SessionDeps> = {}): Daemon {
  const identity = new Identity();
  const lines: string[] = [];
  const log = createLogger({ role: 'session', level: 'trace', destination: { write: (line: string) => void lines.push(line) } });
  const bootstrapKeys = () => [verifyingKey(BOOTSTRAP.publicKey, 'boot-1'), verifyingKey(BOOTSTRAP_RSA.publicKey)];
  const world = { now: NOW };
  const app = buildSession({ identity, bootstrapKeys, routes: [ECHO], nativeHelper: false, clock: () => world.now * 1000, log, ...more });
  const inject = async (method: 'GET' | 'POST' | 'PUT', url: string, options: object = {}): Promise<Answer> => {
    const { statusCode, body, headers } = await app.inject({ method, url, ...options });
    lines.push(body);
    return { status: statusCode, body: JSON.parse(body), headers };
  };
  return {
    get now() { return world.now; },
    set now(value) { world.now = value; },
    identity,
    challenge: async () => (await inject('GET', SESSION_ROUTES.init)).body,
    init: (body, address = '10.0.0.1') => inject('POST', SESSION_ROUTES.init, {
      remoteAddress: address, headers: { 'content-type': 'application/json' }, payload: typeof body === 'string' ? body : JSON.stringify(body),
    }),
    execute: (authorization) => inject('POST', SESSION_ROUTES.execute, authorization === undefined ? {} : { headers: { authorization } }),
    health: () => inject('GET', SESSION_ROUTES.health),
    ask: inject,
    output: () => lines.join('\n'),
  };
}

/** The claims of the proposal's controller: nothing of ours. `undefined` leaves a claim out. */
export function initClaims(changed: Fields = {}): Fields {
  return {
    iss: 'agentcube-workload-manager', sub: 's-1', iat: NOW, exp: NOW + 120, jti: 'jti-1', session_public_key: p256ToPem(SESSION_KEY.publicKey), ...changed,
  };
}

export function initToken(changed: Fields = {}, key: KeyObject = BOOTSTRAP.privateKey, kid?: string): string {
  return signToken(initClaims(changed), key, kid);
}

/** A whole init for the present boot, with an environment if there is one. */
export async function boundInit(to: Daemon, changed: Fields = {}, environment?: unknown) {
  const { bootId, publicKey } = await to.challenge();
  const env = environment === undefined ? undefined : await sealToKey(typeof environment === 'string' ? environment : JSON.stringify(environment), p256FromJwk(publicKey)!);
  const bound = { boot_id: bootId, boot_key_thumbprint: to.identity.bootThumbprint, env_sha256: env === undefined ? undefined : hashOfSealed(env) };
  return { token: initToken({ ...bound, ...changed }), ...(env === undefined ? {} : { env }) };
}

export function requestToken(changed: Fields = {}, key: KeyObject = SESSION_KEY.privateKey): string {
  return signToken({ iss: 'agentcube-router', session_id: 's-1', iat: NOW, exp: NOW + 300, ...changed }, key);
}

/** A JWS as others might make it: any header, any signature. */
export function rawToken(header: Fields, claims: Fields, signature: (signed: string) => string): string {
  const encode = (fields: Fields) => Buffer.from(JSON.stringify(fields)).toString('base64url');
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${signature(signed)}`;
}

/** PEM of a public key on another curve, or of another kind. */
export function foreignKeys() {
  const p384 = newKeyPair('ec', { namedCurve: 'secp384r1' });
  const k256 = newKeyPair('ec', { namedCurve: 'secp256k1' });
  const ed25519 = newKeyPair('ed25519');
  const rsa1024 = newKeyPair('rsa', { modulusLength: 1024 });
  return { p384, k256, ed25519, rsa1024 };
}

export function pemOf(key: KeyObject): string {
  return (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'pem' }).toString();
}
