import { Size } from 'cdk8s';
import { ContainerResources, Cpu } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { GatewayAuthentication } from './gateway-authentication';
import { GatewayOptions } from './gateway-options';
import { GatewayScaling } from './gateway-scaling';
import { configMap, serviceAccount } from './manifests/config';
import { gatewayPod, issuersFile } from './manifests/gateway-pod';
import { LAST_WAVE } from './manifests/manifest';
import { Endpoint } from './manifests/network-policy';
import { cpuAutoscaler, deployment, podDisruptionBudget, PodTemplate, podTemplate, service, WorkloadId } from './manifests/workload';
import { addManifest } from './private/api-objects';
import { configured } from './private/configured';
import { cpuScaling, gatewayLimitSettings, gatewayProblems, mountedIssuers } from './private/gateway-checks';
import { GatewayContext } from './private/part-context';
import { requirements } from './private/quantities';
import { refuse } from './private/validation';
import { OBJECTS, SESSIONS_KEYS } from './protocol/objects';
import { PORTS } from './protocol/ports';

/**
 * What clients of sessions reach: it knows who they are and passes their requests on to the worker of their session. It
 * has no right in the API and none of the keys that workers trust. `AgentPlatform` makes one.
 */
export class SessionGateway extends Construct {
  /** @internal */
  public static _in(scope: Construct, id: string, context: GatewayContext, options: GatewayOptions): SessionGateway {
    return new SessionGateway(scope, id, context, options);
  }

  /** Address of the gateway inside the cluster. */
  public readonly url: string;

  /** @internal */
  public readonly _endpoint: Endpoint;

  private constructor(scope: Construct, id: string, context: GatewayContext, options: GatewayOptions) {
    super(scope, id);
    refuse(this, gatewayProblems(options));
    const { platformName: namespace } = context;
    // Without an API key it is not ready, and workers and runs must not wait for the first one.
    const workload: WorkloadId = { platform: namespace, part: 'sessions', role: 'gateway', name: OBJECTS.gateway, namespace, wave: LAST_WAVE };
    this._endpoint = { role: 'gateway', namespace };
    const scheme = options.tlsSecretName === undefined ? 'http' : 'https';
    this.url = `${scheme}://${OBJECTS.gateway}.${namespace}.svc:${PORTS['gateway-api']}`;

    addManifest(this, 'ServiceAccount', serviceAccount(workload));
    const authentication = options.authentication ?? GatewayAuthentication.apiKeys();
    const issuers = mountedIssuers(authentication);
    const issuersText = JSON.stringify(issuersFile(issuers));
    if (issuers.length > 0) addManifest(this, 'Issuers', configMap({ ...workload, name: OBJECTS.gatewayIssuers }, { [SESSIONS_KEYS.issuers]: issuersText }));
    addManifest(this, 'Service', service(workload, ['gateway-api']));
    const pod = gatewayPod(workload, {
      namespace,
      image: context.image.reference,
      pinned: context.image.pinned,
      resources: requirements(options.resources ?? DEFAULT_RESOURCES),
      placement: context.placement,
      store: context.store,
      controllerUrl: context.controllerUrl,
      tlsSecret: options.tlsSecretName,
      anonymous: authentication._anonymous,
      issuers,
      apiKeysSecret: authentication._apiKeys && (authentication._apiKeys.secretName ?? OBJECTS.gatewayApiKeys),
      limits: gatewayLimitSettings(options.limits),
    });
    const template = podTemplate(workload, pod);
    // The server reads its issuers once, so whoever is no longer one of them would be let in until it starts again.
    const told = issuers.length === 0 ? template : configured(template, issuersText);
    this.addWorkload(workload, options.scaling ?? GatewayScaling.cpu(), told);
  }

  private addWorkload(id: WorkloadId, { _replicas: replicas, _cpu: cpu }: GatewayScaling, template: PodTemplate): void {
    const most = replicas ?? cpuScaling(cpu).maxReplicas;
    if (most > 1) addManifest(this, 'DisruptionBudget', podDisruptionBudget(id));
    if (replicas === undefined) addManifest(this, 'Autoscaler', cpuAutoscaler(id, cpuScaling(cpu)));
    // Who applies a Deployment with `replicas` again and again would undo what the autoscaler did.
    addManifest(this, 'Resource', deployment(id, { ...(replicas === undefined ? {} : { replicas }), template }));
  }
}

const DEFAULT_RESOURCES: ContainerResources = {
  cpu: { request: Cpu.millis(100) },
  memory: { request: Size.mebibytes(128), limit: Size.mebibytes(512) },
};
