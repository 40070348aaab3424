import type { Socket } from 'node:net';
import type { Question, Verdict } from './verdicts';

/** What the broker and the destination rules allow: to connect to one host and port, now. */
export interface Leave {
  readonly question: Question;
  readonly verdict: Verdict;
  /**
   * A connection to the host, without TLS. Names are resolved and addresses checked each time. Rejects with
   * `NAME_UNRESOLVED`, `ADDRESS_REFUSED`, `SERVER_OVERLOADED`, `UPSTREAM_FAILED` or `UPSTREAM_TIMEOUT`.
   */
  dial(): Promise<Socket>;
}

/** The way out: first the policy, then names and addresses. */
export interface Gate {
  /**
   * Rejects with `TOKEN_REFUSED`, `HOST_NOT_ALLOWED`, `BROKER_FAILED`, `TOO_MANY_REQUESTS`, `NAME_UNRESOLVED`,
   * `ADDRESS_REFUSED` or `SERVER_OVERLOADED`. `heard` is told what the broker has answered, also when that is a refusal.
   */
  admit(question: Question, heard: (verdict: Verdict) => void): Promise<Leave>;
}
