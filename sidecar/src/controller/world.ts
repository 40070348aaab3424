import type { PublishedKeys } from './keys/open-keys';
import type { Pools } from './pools/pool-entries';
import type { WorkerProvider } from './worker-provider';
import type { CONTROLLER_ENV } from '../../../src/protocol/env';
import type { ServingCertificate } from '../kube/serving-certificate';
import type { TokenReview } from '../kube/token-review';
import type { Config } from '../server/program/config';
import type { Logger } from '../server/telemetry/log';
import type { StoreSecrets } from '../store/client';

export type ControllerConfig = Config<typeof CONTROLLER_ENV>;

export interface WorldContext {
  readonly config: ControllerConfig;
  readonly log: Logger;
  /** As they are now. */
  readonly pools: () => Pools;
}

/** What is different with a cluster and without one. */
export interface ControllerWorld {
  readonly keys: PublishedKeys;
  readonly provider: WorkerProvider;
  /** @default - callers are known by tokens of a file, or not at all */
  readonly reviews?: Pick<TokenReview, 'review'>;
  /** @default - that of TLS_DIR, or none */
  readonly certificate?: ServingCertificate;
  /** @default - those of the environment */
  readonly storeSecrets?: StoreSecrets;
  proxyUrl(namespace: string): Promise<string | undefined>;
  /** Whether this replica ends what is over. */
  leading(): boolean;
  /** Told that there are other pools. */
  poolsChanged(): void;
  /** Why nothing can be served now; undefined when all is well. */
  unready(): string | undefined;
  close(): Promise<void>;
}
