import { CredentialBroker } from '../credential-broker';
import { EgressGateway } from '../egress-gateway';
import { BrokerAccess } from '../manifests/broker-access';
import { StoreAccess } from '../manifests/store-access';
import { NetworkBoundary } from '../network-boundary';
import { Placement } from '../placement';
import { RunOperator } from '../run-operator';
import { SessionController } from '../session-controller';
import { SidecarImage } from '../sidecar-image';
import type { CoveredTemplate } from './coverage';

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

/** What a platform tells each part of it. */
export interface PartContext {
  /** The namespace of the parts too. */
  readonly platformName: string;
  readonly image: SidecarImage;
  readonly placement?: Placement;
}

/** What a platform tells the controller of sessions. */
export interface ControllerContext extends PartContext {
  readonly store: StoreAccess;
  /** Missing when it does not know the controller. */
  readonly broker?: BrokerAccess;
}

/** What a platform tells the gateway. */
export interface GatewayContext extends PartContext {
  readonly store: StoreAccess;
  readonly controllerUrl: string;
}

/** What a platform tells the egress proxy. */
export interface EgressContext extends PartContext {
  readonly broker: BrokerAccess;
}

/** What a platform tells the operator. */
export interface OperatorContext extends PartContext {
  readonly broker: BrokerAccess;
  /** Version of the rules that the namespaces of its pods are pinned to. */
  readonly podSecurityVersion: string;
}
