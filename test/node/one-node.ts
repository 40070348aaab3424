import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ApiServerPeer, SidecarImage } from '../../src';
import { OPERATOR_ENV } from '../../src/protocol/env';
import { kubectl } from '../cluster/cli';
import { Emitted } from '../helpers/manifests';

// Of each test whose file asks the node: pods, containers and kubectl take their time there.
jest.setTimeout(180_000);

/** Where the only node of the cluster is, and its API server. */
export const NODE_ADDRESS = process.env.KIT_NODE_IP ?? '192.168.77.1';
export const NODE_API_SERVER = ApiServerPeer.cidrs([`${NODE_ADDRESS}/32`]);

/** Whether the cluster was started with a network plugin that enforces policies. */
const ENFORCED = process.env.KIT_NETPOL !== '0';

/** Takes the place of `describe` for what is about a cluster of the other kind. */
function none(): void {}

export const enforced = ENFORCED ? describe : none;
export const inert = ENFORCED ? none : describe;

/** What `npm run image` wrote about the image that the cluster was given. */
export interface BuiltImage {
  readonly localName: string;
  readonly config: string;
}

/** Reads the digest file of this machine's architecture, or that of IMAGE_DIGEST_FILE. */
export function builtImage(): BuiltImage {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  return JSON.parse(readFileSync(process.env.IMAGE_DIGEST_FILE ?? join('sidecar', 'dist', `image-${arch}.digest.json`), 'utf8'));
}

/** The built image, under the name of its archive. */
export function localImage(): SidecarImage {
  const [repository, tag] = builtImage().localName.split(/:(?=[^:/]+$)/);
  return SidecarImage.fromMutableTag(repository, tag);
}

/**
 * The node has no registry: the images are there already, also those of the pods that the operator makes. And it has two
 * processors for the platforms of all tests, which are there side by side. Nothing begins by the clock in the middle of a test.
 */
export function forOneNode(object: Emitted): Emitted {
  if (object.kind === 'CronJob') object.spec.suspend = true;
  const { initContainers = [], containers = [] } = (object.spec?.jobTemplate?.spec ?? object.spec)?.template?.spec ?? {};
  const pinned = 'SIDECAR_IMAGE_PINNED' satisfies keyof typeof OPERATOR_ENV;
  for (const container of [...initContainers, ...containers]) {
    container.imagePullPolicy = 'Never';
    if (container.resources?.requests?.cpu !== undefined) container.resources.requests.cpu = '10m';
    for (const variable of container.env ?? []) if (variable.name === pinned) variable.value = 'true';
  }
  return object;
}

/** The start of an object that whoever deploys makes. */
export function given(kind: string, namespace: string, name: string) {
  return { apiVersion: 'v1', kind, metadata: { name, namespace } };
}

/** Folders beside the files of the cluster, with which they go: the node makes no volumes on demand. Bound as most clusters do, with the pod. */
export function localVolumes(storageClassName: string, ...names: readonly string[]): object[] {
  const storageClass = {
    apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: storageClassName }, provisioner: 'kubernetes.io/no-provisioner', volumeBindingMode: 'WaitForFirstConsumer',
  };
  return [storageClass, ...names.map((name) => localVolume(name, storageClassName))];
}

function localVolume(name: string, storageClassName: string): object {
  const path = join(dirname(process.env.KUBECONFIG!), name);
  mkdirSync(path, { recursive: true });
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName,
      local: { path },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'Exists' }] }] } },
    },
  };
}

/** Waits until a part serves; long enough for a scheduler that looks again at a pod only after five minutes. The error shows what there is to see. */
export function ready(namespace: string, what: string): void {
  const { ok, stderr } = kubectl(['rollout', 'status', '-n', namespace, what, '--timeout=480s']);
  if (ok) return;
  const shown = [['get', 'pod,pvc', '-o', 'wide'], ['events', '--types=Warning'], ['logs', what, '--all-containers', '--tail=10']].map((args) => kubectl([...args, '-n', namespace]).stdout);
  throw new Error([stderr, ...shown].join('\n'));
}
