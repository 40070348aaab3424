import { resourceProblems } from './quantities';
import { dnsLabelProblem, integerProblem, objectNameProblem, problems, secondsProblem } from './validation';
import { ControllerCaller } from '../controller-authentication';
import { ControllerOptions } from '../controller-options';
import { GatewayAuthentication } from '../gateway-authentication';
import { CONTROLLER_ENV } from '../protocol/env';
import { OBJECTS } from '../protocol/objects';
import { ControllerCallerEntry, ControllerCallersFile } from '../protocol/session-pools';
import { SessionOptions } from '../session-options';
import { SessionStore } from '../session-store';

/** What is wrong with how the parts of sessions fit together. */
export function sessionProblems({ enabled = true, controller, gateway, store }: SessionOptions): string[] {
  if (!enabled) {
    const given = Object.entries({ controller, gateway, store }).filter(([, value]) => value !== undefined).map(([name]) => `sessions.${name}`);
    return given.map((name) => `${name} has no effect without sessions; leave it out, or leave out 'enabled: false'`);
  }
  const ownerless = controller?.authentication !== undefined && controller.authentication._callers === undefined;
  return problems(memoryProblem(store), ownerProblem(ownerless, gateway?.authentication));
}

function memoryProblem(store: SessionStore | undefined): string | undefined {
  if (store === undefined || store._valkey !== undefined || store._existing !== undefined) return undefined;
  return 'sessions.store must not be SessionStore.memory(): controller and gateway are processes of their own, and neither sees the memory of the other; '
    + 'use SessionStore.valkey() or SessionStore.existing()';
}

/** Sessions that have no owner are nobody's at a gateway that tells its clients apart. */
function ownerProblem(ownerless: boolean, authentication: GatewayAuthentication | undefined): string | undefined {
  if (!ownerless || authentication?._anonymous === true) return undefined;
  return 'sessions.controller.authentication ControllerAuthentication.none() knows no owners, so sessions.gateway.authentication must be GatewayAuthentication.anonymous()';
}

/** What is wrong with the controller of a platform. */
export function controllerProblems({ replicas, authentication, claimTimeout, resources }: ControllerOptions, namespace: string): string[] {
  return [
    ...problems(
      integerProblem('replicas', replicas ?? 2, 1, 9),
      secondsProblem('claimTimeout', claimTimeout, ...CONTROLLER_ENV.CLAIM_SECONDS.range),
    ),
    ...callerProblems(authentication?._callers ?? [], namespace),
    ...resourceProblems(resources),
  ];
}

function callerProblems(callers: readonly ControllerCaller[], namespace: string): string[] {
  const names = [`${namespace}/${OBJECTS.gateway}`, ...callers.map(nameOf)];
  return callers.flatMap((caller, index) => problems(
    dnsLabelProblem(`callers[${index}].namespace`, caller.namespace),
    objectNameProblem(`callers[${index}].serviceAccount`, caller.serviceAccount),
    caller.namespaces?.length === 0 ? `callers[${index}].namespaces must name one or more, or be left out` : undefined,
    new Set(caller.namespaces).size === (caller.namespaces?.length ?? 0) ? undefined : `callers[${index}].namespaces must differ, got ${caller.namespaces!.join(', ')}`,
    ...(caller.namespaces ?? []).map((name) => dnsLabelProblem(`callers[${index}].namespaces`, name)),
    caller.onBehalf === true && caller.namespaces !== undefined ? `callers[${index}].namespaces has no effect with onBehalf, which is for sessions of all namespaces` : undefined,
    names.indexOf(nameOf(caller)) === index + 1 ? undefined : `callers[${index}] is ${nameOf(caller)}, which is there already`,
  ));
}

/** The file that the controller reads, sorted: the gateway of the platform, and who else may call. */
export function callersFile(callers: readonly ControllerCaller[], namespace: string): ControllerCallersFile {
  const entries = callers.map((caller): [string, ControllerCallerEntry] => [nameOf(caller), {
    ...(caller.onBehalf === true ? { onBehalf: true } : {}),
    ...(caller.namespaces === undefined ? {} : { namespaces: [...caller.namespaces].sort() }),
  }]);
  const gateway: [string, ControllerCallerEntry] = [`${namespace}/${OBJECTS.gateway}`, { onBehalf: true }];
  return Object.fromEntries([gateway, ...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function nameOf({ namespace, serviceAccount }: ControllerCaller): string {
  return `${namespace}/${serviceAccount}`;
}
