/** Gives back what was taken, once. */
export type Release = () => void;

/** Thrown to who waits for a turn and goes away. */
export class TurnGivenUp extends Error {}

interface Waiting {
  readonly places: number;
  readonly enter: () => void;
}

/** Places that are taken in the order in which they are asked for: nobody is overtaken, however much others ask for. */
export class Turns {
  private readonly waiting: Waiting[] = [];

  constructor(private free: number, private readonly maxWaiting: number) {}

  /**
   * Waits until the places are free, and takes them. Undefined when as many wait as may.
   *
   * @throws TurnGivenUp when the signal comes first
   */
  take(places: number, givenUp?: AbortSignal): Promise<Release> | undefined {
    if (this.waiting.length === 0 && places <= this.free) return Promise.resolve(this.enter(places));
    return this.waiting.length < this.maxWaiting ? this.wait(places, givenUp) : undefined;
  }

  private wait(places: number, givenUp: AbortSignal | undefined): Promise<Release> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.waiting.splice(this.waiting.indexOf(mine), 1);
        reject(new TurnGivenUp());
        // It may have been the one that the others wait behind.
        this.next();
      };
      const mine: Waiting = {
        places,
        enter: () => {
          givenUp?.removeEventListener('abort', giveUp);
          resolve(this.enter(places));
        },
      };
      if (givenUp?.aborted === true) return reject(new TurnGivenUp());
      givenUp?.addEventListener('abort', giveUp, { once: true });
      this.waiting.push(mine);
    });
  }

  private enter(places: number): Release {
    this.free -= places;
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.free += places;
      this.next();
    };
  }

  private next(): void {
    while (this.waiting.length > 0 && this.waiting[0].places <= this.free) this.waiting.shift()!.enter();
  }
}
