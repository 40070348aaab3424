import { EmittedObject, isOf } from './emitted';
import { API_GROUP } from '../../protocol/names';
import { KindName, KINDS, problemsWith } from '../../protocol/resources';
import { podsIn } from '../pod-security/pods-in';
import { Check, flag, knownFields, list, map, number, text } from '../reach/shape';

/** What of the objects can be read, and why not the others. */
export interface Readable {
  readonly objects: readonly EmittedObject[];
  readonly unread: readonly string[];
}

/**
 * Objects whose types are those of the API. Anything may stand in charts of others: what the API server
 * would refuse is named, and does not keep the report from telling the rest.
 */
export function readable(objects: readonly unknown[]): Readable {
  const checked = objects.map((given) => {
    const object = withoutNulls(given) as EmittedObject;
    return { object, problems: problemsOf(object) };
  });
  return {
    objects: checked.filter(({ problems }) => problems.length === 0).map(({ object }) => object),
    unread: checked.filter(({ problems }) => problems.length > 0).map(({ object, problems }) => `${titleOf(object)}, which no cluster takes: ${problems[0]}`),
  };
}

const OBJECT = knownFields({
  apiVersion: text,
  kind: text,
  metadata: knownFields({ name: text, namespace: text, labels: map(text), annotations: map(text) }, ['name']),
}, ['apiVersion', 'kind', 'metadata']);

const NAME = knownFields({ name: text });
const SECCOMP = knownFields({ type: text, localhostProfile: text });

const CONTAINER = knownFields({
  name: text,
  image: text,
  ports: list(knownFields({ name: text, containerPort: number, hostPort: number, protocol: text })),
  env: list(knownFields({ valueFrom: knownFields({ secretKeyRef: NAME }) })),
  envFrom: list(knownFields({ secretRef: NAME })),
  volumeMounts: list(knownFields({ name: text, mountPath: text, subPath: text, readOnly: flag }, ['name', 'mountPath'])),
  securityContext: knownFields({
    runAsUser: number,
    runAsGroup: number,
    seccompProfile: SECCOMP,
    capabilities: knownFields({ add: list(text), drop: list(text) }),
  }),
}, ['name']);

const VOLUME = knownFields({
  name: text,
  emptyDir: knownFields({ medium: text }),
  secret: knownFields({ secretName: text }),
  configMap: NAME,
  persistentVolumeClaim: knownFields({ claimName: text }),
  hostPath: knownFields({ path: text }),
  projected: knownFields({ sources: list(knownFields({ serviceAccountToken: knownFields({ audience: text }), secret: NAME, configMap: NAME })) }),
}, ['name']);

const POD = knownFields({
  metadata: knownFields({ labels: map(text), annotations: map(text) }),
  spec: knownFields({
    containers: list(CONTAINER),
    initContainers: list(CONTAINER),
    volumes: list(VOLUME),
    securityContext: knownFields({ fsGroup: number, runAsUser: number, runAsGroup: number, seccompProfile: SECCOMP }),
    serviceAccountName: text,
    serviceAccount: text,
    runtimeClassName: text,
    dnsPolicy: text,
    dnsConfig: knownFields({ nameservers: list(text) }),
  }),
});

const ROLE = knownFields({
  rules: list(knownFields({
    verbs: list(text), apiGroups: list(text), resources: list(text), resourceNames: list(text), nonResourceURLs: list(text),
  })),
});

const BINDING = knownFields({
  roleRef: knownFields({ kind: text, name: text }, ['kind', 'name']),
  subjects: list(knownFields({ kind: text, name: text, namespace: text }, ['kind', 'name'])),
}, ['roleRef']);

const RBAC: Readonly<Record<string, Check>> = { Role: ROLE, ClusterRole: ROLE, RoleBinding: BINDING, ClusterRoleBinding: BINDING };

function problemsOf(object: EmittedObject): string[] {
  const found = OBJECT(object, 'object');
  if (found.length > 0) return found;
  const { kind } = object;
  if (isOf(object, API_GROUP, kind)) return Object.hasOwn(KINDS, kind) ? problemsWith(kind as KindName, object) : [];
  if (isOf(object, 'rbac.authorization.k8s.io', kind) && Object.hasOwn(RBAC, kind)) return RBAC[kind](object, kind);
  return podsIn(object).flatMap(({ path, pod }) => POD(pod, path.length === 0 ? 'pod' : path.join('.')));
}

function titleOf(object: any): string {
  const { namespace, name } = object?.metadata ?? {};
  return [object?.kind ?? 'an object', [namespace, name].filter((part) => typeof part === 'string').join('/')].map(String).join(' ').trim();
}

/** Go reads a null as a field that is not there. One in a list stays, where it is as wrong as any other text. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null).map(([key, member]) => [key, withoutNulls(member)]));
}
