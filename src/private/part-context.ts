import { BrokerAccess } from '../manifests/broker-access';
import { StoreAccess } from '../manifests/store-access';
import { Placement } from '../placement';
import { SidecarImage } from '../sidecar-image';

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

/** What a namespace tells the operator. */
export interface RunNamespace {
  /** The Secrets that its policies name, asked at synth. */
  readonly secretNames: () => string[];
  /** The Secrets with which images are fetched there. */
  readonly imagePullSecrets: readonly string[];
}
