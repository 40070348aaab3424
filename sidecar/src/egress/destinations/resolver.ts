import { isIP } from 'node:net';
import type { AddressProblem } from './destination';
import { RESOLVE_TIMEOUT } from '../../../../src/protocol/egress-api';
import { ExpiringMap } from '../../server/bounds/lru';
import type { ApiError } from '../../server/http/errors';
import type { Clock } from '../../server/time/clock';
import type { After } from '../../server/time/timers';
import { refuse } from '../refusals/refuse';

/** What DNS says about a host. */
export interface Lookup {
  /** IPv4 and IPv6, in the order of the answer; none when there is no such name. */
  readonly addresses: readonly string[];
  /** Seconds for which the answer may be used. */
  readonly ttl: number;
}

export interface ResolverOptions {
  /** Rejects when DNS does not answer. Asks for the name as it is: a search list would lead it into the cluster. */
  readonly lookup: (host: string) => Promise<Lookup>;
  readonly problemOf: AddressProblem;
  readonly clock: Clock;
  readonly after: After;
  readonly max?: number;
}

type Outcome = { readonly addresses: readonly string[] } | { readonly refusal: ApiError };

/** Milliseconds. */
const SHORTEST = 1_000;
const LONGEST = 60_000;
/** Of an answer without usable addresses. */
const NEGATIVE = 2_000;

const MAX_REMEMBERED = 4096;
/** Policies with wildcards let a run ask for endless names of a zone whose servers do not answer. */
const MAX_OPEN = 4_096;

/**
 * Addresses of hosts. They have been checked, and are what is dialled: a name that is resolved once more may lead elsewhere.
 * One address that nobody may be led to refuses the whole answer, as whoever mixes them in means to have it tried.
 */
export class Resolver {
  private readonly remembered: ExpiringMap<string, Outcome>;
  /** Apart from the others, so that guesses push out nothing that is in use. */
  private readonly refused: ExpiringMap<string, Outcome>;
  private readonly open = new Map<string, Promise<Outcome>>();

  constructor(private readonly options: ResolverOptions) {
    const { max = MAX_REMEMBERED, clock } = options;
    this.remembered = new ExpiringMap({ max, clock });
    this.refused = new ExpiringMap({ max, clock });
  }

  /** At least one. Rejects with `NAME_UNRESOLVED`, `ADDRESS_REFUSED` or `SERVER_OVERLOADED`; no text names an address. */
  async resolve(host: string): Promise<readonly string[]> {
    const outcome = isIP(host) === 0 ? await this.outcomeOf(host) : this.checked(host, [host]);
    if ('refusal' in outcome) throw outcome.refusal;
    return outcome.addresses;
  }

  private outcomeOf(host: string): Outcome | Promise<Outcome> {
    return this.remembered.get(host) ?? this.refused.get(host) ?? this.open.get(host) ?? this.shared(host);
  }

  private shared(host: string): Promise<Outcome> {
    if (this.open.size >= MAX_OPEN) return Promise.reject(refuse('SERVER_OVERLOADED', 'too many names are being resolved'));
    const asking = this.ask(host).finally(() => this.open.delete(host));
    this.open.set(host, asking);
    return asking;
  }

  private async ask(host: string): Promise<Outcome> {
    // The time before the question: the answer may be as old as that.
    const askedAt = this.options.clock();
    const answer = await this.answerInTime(host);
    const outcome = 'refusal' in answer ? answer : this.checked(host, answer.addresses);
    if ('refusal' in answer || 'refusal' in outcome) this.refused.set(host, outcome, this.options.clock() + NEGATIVE);
    else this.remembered.set(host, outcome, askedAt + lifetimeOf(answer.ttl));
    return outcome;
  }

  private answerInTime(host: string): Promise<Lookup | { readonly refusal: ApiError }> {
    const { lookup, after } = this.options;
    return new Promise((resolve) => {
      const cancel = after(RESOLVE_TIMEOUT, () => resolve({ refusal: refuse('NAME_UNRESOLVED', `DNS has not answered for ${host} in time`, { status: 504 }) }));
      lookup(host).catch((cause: unknown) => ({ refusal: refuse('NAME_UNRESOLVED', `DNS does not answer for ${host}`, { cause }) }))
        .then((answer) => {
          cancel();
          resolve(answer);
        }, () => undefined);
    });
  }

  private checked(host: string, addresses: readonly string[]): Outcome {
    if (addresses.length === 0) return { refusal: refuse('NAME_UNRESOLVED', `there is no address of ${host}`) };
    for (const address of addresses) {
      const problem = this.options.problemOf(host, address);
      if (problem !== undefined) return { refusal: refuse('ADDRESS_REFUSED', `${host} has an address that ${problem}; allowed are public addresses and private destinations`) };
    }
    return { addresses: [...new Set(addresses)] };
  }
}

/** Asked this way round, a time that is not a number is the shortest. */
function lifetimeOf(seconds: number): number {
  const wanted = seconds * 1000;
  return wanted > SHORTEST ? Math.min(wanted, LONGEST) : SHORTEST;
}
