import { KeyFileError } from './key-file';
import { isRotationDue, oldestFirst, sealingKey, spentKeys } from './key-schedule';
import type { Entries, KeySecret } from './secret-keyring';
import type { Clock } from '../server/time/clock';

/** A key that signs. Times in milliseconds since 1970. */
export interface SharedKey {
  readonly kid: string;
  readonly created: number;
  /**
   * From then on nobody accepts what it signs.
   * @default - never
   */
  readonly endsAt?: number;
}

/** What keys of one kind are called, how they are written, and how they follow one another. Durations in milliseconds. */
export interface KeyKind<K extends SharedKey> {
  /** In messages; several of them. */
  readonly called: string;
  /** Entries are called `<stem>-1.pem`, `<stem>-2.pem` and so on. */
  readonly stem: string;
  /** Age from which a key signs; until then those who verify learn of it. */
  readonly signsAfter: number;
  /** Age at which a key is followed by the next. */
  readonly rotateAfter: number;
  /** For which something signed is accepted. */
  readonly longestUse: number;
  /** Whether an entry of another name is somebody else's, which stays; any other is refused. */
  readonly mayStay: (name: string) => boolean;
  make(now: number): K | Promise<K>;
  render(key: K): string;
  /** Throws `KeyFileError` for what was not rendered so. */
  parse(file: string, text: string): K;
}

type Content = { readonly entries: Entries };
type Named = Pick<KeyKind<SharedKey>, 'stem'>;

export interface SharedKeysOptions<C extends Content> {
  /** Name of the Secret or folder, for messages. */
  readonly place: string;
  readonly secret: KeySecret<C>;
  readonly clock: Clock;
}

/** Others that write at the same time; each round one of them has won. */
const MAX_ROUNDS = 10;

/**
 * Keys that sign, shared by the replicas of a role. Whoever comes first makes one, all others take what is there; each is
 * followed by another in time. What nobody of us wrote is refused and left alone.
 */
export class SharedKeys<K extends SharedKey, C extends Content> {
  /** Rejects when the place cannot be read, or holds what cannot be trusted. */
  static async open<K extends SharedKey, C extends Content>(kind: KeyKind<K>, options: SharedKeysOptions<C>): Promise<SharedKeys<K, C>> {
    return new SharedKeys(kind, options, await settled(kind, options));
  }

  private failure: string | undefined;

  private constructor(private readonly kind: KeyKind<K>, private readonly options: SharedKeysOptions<C>, private keys: readonly K[]) {}

  /** The key that signs now. */
  current(): K {
    const now = this.options.clock();
    const valid = this.keys.filter((key) => !isOver(key, now));
    // There is always one: the last key is only taken away for another.
    return sealingKey(valid.length > 0 ? valid : this.keys, now, this.kind.signsAfter)!;
  }

  /** Takes over what others have done, does what is due, and tells all keys, oldest first. When it rejects, what was known signs on. */
  async refresh(): Promise<readonly K[]> {
    try {
      this.keys = await settled(this.kind, this.options);
      this.failure = undefined;
      return this.keys;
    } catch (error) {
      // An API server that does not answer is no reason to be unready: signing goes on.
      this.failure = error instanceof KeyFileError ? `the ${this.kind.called} cannot be renewed: ${error.message}` : undefined;
      throw error;
    }
  }

  /** Why the keys cannot be renewed; undefined when all is well. */
  problem(): string | undefined {
    return this.failure;
  }
}

async function settled<K extends SharedKey, C extends Content>(
  kind: KeyKind<K>, { place, secret, clock }: SharedKeysOptions<C>,
): Promise<readonly K[]> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const seen = await secret.read();
    const now = clock();
    const found = keysIn(kind, place, seen.entries);
    const keys = oldestFirst([...found.values()]);
    const spent = spentKeys(keys, now, kind.signsAfter, kind.longestUse);
    const isDue = isRotationDue(keys.filter((key) => !isOver(key, now)), 0, now, kind.rotateAfter);
    if (!isDue && spent.length === 0) return keys;
    const kept = new Map([...seen.entries].filter(([name]) => !spent.includes(found.get(name)!)));
    const wanted = isDue ? kept.set(nextName(kind, found), Buffer.from(kind.render(await kind.make(now)))) : kept;
    if (await secret.replace(seen, wanted)) return oldestFirst([...keysIn(kind, place, wanted).values()]);
  }
  throw new Error(`${place} changes each time that its keys are renewed`);
}

/** The keys among entries, by name. */
function keysIn<K extends SharedKey>(kind: KeyKind<K>, place: string, entries: Entries): ReadonlyMap<string, K> {
  const isOurs = (name: string): boolean => numberOf(kind, name) !== undefined;
  if ([...entries.keys()].some((name) => !isOurs(name) && !kind.mayStay(name))) {
    throw new KeyFileError(place, `has an entry that is neither ${nameOf(kind, 1)} nor ${nameOf(kind, 2)} and so on`);
  }
  const ours = [...entries].filter(([name]) => isOurs(name));
  const keys = new Map(ours.map(([name, content]) => [name, kind.parse(`${place}/${name}`, content.toString('utf8'))]));
  if (new Set([...keys.values()].map(({ kid }) => kid)).size < keys.size) throw new KeyFileError(place, 'has one key twice');
  return keys;
}

/** A number that none of the keys had: what is taken away at the same time keeps its name. */
function nextName<K extends SharedKey>(kind: KeyKind<K>, found: ReadonlyMap<string, K>): string {
  return nameOf(kind, Math.max(0, ...[...found.keys()].map((name) => numberOf(kind, name)!)) + 1);
}

function nameOf({ stem }: Named, number: number): string {
  return `${stem}-${number}.pem`;
}

function numberOf({ stem }: Named, name: string): number | undefined {
  const [, before, digits] = /^(.+)-([1-9][0-9]{0,8})\.pem$/.exec(name) ?? [];
  return before === stem ? Number(digits) : undefined;
}

function isOver({ endsAt = Infinity }: SharedKey, now: number): boolean {
  return now >= endsAt;
}
