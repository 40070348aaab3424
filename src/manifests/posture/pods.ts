import { EmittedObject, sortedBy, unique } from './emitted';
import { PostureContainer, PosturePods } from '../../protocol/posture';
import { isMissing } from '../pod-security/fields';
import { objectSecurity } from '../pod-security/objects';
import { podsIn } from '../pod-security/pods-in';

/** Pods of every workload in the namespaces, with the fields as they hold once defaults and inheritance are worked out. */
export function posturePods(objects: readonly EmittedObject[], namespaces: readonly string[], version: string): PosturePods[] {
  const rows = objects
    .filter(({ metadata }) => metadata.namespace !== undefined && namespaces.includes(metadata.namespace))
    .flatMap((object) => podsIn(object).map(({ pod }) => podsOf(object, pod.spec ?? {}, version, objects)));
  return sortedBy(rows, ({ namespace }) => namespace, ({ workload }) => workload);
}

function podsOf(object: EmittedObject, spec: any, version: string, objects: readonly EmittedObject[]): PosturePods {
  const context = spec.securityContext ?? {};
  const account: string = spec.serviceAccountName ?? spec.serviceAccount ?? 'default';
  const containers = (['initContainers', 'containers'] as const)
    .flatMap((list) => (spec[list] ?? []).map((container: any) => containerOf(container, list === 'initContainers', spec)));
  return {
    namespace: object.metadata.namespace!,
    workload: `${object.kind} ${object.metadata.name}`,
    account,
    level: levelOf(object, version),
    ...set({ fsGroup: context.fsGroup, runtimeClass: spec.runtimeClassName }),
    hostNamespaces: [...(spec.hostIPC === true ? ['IPC' as const] : []), ...(spec.hostPID === true ? ['PID' as const] : []), ...(spec.hostNetwork === true ? ['network' as const] : [])],
    automount: (spec.automountServiceAccountToken ?? accountOf(objects, object.metadata.namespace, account)?.automountServiceAccountToken) !== false,
    tokens: unique((spec.volumes ?? []).flatMap(({ projected }: any) => projected?.sources ?? [])
      .flatMap(({ serviceAccountToken }: any) => (isMissing(serviceAccountToken) ? [] : [serviceAccountToken.audience ?? 'API server']))),
    dns: !(spec.dnsPolicy === 'None' && (spec.dnsConfig?.nameservers ?? []).every((server: string) => /^127\.|^::1$/.test(server))),
    containers,
  };
}

function accountOf(objects: readonly EmittedObject[], namespace: string | undefined, name: string): EmittedObject | undefined {
  return objects.find(({ kind, metadata }) => kind === 'ServiceAccount' && metadata.name === name && metadata.namespace === namespace);
}

function levelOf(object: EmittedObject, version: string): PosturePods['level'] {
  const passes = (level: 'restricted' | 'baseline') => objectSecurity(object, { level, version }).violations.length === 0;
  if (passes('restricted')) return 'restricted';
  return passes('baseline') ? 'baseline' : 'privileged';
}

function containerOf(container: any, init: boolean, spec: any): PostureContainer {
  const pod = spec.securityContext ?? {};
  const own = container.securityContext ?? {};
  const seccomp = own.seccompProfile ?? pod.seccompProfile;
  return {
    name: container.name,
    init,
    image: container.image ?? '',
    ...set({ user: own.runAsUser ?? pod.runAsUser, group: own.runAsGroup ?? pod.runAsGroup, seccomp: seccomp && [seccomp.type, seccomp.localhostProfile].filter((part) => part !== undefined).join(' ') }),
    runAsNonRoot: (own.runAsNonRoot ?? pod.runAsNonRoot) === true,
    privileged: own.privileged === true,
    escalation: own.allowPrivilegeEscalation !== false,
    readOnlyRoot: own.readOnlyRootFilesystem === true,
    added: unique(own.capabilities?.add ?? []),
    dropped: unique(own.capabilities?.drop ?? []),
    mounts: sortedBy(mountsOf(container, spec.volumes ?? []), ({ path }) => path, ({ source }) => source),
    secretEnv: unique([
      ...(container.env ?? []).flatMap(({ valueFrom }: any) => valueFrom?.secretKeyRef?.name ?? []),
      ...(container.envFrom ?? []).flatMap(({ secretRef }: any) => secretRef?.name ?? []),
    ]),
    hostPorts: unique((container.ports ?? []).flatMap(({ hostPort, protocol }: any) => (isMissing(hostPort) || hostPort === 0 ? [] : [`${protocol ?? 'TCP'} ${hostPort}`]))),
  };
}

type Mount = PostureContainer['mounts'][number];

function mountsOf({ volumeMounts }: any, volumes: readonly any[]): Mount[] {
  return (volumeMounts ?? []).map((mount: any) => mountOf(mount, volumes));
}

function mountOf({ name, mountPath, subPath, readOnly }: any, volumes: readonly any[]): Mount {
  const volume = volumes.find((one) => one.name === name);
  const { text, writable } = volume === undefined ? { text: `claim ${name}`, writable: true } : sourceOf(volume);
  return { path: mountPath, source: subPath === undefined ? text : `${subPath} of ${text}`, writable: writable && readOnly !== true };
}

/** What is mounted, in words; Kubernetes mounts Secrets, ConfigMaps and tokens read-only. */
function sourceOf({ name, ...volume }: any): { text: string; writable: boolean } {
  if (volume.emptyDir !== undefined) {
    const { medium, sizeLimit } = volume.emptyDir ?? {};
    return { text: `emptyDir${medium === 'Memory' ? ' in memory' : ''} ${sizeLimit === undefined ? 'without limit' : `of ${sizeLimit}`}`, writable: true };
  }
  if (volume.secret !== undefined) return { text: `Secret ${volume.secret.secretName}`, writable: false };
  if (volume.configMap !== undefined) return { text: `ConfigMap ${volume.configMap.name}`, writable: false };
  if (volume.downwardAPI !== undefined) return { text: 'facts about the pod', writable: false };
  if (volume.projected !== undefined) return { text: unique((volume.projected.sources ?? []).map(projectedText)).join(', '), writable: false };
  if (volume.persistentVolumeClaim !== undefined) return { text: `claim ${volume.persistentVolumeClaim.claimName}`, writable: true };
  if (volume.hostPath !== undefined) return { text: `hostPath ${volume.hostPath.path}`, writable: true };
  return { text: [`volume ${name}`, ...Object.keys(volume).sort()].join(' of '), writable: true };
}

function projectedText({ serviceAccountToken, secret, configMap }: any): string {
  if (serviceAccountToken !== undefined) return `token for ${serviceAccountToken.audience ?? 'API server'}`;
  if (secret !== undefined) return `Secret ${secret.name}`;
  return configMap === undefined ? 'facts about the pod' : `ConfigMap ${configMap.name}`;
}

/** The members that have a value. */
function set<T extends object>(members: T): Partial<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => !isMissing(value))) as Partial<T>;
}
