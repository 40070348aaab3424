import type { IssueResponse } from '../../../../../src/protocol/broker-api';
import { isSameTemplate, TemplateIdentity } from '../../../../../src/protocol/policy';
import type { Clock } from '../../../server/time/clock';
import type { OperatorDeps } from '../../operator-deps';

/** What the broker has answered, by the name of the credential. */
export type Answers = ReadonlyMap<string, IssueResponse>;

/** Milliseconds: some looks, even when each of them has to wait. */
const KEPT = 60_000;

/** A surrogate has less than a thousand of them. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

interface Kept {
  /** For which they were given. */
  readonly template: TemplateIdentity;
  readonly answers: Answers;
  readonly characters: number;
  readonly until: number;
}

const NONE: Answers = new Map();

/**
 * What the broker has answered for runs that need more than it gives at once: asked anew with each look, they would never
 * have all of it together, and no Secret is ever read back. It is in memory alone; what is not kept is asked for again.
 */
export class KeptAnswers {
  /** In the order in which they end. */
  private readonly runs = new Map<string, Kept>();
  private characters = 0;

  constructor(private readonly clock: Clock) {}

  /** None of those that were given for another template: a policy may grant it something else, or nothing. */
  get(runUid: string, template: TemplateIdentity): Answers {
    const known = this.runs.get(runUid);
    return known === undefined || known.until <= this.clock() || !isSameTemplate(known.template, template) ? NONE : known.answers;
  }

  /** Without room for it nothing is kept: if runs took it from each other, none of them would get on. */
  set(runUid: string, template: TemplateIdentity, answers: Answers): void {
    this.delete(runUid);
    const now = this.clock();
    for (const [other, { until }] of this.runs) {
      if (until > now) break;
      this.delete(other);
    }
    const characters = [...answers.values()].reduce((sum, { value }) => sum + value.length, 0);
    if (this.characters + characters > MAX_CHARACTERS) return;
    this.runs.set(runUid, { template, answers, characters, until: now + KEPT });
    this.characters += characters;
  }

  delete(runUid: string): void {
    this.characters -= this.runs.get(runUid)?.characters ?? 0;
    this.runs.delete(runUid);
  }
}

const kept = new WeakMap<OperatorDeps['broker'], KeptAnswers>();

/** What this process keeps of a broker. */
export function keptAnswers({ broker, clock }: Pick<OperatorDeps, 'broker' | 'clock'>): KeptAnswers {
  const known = kept.get(broker) ?? new KeptAnswers(clock);
  kept.set(broker, known);
  return known;
}
