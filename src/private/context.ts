import { CredentialBroker } from '../credential-broker';
import { NetworkBoundary } from '../network-boundary';
import { SidecarImage } from '../sidecar-image';
import type { CoveredTemplate } from './coverage';

/** What a platform tells its namespaces. They tell the parts in it what they add, and never reach back. */
export interface PlatformContext {
  readonly platformName: string;
  readonly podSecurityVersion: string;
  readonly sidecar: SidecarImage;
  readonly broker: CredentialBroker;
  readonly boundary: NetworkBoundary;
  /** Grows while the app is built; asked at synth. */
  readonly clusterTemplates: readonly CoveredTemplate[];
}
