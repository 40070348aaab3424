import type { OwnedSecret } from './owned-secret';
import { bundleOf, entriesOf, renewed, ServingState, stateIn } from './serving-state';
import { CA_KEY } from '../../../src/protocol/objects';
import { factsOf, LoadMaker } from '../crypto/certificate-facts';
import type { KeyPair } from '../server/http/tls';
import type { Logger } from '../server/telemetry/log';
import type { Clock } from '../server/time/clock';
import type { After } from '../server/time/timers';

/** An object of the role's own, written only in the version that was read: of two writers one wins. */
export type OwnedEntries = Pick<OwnedSecret, 'read' | 'replace'>;

export interface ServingCertificateOptions {
  /** Keeps keys and certificates. */
  readonly secret: OwnedEntries;
  /** The ConfigMap that callers take the CA from. */
  readonly bundle: OwnedEntries;
  /** DNS names of the role's Service. */
  readonly names: readonly string[];
  readonly load: LoadMaker;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Milliseconds. Short against the week for which a CA is published before it signs. */
const LOOK_EVERY = 10 * 60 * 1000;

/** More writers than there can be replicas at once would be needed to lose so often. */
const ATTEMPTS = 10;

/**
 * The names that a Service is called by and, behind a headless one, each replica on its own.
 * https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
 */
export function serviceNames(namespace: string, service: string, headless?: string): string[] {
  const replicas = headless === undefined ? [] : [`*.${headless}.${namespace}.svc`, `*.${headless}.${namespace}.svc.cluster.local`];
  return [service, `${service}.${namespace}`, `${service}.${namespace}.svc`, `${service}.${namespace}.svc.cluster.local`, ...replicas];
}

/**
 * A certificate that the replicas of a role make for themselves and share by a Secret: the first one fills it, the
 * others read it. It is used as it was read, without waiting for the kubelet to mount it, and only once its CA is published.
 */
export class ServingCertificate {
  /** Rejects when the Secret holds what no replica wrote: that may be somebody's only copy. */
  static async open(options: ServingCertificateOptions): Promise<ServingCertificate> {
    return new ServingCertificate(options, await settled(options));
  }

  private checking?: Promise<void>;

  private constructor(private readonly options: ServingCertificateOptions, private state: ServingState) {}

  get pair(): KeyPair {
    const { cert, key } = this.state.serving;
    return { cert: Buffer.from(cert), key: Buffer.from(key) };
  }

  /** What clients trust, in PEM, as it is published. */
  get bundle(): string {
    return bundleOf(this.state);
  }

  /** Milliseconds since 1970. */
  get expiresAt(): number {
    return factsOf(this.state.serving.cert).notAfter;
  }

  /** Why nobody can connect; undefined when all is well. */
  problem(): string | undefined {
    return this.options.clock() < this.expiresAt ? undefined : 'the serving certificate has expired';
  }

  /** Looks every ten minutes or so until it is ended; each time another, so that the replicas do not all come at once. */
  follow(apply: (pair: KeyPair) => void, { after, random }: { readonly after: After; readonly random: () => number }): () => void {
    let cancel = (): void => undefined;
    const schedule = (): void => {
      cancel = after(Math.round(LOOK_EVERY * (0.5 + random())), () => {
        void this.check(apply);
        schedule();
      });
    };
    schedule();
    return () => cancel();
  }

  /** Renews what is due and takes over what another replica renewed. Never rejects: the old pair stays in use. */
  check(apply: (pair: KeyPair) => void): Promise<void> {
    this.checking ??= this.look(apply).finally(() => this.checking = undefined);
    return this.checking;
  }

  private async look(apply: (pair: KeyPair) => void): Promise<void> {
    const { log } = this.options;
    try {
      const before = this.state.serving.cert;
      this.state = await settled(this.options);
      if (this.state.serving.cert === before) return;
      apply(this.pair);
      log.info({ expires: new Date(this.expiresAt).toISOString() }, 'the serving certificate was renewed');
    } catch (err) {
      log.error({ err }, 'the serving certificate cannot be renewed; the old one stays');
    }
  }
}

/**
 * Brings Secret and bundle to what they should be. The bundle is read before the Secret, so that a replica which is late
 * does not put an old bundle in place of a newer one: then the version that it read is no longer there.
 */
async function settled({ secret, bundle, names, clock, load }: ServingCertificateOptions): Promise<ServingState> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const published = await bundle.read();
    const kept = await secret.read();
    const before = stateIn(kept.entries);
    const state = await renewed(before, { names, now: clock(), load });
    if (state !== before && !await secret.replace(kept, entriesOf(state))) continue;
    const wanted = Buffer.from(bundleOf(state));
    if (published.entries.get(CA_KEY)?.equals(wanted) === true) return state;
    if (await bundle.replace(published, new Map([...published.entries, [CA_KEY, wanted]]))) return state;
  }
  throw new Error(`the serving certificate could not be settled in ${ATTEMPTS} attempts: others write its Secret or its bundle all the time`);
}
