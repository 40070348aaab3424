import { lookup } from 'node:dns/promises';
import { Pool } from 'undici';
import { BrokerFailure } from './broker-failure';
import { fileStampNow, readText } from '../../server/files/read-file';
import { Clock, isWithin } from '../../server/time/clock';

export interface ReplicasOptions {
  /** https. */
  readonly url: string;
  /** PEM of the authorities that may have signed the broker's certificate. Read again when it changes. @default - those of Node */
  readonly caFile?: string;
  readonly clock: Clock;
  /** Addresses of a host; as `dns.lookup`. */
  readonly addressesOf?: (host: string) => Promise<readonly string[]>;
}

/** One address of the broker and the connections to it. */
export interface Replica {
  readonly address: string;
  readonly pool: Pool;
}

/** Milliseconds. */
const DIAL_TIMEOUT = 1_500;
const BELIEVED = 5_000;
/** A replica that failed comes last for so long. */
const AVOIDED = 5_000;

const CONNECTIONS = 32;
const MAX_ANSWER = 256 * 1024;
const MAX_CA = 1024 * 1024;

/**
 * The replicas behind the broker's name, each with connections of its own, so that a question can go to another one. A name with one
 * address is a Service that spreads connections, or one replica: the second attempt gets a connection of its own there.
 */
export class BrokerReplicas {
  private readonly pools = new Map<string, Pool>();
  private readonly failedAt = new Map<string, number>();
  private addresses: readonly string[] = [];
  private lookedUpAt = -Infinity;
  private lookingUp: Promise<void> | undefined;
  private turn = 0;
  private ca: string | undefined;
  private caStamp: string | undefined;
  private readingCa: Promise<void> | undefined;

  constructor(private readonly options: ReplicasOptions) {}

  /**
   * The one to ask now: by turns, those that failed a moment ago only when there is no other, nor `tried` itself. Rejects with
   * `BrokerFailure` while none is known.
   */
  async next(tried?: string): Promise<Replica> {
    await this.follow();
    const { addresses } = this;
    this.turn = (this.turn + 1) % addresses.length;
    const turned = [...addresses.slice(this.turn), ...addresses.slice(0, this.turn)];
    const others = turned.filter((address) => address !== tried);
    const address = others.find((other) => !this.isAvoided(other)) ?? others[0] ?? turned[0];
    return { address, pool: this.poolOf(address) };
  }

  /** Puts a replica last. One that did not even answer is dialled anew the next time. */
  failed({ address, pool }: Replica, redial: boolean): void {
    this.failedAt.set(address, this.options.clock());
    if (redial && this.pools.get(address) === pool) this.drop(address);
  }

  async close(): Promise<void> {
    const pools = [...this.pools.values()];
    this.pools.clear();
    await Promise.all(pools.map((pool) => pool.destroy()));
  }

  private isAvoided(address: string): boolean {
    return isWithin(this.options.clock(), this.failedAt.get(address) ?? -Infinity, AVOIDED);
  }

  private async follow(): Promise<void> {
    await this.followCa();
    if (isWithin(this.options.clock(), this.lookedUpAt, BELIEVED)) return;
    this.lookingUp ??= this.lookUp().finally(() => { this.lookingUp = undefined; });
    // Who has addresses does not wait for new ones.
    if (this.addresses.length === 0) await this.lookingUp;
  }

  /** Without an answer, the addresses that are known serve on. */
  private async lookUp(): Promise<void> {
    const { url, addressesOf = byDns, clock } = this.options;
    const answer = await addressesOf(new URL(url).hostname.replace(/^\[|\]$/g, '')).catch((): readonly string[] => []);
    const found = answer.length === 0 ? this.addresses : answer;
    if (found.length === 0) throw new BrokerFailure('Unavailable', 'there is no address of the broker');
    this.addresses = [...new Set(found)];
    this.lookedUpAt = clock();
    for (const address of [...this.pools.keys(), ...this.failedAt.keys()].filter((known) => !found.includes(known))) this.forget(address);
  }

  private async followCa(): Promise<void> {
    const { caFile } = this.options;
    if (caFile === undefined) return;
    const stamp = fileStampNow(caFile);
    // A file that is gone may come again; those who were trusted are until then.
    if (this.ca !== undefined && (stamp === undefined || stamp === this.caStamp)) return;
    this.readingCa ??= this.readCa(caFile, stamp).finally(() => { this.readingCa = undefined; });
    await this.readingCa;
  }

  /** Connections that others were trusted for are not used again. */
  private async readCa(path: string, stamp: string | undefined): Promise<void> {
    this.ca = await readText(path, MAX_CA).catch((cause: unknown) => {
      throw new BrokerFailure('Unavailable', 'the authorities of the broker cannot be read', { cause });
    });
    this.caStamp = stamp;
    for (const address of [...this.pools.keys()]) this.drop(address);
  }

  private poolOf(address: string): Pool {
    const known = this.pools.get(address);
    if (known !== undefined) return known;
    const family = address.includes(':') ? 6 : 4;
    const pool = new Pool(new URL(this.options.url).origin, {
      connections: CONNECTIONS,
      maxResponseSize: MAX_ANSWER,
      connect: {
        ca: this.ca,
        timeout: DIAL_TIMEOUT,
        minVersion: 'TLSv1.2',
        // The name stays that of the broker, for its certificate; only where it leads to is decided here.
        lookup: (_host, _options, done) => done(null, [{ address, family }]),
      },
    });
    this.pools.set(address, pool);
    return pool;
  }

  private forget(address: string): void {
    this.failedAt.delete(address);
    this.drop(address);
  }

  /** What is under way ends in its own time. */
  private drop(address: string): void {
    const pool = this.pools.get(address);
    this.pools.delete(address);
    void pool?.close();
  }
}

async function byDns(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
