import { Construct } from 'constructs';
import { keyProblem } from './gateway-checks';
import { PartContext } from './part-context';
import { sessionProblems } from './session-checks';
import { integerProblem, objectNameProblem, problems, refuse } from './validation';
import { ValkeyStore } from './valkey-store';
import { BrokerAccess } from '../manifests/broker-access';
import { policyPorts } from '../manifests/flows';
import { PeerRule } from '../manifests/network-policy';
import { NamedKey, StoreAccess } from '../manifests/store-access';
import { NetworkBoundary } from '../network-boundary';
import { PORTS } from '../protocol/ports';
import { SessionController } from '../session-controller';
import { SessionGateway } from '../session-gateway';
import { SessionOptions } from '../session-options';
import { ExistingStoreOptions, SessionStore } from '../session-store';

/** The parts of sessions that others know of. */
export interface Sessions {
  readonly controller: SessionController;
  readonly gateway: SessionGateway;
}

export interface SessionsContext extends PartContext {
  readonly boundary: NetworkBoundary;
  /** Missing when it does not know the controller. */
  readonly broker?: BrokerAccess;
}

/** Makes store, controller and gateway, and opens their connections. Undefined where no sessions are wanted. */
export function addSessions(scope: Construct, context: SessionsContext, options: SessionOptions): Sessions | undefined {
  refuse(scope, sessionProblems(options));
  if (options.enabled === false) return undefined;
  const store = addStore(scope, context, options.store ?? SessionStore.valkey());
  const controller = SessionController._in(scope, 'controller', { ...context, store }, options.controller ?? {});
  context.boundary._addEndpoint(controller._endpoint);
  const gateway = SessionGateway._in(scope, 'gateway', { ...context, store, controllerUrl: controller.url }, options.gateway ?? {});
  context.boundary._addEndpoint(gateway._endpoint);
  return { controller, gateway };
}

function addStore(scope: Construct, context: SessionsContext, { _valkey: valkey, _existing: existing }: SessionStore): StoreAccess {
  if (existing === undefined) {
    const { endpoint } = new ValkeyStore(scope, 'store', context, valkey ?? {});
    context.boundary._addEndpoint(endpoint);
    return { kind: 'own' };
  }
  const { url, ca } = existing;
  refuse(scope, existingProblems(existing));
  const peers = peersOf(scope, existing);
  context.boundary._open(() => ({ 'session-store': peers }));
  return { kind: 'existing', url: named(url), ...(ca === undefined ? {} : { ca: named(ca) }) };
}

function existingProblems({ url, ca, peers, port }: ExistingStoreOptions): string[] {
  return problems(
    objectNameProblem('sessions.store url.name', url.name),
    keyProblem('sessions.store url.key', url.key),
    ca && objectNameProblem('sessions.store ca.name', ca.name),
    ca && keyProblem('sessions.store ca.key', ca.key),
    peers.length > 0 ? undefined : 'sessions.store peers must name at least one, or nobody reaches the store',
    port === undefined ? undefined : integerProblem('sessions.store port', port, 1, 65_535),
  );
}

function peersOf(scope: Construct, { peers, port = PORTS.store }: ExistingStoreOptions): PeerRule[] {
  return peers.flatMap((peer) => peer._rulesFor(scope)).map(({ peer }) => ({ peer, ports: policyPorts([port]) }));
}

/** Field by field: an object with more members, which the compiler lets pass, must not reach the pod. */
function named({ name, key }: NamedKey): NamedKey {
  return { name, key };
}
