import { newSigningKey, parseSigningKey, renderSigningKey, SIGNING_FILE, SigningKey, signingFile } from './signing-key';
import { CLOCK_LEEWAY_SECONDS, INIT_TOKEN_SECONDS } from '../../../../src/protocol/session-api';
import { KeyFileError } from '../../crypto/key-file';
import { isRotationDue, sealingKey, spentKeys } from '../../crypto/key-schedule';
import type { Entries, KeySecret } from '../../crypto/secret-keyring';
import type { Clock } from '../../server/clock';

type Content = { readonly entries: Entries };

export interface SigningKeysOptions<C extends Content> {
  /** Name of the Secret or folder, for messages. */
  readonly place: string;
  readonly secret: KeySecret<C>;
  readonly clock: Clock;
}

/**
 * Milliseconds after which a new key signs. Clocks of two replicas may differ by ten minutes; what is left is for
 * publishing, and for the kubelet, which brings a changed ConfigMap within two.
 */
export const SIGNS_AFTER = 15 * 60 * 1000;

/** Milliseconds for which something signed is accepted. */
const LONGEST_TOKEN = (INIT_TOKEN_SECONDS + CLOCK_LEEWAY_SECONDS) * 1000;

/** Others that write at the same time; each round one of them has won. */
const MAX_ROUNDS = 10;

/**
 * The keys that sign init tokens, shared by the replicas of the controller. Whoever comes first makes one, all others take
 * what is there; each is followed by another after thirty days. What nobody of us wrote is refused and left alone.
 */
export class SigningKeys<C extends Content> {
  /** Rejects when the place cannot be read, or holds what cannot be trusted. */
  static async open<C extends Content>(options: SigningKeysOptions<C>): Promise<SigningKeys<C>> {
    return new SigningKeys(options, await settled(options));
  }

  private failure: string | undefined;

  private constructor(private readonly options: SigningKeysOptions<C>, private keys: readonly SigningKey[]) {}

  /** The key for one more token. */
  current(): SigningKey {
    // There is always one: the last key is never spent.
    return sealingKey(this.keys, this.options.clock(), SIGNS_AFTER)!;
  }

  /** Takes over what others have done, does what is due, and tells all keys. When it rejects, what was known signs on. */
  async refresh(): Promise<readonly SigningKey[]> {
    try {
      this.keys = await settled(this.options);
      this.failure = undefined;
      return this.keys;
    } catch (error) {
      // An API server that does not answer is no reason to be unready: signing goes on.
      this.failure = error instanceof KeyFileError ? `the bootstrap keys cannot be renewed: ${error.message}` : undefined;
      throw error;
    }
  }

  /** Why the keys cannot be renewed; undefined when all is well. */
  problem(): string | undefined {
    return this.failure;
  }
}

async function settled<C extends Content>({ place, secret, clock }: SigningKeysOptions<C>): Promise<readonly SigningKey[]> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const seen = await secret.read();
    const now = clock();
    const found = keysIn(place, seen.entries);
    const spent = spentKeys([...found.values()], now, SIGNS_AFTER, LONGEST_TOKEN);
    const kept = new Map([...seen.entries].filter(([name]) => !spent.includes(found.get(name)!)));
    const wanted = isRotationDue([...found.values()], 0, now) ? withKey(kept, newSigningKey(now)) : kept;
    if (spent.length === 0 && wanted === kept) return [...found.values()];
    if (await secret.replace(seen, wanted)) return [...keysIn(place, wanted).values()];
  }
  throw new Error(`${place} changes each time that its keys are renewed`);
}

/** The keys among entries, by name. Names that do not end in .pem are somebody else's. */
function keysIn(place: string, entries: Entries): ReadonlyMap<string, SigningKey> {
  const names = [...entries.keys()].filter((name) => name.endsWith('.pem'));
  if (names.some((name) => !SIGNING_FILE.test(name))) throw new KeyFileError(place, `has an entry that is neither ${signingFile(1)} nor ${signingFile(2)} and so on`);
  const keys = new Map(names.map((name) => [name, parseSigningKey(`${place}/${name}`, entries.get(name)!.toString('utf8'))]));
  if (new Set([...keys.values()].map(({ kid }) => kid)).size < keys.size) throw new KeyFileError(place, 'has one key twice');
  return keys;
}

function withKey(entries: Entries, key: SigningKey): Entries {
  const last = Math.max(0, ...[...entries.keys()].map((name) => Number(SIGNING_FILE.exec(name)?.[1] ?? 0)));
  return new Map([...entries, [signingFile(last + 1), Buffer.from(renderSigningKey(key))]]);
}
