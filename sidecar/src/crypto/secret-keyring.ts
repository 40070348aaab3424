import type { KeyObject } from 'node:crypto';
import { ID_FILE, KeyFileError, parseKey, renderKey, SEAL_FILE, sealFile } from './key-file';
import { isRenewalDue, isRotationDue, sealingKey, spentKeys } from './key-schedule';
import { Key, KeySet, KeyStore, newKey } from './key-store';
import type { Keyring } from './keyring';

/** Entries of a Secret, by name. */
export type Entries = ReadonlyMap<string, Buffer>;

/** The Secret with the keys. Its entries have the names and form of key files, so that it can be mounted as their folder. */
export interface KeySecret<Content extends { readonly entries: Entries }> {
  read(): Promise<Content>;
  /** Writes these entries, unless somebody has written since `seen` was read: then it answers false. */
  replace(seen: Content, entries: Entries): Promise<boolean>;
}

export interface SecretKeyringOptions<Content extends { readonly entries: Entries }> {
  /** Name of the Secret, for messages. */
  readonly place: string;
  readonly secret: KeySecret<Content>;
  /** The same keys as they were mounted, for as long as the Secret cannot be read. */
  readonly mounted?: Pick<KeyStore, 'load'>;
  /** The time in milliseconds since 1970. */
  readonly now: () => number;
  /**
   * Milliseconds for which a new key only opens.
   * @default HEAD_START
   */
  readonly headStart?: number;
}

/** Time between two looks at the Secret. */
const LOOK_AGAIN = 5000;

/** The same while nobody needs a key: short against the time for which a new key only opens. */
const LOOK_ANYWAY = 60_000;

/** Others that fill the Secret at the same time; each round one of them has won. */
const MAX_ROUNDS = 10;

/**
 * The keyring of a Secret that is made empty: whoever comes first fills it, all others take what is there. Rejects when
 * neither the Secret nor its mounted copy can be read, or when a key in it cannot be trusted.
 */
export async function openSecretKeyring<Content extends { readonly entries: Entries }>(options: SecretKeyringOptions<Content>): Promise<Keyring> {
  const keys = await filled(options).catch((error: unknown) => {
    const copy = error instanceof KeyFileError ? undefined : options.mounted?.load();
    if (copy?.id === undefined || copy.seals.length === 0) throw error;
    return copy;
  });
  return new SecretKeyring(options, keys);
}

class SecretKeyring<Content extends { readonly entries: Entries }> implements Keyring {
  public readonly idKey: KeyObject;
  private keys: readonly Key[];
  private sealer = '';
  /** Seals by this process with the present key; the limit leaves room for those of others. */
  private seals = 0;
  private lookedAt = -Infinity;
  private looking: Promise<boolean> | undefined;
  private failure: string | undefined;

  constructor(private readonly options: SecretKeyringOptions<Content>, { id, seals }: KeySet) {
    this.idKey = id!.secret;
    this.keys = seals;
  }

  sealing(): Key {
    const now = this.options.now();
    // Nobody waits for the next key: it does not seal for a while anyway.
    if (isRenewalDue(this.keys, this.seals, now, this.options.headStart)) void this.reread();
    const key = sealingKey(this.keys, now, this.options.headStart)!;
    this.seals = key.kid === this.sealer ? this.seals + 1 : 1;
    this.sealer = key.kid;
    return key;
  }

  opening(kid: string): Key | undefined {
    return this.keys.find((key) => key.kid === kid);
  }

  /** Everyone who asks while a look is under way waits for that one. */
  async reread(): Promise<boolean> {
    if (this.looking !== undefined) return this.looking;
    const now = this.options.now();
    // A clock that was set back must not keep this from looking.
    if (Math.abs(now - this.lookedAt) < LOOK_AGAIN) return false;
    this.lookedAt = now;
    this.looking = this.look(now).finally(() => { this.looking = undefined; });
    return this.looking;
  }

  problem(): string | undefined {
    // Whoever seals nothing for long would otherwise seal with a key that others have taken away; and whoever is not ready
    // gets no request, and without one nothing else would look again.
    if (this.failure !== undefined || Math.abs(this.options.now() - this.lookedAt) >= LOOK_ANYWAY) void this.reread();
    return this.failure;
  }

  private async look(now: number): Promise<boolean> {
    try {
      this.keys = (await this.renewed(now)).seals;
      this.failure = undefined;
      return true;
    } catch (error) {
      return this.useMounted(error);
    }
  }

  /** Takes over what others have done, and does what is due. */
  private async renewed(now: number): Promise<KeySet> {
    const { secret, place, headStart } = this.options;
    const seen = await secret.read();
    const found = keysIn(place, seen.entries);
    if (found.id === undefined || found.seals.length === 0) throw new KeyFileError(place, 'has lost its keys');
    if (!found.id.secret.equals(this.idKey)) throw new KeyFileError(place, 'has another id key than before: restore it; with a new one every revocation is undone');
    if (!isRenewalDue(found.seals, this.seals, now, headStart)) return found;
    const kept = withoutKeys(place, seen.entries, spentKeys(found.seals, now, headStart));
    const entries = isRotationDue(found.seals, this.seals, now) ? withSeal(kept, newKey(now)) : kept;
    return await secret.replace(seen, entries) ? keysIn(place, entries) : keysIn(place, (await secret.read()).entries);
  }

  /** An API server that does not answer is no reason to be unready: sealing and opening go on. */
  private useMounted(error: unknown): boolean {
    try {
      if (error instanceof KeyFileError) throw error;
      const copy = this.options.mounted?.load().seals ?? [];
      const missing = copy.filter(({ kid }) => this.opening(kid) === undefined);
      this.keys = [...this.keys, ...missing];
      this.failure = undefined;
      return missing.length > 0;
    } catch (problem) {
      this.failure = `the keyring cannot be renewed: ${(problem as Error).message}`;
      return false;
    }
  }
}

/** The keys of the Secret, which it gets now if it is empty. */
async function filled<Content extends { readonly entries: Entries }>({ secret, place, now }: SecretKeyringOptions<Content>): Promise<KeySet> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const seen = await secret.read();
    const found = keysIn(place, seen.entries);
    if (found.id === undefined && found.seals.length > 0) {
      throw new KeyFileError(place, 'has sealing keys but no id key: restore it; a new one would undo every revocation');
    }
    if (found.id !== undefined && found.seals.length > 0) return found;
    const withId = found.id === undefined ? new Map([...seen.entries, [ID_FILE, Buffer.from(renderKey(newKey(now())))]]) : seen.entries;
    const entries = withSeal(withId, newKey(now()));
    if (await secret.replace(seen, entries)) return keysIn(place, entries);
  }
  throw new Error(`${place} changes each time that it is filled`);
}

/** The keys among entries. Names that do not end in .json are somebody else's. */
function keysIn(place: string, entries: Entries): KeySet {
  const names = [...entries.keys()].filter((name) => name.endsWith('.json'));
  const foreign = names.find((name) => name !== ID_FILE && !SEAL_FILE.test(name));
  if (foreign !== undefined) throw new KeyFileError(place, `has an entry that is neither ${ID_FILE} nor ${sealFile(1)}, ${sealFile(2)} and so on`);
  const keyAt = (name: string) => parseKey(`${place}/${name}`, entries.get(name)!.toString('utf8'));
  const seals = names.filter((name) => SEAL_FILE.test(name)).map(keyAt);
  if (new Set(seals.map(({ kid }) => kid)).size < seals.length) throw new KeyFileError(place, 'has two keys of one name');
  return { ...(names.includes(ID_FILE) ? { id: keyAt(ID_FILE) } : {}), seals };
}

function withSeal(entries: Entries, key: Key): Entries {
  const last = Math.max(0, ...[...entries.keys()].map((name) => Number(SEAL_FILE.exec(name)?.[1] ?? 0)));
  return new Map([...entries, [sealFile(last + 1), Buffer.from(renderKey(key))]]);
}

function withoutKeys(place: string, entries: Entries, gone: readonly Key[]): Entries {
  const kids = new Set(gone.map(({ kid }) => kid));
  return new Map([...entries].filter(([name, content]) => !SEAL_FILE.test(name) || !kids.has(parseKey(`${place}/${name}`, content.toString('utf8')).kid)));
}
