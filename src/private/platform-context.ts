import type { CoveredTemplate } from './covered';
import { CredentialBroker } from '../credential-broker';
import { EgressGateway } from '../egress-gateway';
import { NetworkBoundary } from '../network-boundary';
import { RunOperator } from '../run-operator';
import { SessionController } from '../session-controller';
import { SidecarImage } from '../sidecar-image';

/** What a platform tells its namespaces. They tell the parts in it what they add, and never reach back. */
export interface PlatformContext {
  readonly platformName: string;
  readonly podSecurityVersion: string;
  readonly sidecar: SidecarImage;
  readonly broker: CredentialBroker;
  /** Missing where there are no sessions. */
  readonly controller?: SessionController;
  /** Missing where agents and workers have no way out. */
  readonly egress?: EgressGateway;
  /** Missing where there are no runs. */
  readonly operator?: RunOperator;
  readonly boundary: NetworkBoundary;
  /** Grows while the app is built; asked at synth. */
  readonly clusterTemplates: readonly CoveredTemplate[];
}
