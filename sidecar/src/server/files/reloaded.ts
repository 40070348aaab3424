import { InputError } from './input-error';
import { FolderWatch } from './watch-folders';

/** Where a value comes from and how to tell that it changed. */
export interface Source<T> {
  /** Changes when the value may have; rejects when the source is not there. */
  readonly stamp: () => Promise<string>;
  readonly load: () => Promise<T>;
  /** The folders in which a change shows. */
  readonly folders: () => Promise<readonly string[]>;
  /** Told why a changed source is not used, once for each change. The first load throws instead. */
  readonly refused: (problem: string) => void;
  /** Told that another value is in use. */
  readonly changed?: () => void;
}

/** A value that follows its source. What cannot be loaded changes nothing. */
export interface Reloaded<T> {
  current(): T;
  /** Looks at the source now; resolves when what it holds is in use or refused. */
  refresh(): Promise<void>;
  close(): void;
}

const POLL_MILLISECONDS = 2000;

/** A source that keeps changing while it is read is left for the next look. */
const MAX_ATTEMPTS = 3;

const UNSETTLED = 'changed while it was read';

/** Loads a value and keeps it current. Rejects when the first load does. */
export async function openReloaded<T>(source: Source<T>, pollMilliseconds = POLL_MILLISECONDS): Promise<Reloaded<T>> {
  let { value, stamp: seen }: { value: T; stamp: string | undefined } = await settled(source);
  let told: string | undefined;
  let running: Promise<void> | undefined;
  let queued: Promise<void> | undefined;

  async function look(): Promise<void> {
    // A source that cannot even be listed is a change like any other, told once.
    const stamp = await source.stamp().catch((error: unknown) => `unreadable: ${wordsFor(error)}`);
    if (stamp === seen) return;
    try {
      ({ value, stamp: seen } = await settled(source));
      told = undefined;
      source.changed?.();
    } catch (error) {
      const problem = wordsFor(error);
      if (problem === UNSETTLED) return;
      // What the system cannot read now may be readable a moment later, without a change that would show.
      const mayPass = isOfSystem(error);
      seen = mayPass ? undefined : stamp;
      if (!mayPass || told !== stamp) source.refused(problem);
      told = stamp;
    } finally {
      await follow();
    }
  }

  // Whoever asks while a look is under way may know of a change that it no longer sees, so one more follows it.
  function refresh(): Promise<void> {
    if (running === undefined) {
      running = look().finally(() => { running = undefined; });
      return running;
    }
    queued ??= running.then(() => {
      queued = undefined;
      return refresh();
    });
    return queued;
  }

  const watch = new FolderWatch(() => void refresh());
  const follow = () => source.folders().then((folders) => watch.follow(folders), () => undefined);
  const poll = setInterval(() => void refresh(), pollMilliseconds).unref();
  await follow();

  return {
    current: () => value,
    refresh,
    close: () => {
      clearInterval(poll);
      watch.close();
    },
  };
}

/** Loads between two equal stamps, so that a swap in between never mixes old and new files. */
async function settled<T>(source: Source<T>): Promise<{ value: T; stamp: string }> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const stamp = await source.stamp();
    const outcome = await source.load().then((value) => ({ value }), (error: unknown) => ({ error }));
    const unchanged = await source.stamp() === stamp;
    if (unchanged && 'error' in outcome) throw outcome.error;
    if (unchanged && 'value' in outcome) return { value: outcome.value, stamp };
  }
  throw new InputError(UNSETTLED);
}

/** Our own words, and those of the system, which name a path at most. Any other message might quote a file. */
function wordsFor(error: unknown): string {
  if (error instanceof InputError) return error.message;
  return isOfSystem(error) ? String(error.message) : 'cannot be read';
}

/** https://nodejs.org/docs/latest-v20.x/api/errors.html#class-systemerror */
function isOfSystem(error: unknown): error is { readonly message?: unknown } {
  return typeof error === 'object' && error !== null && 'syscall' in error;
}
