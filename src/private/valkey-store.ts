import { Size } from 'cdk8s';
import { ContainerResources, Cpu } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { addManifest } from './api-objects';
import { configured } from './configured';
import { PartContext } from './part-context';
import { quantity, requirements, resourceProblems, sizeProblem } from './quantities';
import { imageProblem, objectNameProblem, problems, refuse } from './validation';
import { configMap, emptyConfigMap, emptySecret, serviceAccount } from '../manifests/config';
import { Endpoint } from '../manifests/network-policy';
import { storeConfig, storePod } from '../manifests/store-pod';
import { headlessService, podTemplate, service, statefulSet, volumeClaimTemplate, WorkloadId } from '../manifests/workload';
import { OBJECTS, STORE_CONFIG_KEY } from '../protocol/objects';
import { ValkeyStoreOptions } from '../session-store';

/** Its newest patch comes with each pull. */
const DEFAULT_IMAGE = 'docker.io/valkey/valkey:8.1';

/** Of the memory limit: the rest is for connections, and for the pages that change while a copy is written to the volume. */
const SESSIONS_SHARE = 0.6;

/** The store of a platform that has one of its own. */
export class ValkeyStore extends Construct {
  public readonly endpoint: Endpoint;

  constructor(scope: Construct, id: string, { platformName: namespace, placement }: PartContext, options: ValkeyStoreOptions) {
    super(scope, id);
    refuse(this, valkeyProblems(options));
    const workload: WorkloadId = { platform: namespace, part: 'sessions', role: 'store', name: OBJECTS.store, namespace };
    const named = (name: string): WorkloadId => ({ ...workload, name });
    this.endpoint = { role: 'store', namespace };
    const { image = DEFAULT_IMAGE, durable = true, volumeSize = Size.gibibytes(1), storageClassName, resources = DEFAULT_RESOURCES } = options;
    const config = storeConfig(Math.floor(resources.memory!.limit!.toKibibytes() * SESSIONS_SHARE) * 1024);

    addManifest(this, 'ServiceAccount', serviceAccount(workload));
    addManifest(this, 'Config', configMap(named(OBJECTS.storeConfig), { [STORE_CONFIG_KEY]: config }));
    addManifest(this, 'Tls', emptySecret(named(OBJECTS.storeTls)));
    addManifest(this, 'Ca', emptyConfigMap(named(OBJECTS.storeCa)));
    addManifest(this, 'Access', emptySecret(named(OBJECTS.storeAccess)));
    addManifest(this, 'Service', service(workload, ['store']));
    addManifest(this, 'HeadlessService', headlessService(named(OBJECTS.storeHeadless), ['store']));
    const pod = storePod(workload, {
      image,
      resources: requirements(resources),
      placement,
      ephemeralData: durable ? undefined : quantity(volumeSize),
    });
    addManifest(this, 'Resource', statefulSet(workload, {
      serviceName: OBJECTS.storeHeadless,
      replicas: 1,
      // The server does not read its configuration again.
      template: configured(podTemplate(workload, pod), config),
      ...(durable ? {
        volumeClaimTemplates: [volumeClaimTemplate('data', quantity(volumeSize), storageClassName)],
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      } : {}),
    }));
  }
}

function valkeyProblems({ image, volumeSize, storageClassName, durable, resources }: ValkeyStoreOptions): string[] {
  return [
    ...problems(
      image === undefined ? undefined : imageProblem(image),
      sizeProblem('volumeSize', volumeSize),
      storageClassName === undefined ? undefined : objectNameProblem('storageClassName', storageClassName),
      storageClassName !== undefined && durable === false ? 'storageClassName has no effect with durable: false, which has no volume claim' : undefined,
      resources !== undefined && resources.memory?.limit === undefined ? 'resources.memory.limit must be given: what sessions may take follows from it' : undefined,
    ),
    ...resourceProblems(resources),
  ];
}

const DEFAULT_RESOURCES: ContainerResources = {
  cpu: { request: Cpu.millis(100) },
  memory: { request: Size.mebibytes(256), limit: Size.mebibytes(512) },
};
