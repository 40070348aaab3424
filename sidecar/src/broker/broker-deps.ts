import type { Audit } from './audit/audit-event';
import type { CallerReview } from './callers/caller';
import type { Catalog } from './catalog/catalog';
import type { Provider } from './providers/provider';
import type { Revocations } from './revocations/revocations';
import type { ProviderKind } from '../../../src/protocol/resources';
import type { Keyring } from '../crypto/keyring';
import type { Logger } from '../server/telemetry/log';
import type { Clock } from '../server/time/clock';
import type { After } from '../server/time/timers';

/** Requests of one caller for one run or session. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export interface BrokerLimits {
  readonly issue: Rate;
  readonly issueEgress: Rate;
  readonly renew: Rate;
  readonly validate: Rate;
  readonly substitute: Rate;
  /** Decisions about one run, of one kind, that are recorded one by one; what is beyond is counted. */
  readonly recorded: Rate;
  /** Answers with 401 or 404 to one address. */
  readonly refusals: Rate;
  /** Tokens of one address that the API server is asked about and that turn out to be none. */
  readonly reviews: Rate;
  /** Pairs of caller and run, or addresses, that one limiter remembers. */
  readonly maxKeys: number;
}

/** Everything of the world that the broker touches. */
export interface BrokerDeps {
  readonly catalog: Catalog;
  readonly callers: CallerReview;
  readonly keyring: Keyring;
  readonly providers: (kind: ProviderKind) => Provider | undefined;
  readonly audit: Audit;
  readonly clock: Clock;
  /** @default - the timers of the machine */
  readonly after?: After;
  readonly log: Logger;
  readonly revocations: Revocations;
  readonly limits?: Partial<BrokerLimits>;
}
