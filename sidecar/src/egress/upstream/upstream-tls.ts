import { isIP, type Socket } from 'node:net';
import { connect, createSecureContext, rootCertificates, type SecureContext, type TLSSocket } from 'node:tls';
import { TLS_TIMEOUT } from '../../../../src/protocol/egress-api';
import { ExpiringMap } from '../../server/bounds/lru';
import type { Clock } from '../../server/time/clock';
import type { After } from '../../server/time/timers';
import { refuse } from '../refusals/refuse';

export interface UpstreamTlsOptions {
  /** Those of `UPSTREAM_CA_FILE`, trusted besides the public ones, as they are now; the same array as long as they are the same. */
  readonly authorities: () => readonly string[];
  readonly clock: Clock;
  readonly after: After;
}

/** Each takes some KiB, with the certificates of its upstream. */
const MAX_SESSIONS = 1_000;
/** Milliseconds. A session is a certificate that is not looked at again. */
const SESSION_LIFETIME = 5 * 60_000;

/** TLS with upstreams, verified. */
export class UpstreamTls {
  private readonly sessions: ExpiringMap<string, Buffer>;
  private authorities: readonly string[] | undefined;
  private context: SecureContext | undefined;

  constructor(private readonly options: UpstreamTlsOptions) {
    this.sessions = new ExpiringMap({ max: MAX_SESSIONS, clock: options.clock });
  }

  /**
   * The TLS of a socket, with a certificate for the host. Rejects with `UPSTREAM_UNTRUSTED`, `UPSTREAM_FAILED` or `UPSTREAM_TIMEOUT`;
   * the socket is then gone.
   */
  secured(socket: Socket, host: string, port: number): Promise<TLSSocket> {
    if (socket.destroyed) return Promise.reject(refuse('UPSTREAM_FAILED', `${host} has ended the connection`));
    const secureContext = this.current();
    const key = `${host}:${port}`;
    const session = this.sessions.get(key);
    // For one connection alone: https://www.rfc-editor.org/rfc/rfc8446#appendix-C.4
    this.sessions.delete(key);
    const servername = isIP(host) === 0 ? host : '';
    const tls = connect({ socket, secureContext, session, host, servername, ALPNProtocols: ['http/1.1'], rejectUnauthorized: true });
    return new Promise((resolve, reject) => {
      let isSecure = false;
      let offered: Buffer | undefined;
      const keep = (): void => {
        const isTrusted = isSecure && this.context === secureContext;
        if (isTrusted && offered !== undefined) this.sessions.set(key, offered, this.options.clock() + SESSION_LIFETIME);
      };
      const cancel = this.options.after(TLS_TIMEOUT, () => {
        tls.destroy();
        reject(refuse('UPSTREAM_TIMEOUT', `${host} has not finished its TLS handshake in time`));
      });
      tls.on('session', (given: Buffer) => {
        offered = given;
        keep();
      });
      tls.once('secureConnect', () => {
        cancel();
        isSecure = true;
        keep();
        resolve(tls);
      });
      tls.on('error', (cause: NodeJS.ErrnoException) => {
        cancel();
        tls.destroy();
        reject(problemOf(tls, host, cause));
      });
      tls.once('close', () => {
        cancel();
        if (!isSecure) reject(refuse('UPSTREAM_FAILED', `${host} has ended the connection during its TLS handshake`));
      });
    });
  }

  /** Sessions of upstreams that were trusted before are forgotten with those by whom they were. */
  private current(): SecureContext {
    const authorities = this.options.authorities();
    if (this.context !== undefined && this.authorities === authorities) return this.context;
    this.authorities = authorities;
    this.context = createSecureContext({ minVersion: 'TLSv1.2', ca: authorities.length === 0 ? undefined : [...rootCertificates, ...authorities] });
    this.sessions.clear();
    return this.context;
  }
}

/** The code of OpenSSL says what is wrong with a certificate, and names nobody. */
function problemOf({ authorizationError }: TLSSocket, host: string, cause: NodeJS.ErrnoException): Error {
  if (authorizationError) return refuse('UPSTREAM_UNTRUSTED', `the certificate of ${host} is not trusted: ${cause.code}`, { cause });
  return refuse('UPSTREAM_FAILED', `TLS with ${host} failed: ${cause.code}`, { cause });
}
