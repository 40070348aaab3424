import { createSecureContext, SecureContext } from 'node:tls';
import { LEAF_LIFETIME } from './authorities';
import { HOST_PATTERN, MAX_HOST_LENGTH } from '../../../../src/protocol/hosts';
import type { CertifiedKey, LoadMaker, ServingSigner } from '../../crypto/certificate-facts';
import { ExpiringMap } from '../../server/bounds/lru';
import { tlsOptions } from '../../server/http/tls';
import { Clock, isWithin } from '../../server/time/clock';

export interface LeafCertificatesOptions {
  /** The CA that signs now. */
  readonly authority: () => CertifiedKey;
  readonly load: LoadMaker;
  readonly clock: Clock;
  /**
   * Hosts whose certificate is remembered.
   * @default 1000
   */
  readonly max?: number;
}

/** Each takes about 30 KiB. */
const MAX_HOSTS = 1000;

/** Milliseconds for which one key serves all hosts; their certificates are then far from their end. */
const KEY_LIFETIME = 24 * 60 * 60 * 1000;

/** What people are shown. A host name may be too long for it, and clients look at the alternative names alone: https://www.rfc-editor.org/rfc/rfc9525#section-2 */
const SUBJECT = 'agent platform egress';

const HOST = new RegExp(HOST_PATTERN);

/** Certificates of one CA and one key. */
interface Generation {
  readonly authority: CertifiedKey;
  readonly since: number;
  readonly signer: Promise<ServingSigner>;
  readonly contexts: ExpiringMap<string, Promise<SecureContext>>;
}

/**
 * What agents are shown in place of the certificates of upstreams: for each host one of its own, made when it is first
 * asked for. They share a key, which never leaves the process and is another each day: with a key each they would cost
 * three times as much.
 */
export class LeafCertificates {
  private generation: Generation | undefined;

  constructor(private readonly options: LeafCertificatesOptions) {}

  /** What a TLS server of this host is made with; whoever asks for one that is being made waits for that. */
  async contextFor(host: string): Promise<SecureContext> {
    if (host.length > MAX_HOST_LENGTH || host.startsWith('*') || !HOST.test(host)) throw new RangeError(`a certificate is for one lower-case host name, got ${JSON.stringify(host)}`);
    const generation = this.current();
    const known = generation.contexts.get(host);
    if (known !== undefined) return known;
    const making = this.made(generation, host);
    generation.contexts.set(host, making, generation.since + KEY_LIFETIME);
    return making.catch((error: unknown) => {
      // The next one who asks tries again, with another key.
      if (this.generation === generation) this.generation = undefined;
      throw error;
    });
  }

  private current(): Generation {
    const { authority: authorityNow, load, clock, max = MAX_HOSTS } = this.options;
    const [authority, now] = [authorityNow(), clock()];
    const last = this.generation;
    if (last !== undefined && last.authority.cert === authority.cert && isWithin(now, last.since, KEY_LIFETIME)) return last;
    const signer = load().then(({ makeServingSigner }) => makeServingSigner(authority));
    this.generation = { authority, since: now, signer, contexts: new ExpiringMap({ max, clock }) };
    return this.generation;
  }

  private async made({ signer }: Generation, host: string): Promise<SecureContext> {
    const { key, certify } = await signer;
    const now = this.options.clock();
    const cert = await certify(SUBJECT, [host], { now, notAfter: now + LEAF_LIFETIME });
    return createSecureContext(tlsOptions({ cert: Buffer.from(cert), key: Buffer.from(key) }));
  }
}
