import type { HttpsGet } from './https-get';
import { KeySet, keySetIn, MAX_KEY_SET } from './key-set';
import { openMountedFile } from './mounted-file';
import type { IssuerEntry } from '../../../../src/protocol/session-pools';
import { isFields } from '../../server/text/fields';
import { parseStrictJson } from '../../server/text/strict-json';
import { Clock, isWithin } from '../../server/time/clock';

/** Whether a token is good cannot be told now. */
export class KeysUnavailable extends Error {}

/** The keys that sign the tokens of one issuer. */
export interface IssuerKeys {
  /** The same object for as long as the keys are the same. Rejects with `KeysUnavailable`. */
  current(): Promise<KeySet>;
  /** Looks again, because a token names a key that is not there; undefined when nothing is new. Rejects with `KeysUnavailable`. */
  newer(than: KeySet): Promise<KeySet | undefined>;
  close(): void;
}

/** Told why keys are not used; those from before stay. */
export type Refused = (problem: string) => void;

/** Keys of a mounted file, which is looked at all the time. */
export async function openFileKeys(file: string, refused: Refused, pollMilliseconds?: number): Promise<IssuerKeys> {
  const state = await openMountedFile({ file, maxBytes: MAX_KEY_SET, parse: (text) => keySetIn(file, text), refused, pollMilliseconds });
  const current = async () => {
    const set = state.current();
    if (set === undefined) throw new KeysUnavailable();
    return set;
  };
  return {
    current,
    newer: async (than) => {
      const set = await current();
      return set === than ? undefined : set;
    },
    close: () => state.close(),
  };
}

/** Milliseconds after which keys are asked for again, so that one that was withdrawn is not taken for long. */
const FRESH = 5 * 60 * 1000;

/** Milliseconds for which keys serve while the provider does not answer. */
const DURING_OUTAGE = 24 * 60 * 60 * 1000;

/** Milliseconds between two questions: tokens that anybody could have made must not become requests to the provider. */
const PAUSE = 10_000;

export interface DiscoveredKeysOptions {
  readonly issuer: IssuerEntry['issuer'];
  readonly get: HttpsGet;
  readonly clock: Clock;
  readonly refused: Refused;
}

/** Keys that the provider publishes: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig */
export class DiscoveredKeys implements IssuerKeys {
  private known: { readonly set: KeySet; readonly at: number } | undefined;
  private askedAt = -Infinity;
  private hasFailed = false;
  private asking: Promise<void> | undefined;

  constructor(private readonly options: DiscoveredKeysOptions) {}

  async current(): Promise<KeySet> {
    const age = this.usableWithin(FRESH) ? 'fresh' : this.usableWithin(DURING_OUTAGE) ? 'old' : 'none';
    // Who has keys does not wait for a provider.
    if (age !== 'fresh') await (age === 'old' ? void this.ask() : this.ask());
    if (!this.usableWithin(DURING_OUTAGE)) throw new KeysUnavailable();
    return this.known!.set;
  }

  async newer(than: KeySet): Promise<KeySet | undefined> {
    await this.ask();
    if (this.known !== undefined && this.known.set !== than) return this.known.set;
    // The token may be signed by a key that nobody could tell us of.
    if (this.hasFailed) throw new KeysUnavailable();
    return undefined;
  }

  close(): void {
    // An exchange that is under way ends by its own time.
  }

  private usableWithin(milliseconds: number): boolean {
    return this.known !== undefined && isWithin(this.options.clock(), this.known.at, milliseconds);
  }

  /** Asks once, however many want to know. Never rejects. */
  private ask(): Promise<void> {
    if (this.asking !== undefined) return this.asking;
    const now = this.options.clock();
    if (isWithin(now, this.askedAt, PAUSE)) return Promise.resolve();
    this.askedAt = now;
    this.asking = this.fetch(now).finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  private async fetch(at: number): Promise<void> {
    const { issuer, get, refused } = this.options;
    try {
      const address = jwksAddress(issuer, await get(discoveryAddress(issuer)));
      const text = await get(address);
      const set = this.known?.set.text === text ? this.known.set : keySetIn(address, text);
      this.known = { set, at };
      this.hasFailed = false;
    } catch (error) {
      this.hasFailed = true;
      refused(error instanceof Error ? error.message : 'the keys cannot be read');
    }
  }
}

/** A slash at the end of the issuer does not count: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationRequest */
function discoveryAddress(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}

/** Longest address of keys; it is in messages. */
const MAX_ADDRESS = 2048;

function jwksAddress(issuer: string, text: string): string {
  const document = parseStrictJson(text);
  if (!isFields(document) || document.issuer !== issuer) throw new Error('the discovery document is of another issuer');
  const { jwks_uri: address } = document;
  if (typeof address !== 'string' || address.length > MAX_ADDRESS) throw new Error('the discovery document has no jwks_uri that can be used');
  return address;
}
