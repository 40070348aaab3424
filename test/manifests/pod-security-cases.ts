/** A pod that every version of `restricted` admits, with each kind of container that can be created at once. */
export function goodPod(): any {
  const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'good', annotations: {} },
    spec: {
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      initContainers: [{ name: 'init', image: 'example.com/a', securityContext: structuredClone(securityContext) }],
      containers: [{ name: 'main', image: 'example.com/a', securityContext: structuredClone(securityContext) }],
      volumes: [{ name: 'scratch', emptyDir: {} }],
    },
  };
}

/** One change to the good pod, and what the rule says of it. */
export interface PodSecurityCase {
  readonly rule: string;
  readonly what: string;
  readonly change: (pod: any) => void;
  /** First version 1.x that refuses it; absent for a change that is always admitted. */
  readonly refusedSince?: number;
  /** First later version that admits it again. */
  readonly admittedSince?: number;
}

/** Edits the last init container and the first container, one case each: a rule that skips a list fails one of them. */
function each(rule: string, what: string, change: (container: any) => void, versions: Partial<PodSecurityCase>): PodSecurityCase[] {
  return (['initContainers', 'containers'] as const).map((list) => (
    { rule, what: `${what} in ${list}`, change: (pod) => change(pod.spec[list][0]), ...versions }
  ));
}

const spec = (rule: string, what: string, change: (spec: any) => void, versions: Partial<PodSecurityCase> = {}): PodSecurityCase => (
  { rule, what, change: (pod) => change(pod.spec), ...versions }
);
const merge = (field: string, value: object) => (target: any) => { target[field] = { ...target[field], ...value }; };
const context = (value: object) => merge('securityContext', value);
const always: Partial<PodSecurityCase> = { refusedSince: 25 };
const never: Partial<PodSecurityCase> = {};

/** A Windows pod cannot be given Linux fields at all. */
function windows(podSpec: any): void {
  podSpec.os = { name: 'windows' };
  podSpec.securityContext = { runAsNonRoot: true };
  for (const container of [...podSpec.initContainers, ...podSpec.containers]) delete container.securityContext;
}

function sysctl(name: string, value: string, versions: Partial<PodSecurityCase>): PodSecurityCase {
  return spec('baseline/sysctls', `sysctl ${name}`, context({ sysctls: [{ name, value }] }), versions);
}

function volume(type: string, source: object, versions: Partial<PodSecurityCase>): PodSecurityCase {
  return spec('restricted/volume-types', `a volume of type ${type}`, ({ volumes }) => volumes.push({ name: 'more', [type]: source }), versions);
}

const HOST = 'baseline/probe-and-hook-hosts';
const since34: Partial<PodSecurityCase> = { refusedSince: 34 };
const probe = { periodSeconds: 10 };
const rootless: Partial<PodSecurityCase> = { refusedSince: 25, admittedSince: 35 };
const inUserNamespace = (change: (podSpec: any) => void) => (podSpec: any): void => {
  podSpec.hostUsers = false;
  change(podSpec);
};

const BASELINE: readonly PodSecurityCase[] = [
  spec('baseline/windows-host-process', 'a Windows pod on the node itself', (podSpec) => {
    windows(podSpec);
    Object.assign(podSpec, { hostNetwork: true, securityContext: { runAsNonRoot: true, windowsOptions: { hostProcess: true } } });
  }, always),
  spec('baseline/windows-host-process', 'a Windows pod', windows),
  spec('baseline/windows-host-process', 'hostProcess false', context({ windowsOptions: { hostProcess: false } })),
  spec('baseline/host-namespaces', 'hostNetwork', (podSpec) => { podSpec.hostNetwork = true; }, always),
  spec('baseline/host-namespaces', 'hostPID', (podSpec) => { podSpec.hostPID = true; }, always),
  spec('baseline/host-namespaces', 'hostIPC', (podSpec) => { podSpec.hostIPC = true; }, always),
  spec('baseline/host-namespaces', 'host namespaces named and off', (podSpec) => Object.assign(podSpec, { hostNetwork: false, hostPID: false, hostIPC: false })),
  ...each('baseline/privileged', 'privileged', (container) => { container.securityContext = { capabilities: { drop: ['ALL'] }, privileged: true }; }, always),
  ...each('baseline/privileged', 'privileged false', context({ privileged: false }), never),
  ...each('baseline/capabilities', 'NET_RAW', context({ capabilities: { drop: ['ALL'], add: ['NET_RAW'] } }), always),
  ...each('baseline/capabilities', 'a name in lower case', context({ capabilities: { drop: ['ALL'], add: ['chown'] } }), always),
  ...each('baseline/capabilities', 'nothing added', context({ capabilities: { drop: ['ALL'], add: [] } }), never),
  spec('baseline/host-path-volumes', 'a folder of the node', ({ volumes }) => volumes.push({ name: 'node', hostPath: { path: '/etc' } }), always),
  spec('baseline/host-path-volumes', 'no volumes', (podSpec) => { delete podSpec.volumes; }),
  ...each('baseline/host-ports', 'a port of the node', (container) => { container.ports = [{ containerPort: 80, hostPort: 8080 }]; }, always),
  ...each('baseline/host-ports', 'hostPort 0', (container) => { container.ports = [{ containerPort: 80, hostPort: 0 }]; }, never),
  ...['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((kind) => [
    spec(HOST, `${kind} by HTTP to a host`, ({ containers: [one] }) => { one[kind] = { ...probe, httpGet: { port: 80, host: '192.0.2.1' } }; }, since34),
    spec(HOST, `${kind} by TCP to a host`, ({ containers: [one] }) => { one[kind] = { ...probe, tcpSocket: { port: 80, host: 'a.example' } }; }, since34),
  ]),
  ...['postStart', 'preStop'].flatMap((hook) => [
    spec(HOST, `${hook} by HTTP to a host`, ({ containers: [one] }) => { one.lifecycle = { [hook]: { httpGet: { port: 80, host: 'localhost' } } }; }, since34),
    spec(HOST, `${hook} by TCP to a host`, ({ containers: [one] }) => { one.lifecycle = { [hook]: { tcpSocket: { port: 80, host: '127.0.0.1' } } }; }, since34),
  ]),
  spec(HOST, 'a probe of a sidecar to a host', ({ initContainers: [one] }) => {
    Object.assign(one, { restartPolicy: 'Always', livenessProbe: { ...probe, httpGet: { port: 80, host: '::1' } } });
  }, since34),
  spec(HOST, 'probes and hooks without a host', ({ containers: [one] }) => {
    one.livenessProbe = { ...probe, httpGet: { port: 80, host: '' } };
    one.readinessProbe = { ...probe, grpc: { port: 80 } };
    one.lifecycle = { preStop: { exec: { command: ['true'] } } };
  }),
  ...['main', 'init'].map((name): PodSecurityCase => ({
    rule: 'baseline/apparmor',
    what: `an annotation that switches AppArmor off for ${name}`,
    change: ({ metadata }) => { metadata.annotations[`container.apparmor.security.beta.kubernetes.io/${name}`] = 'unconfined'; },
    ...always,
  })),
  ...['runtime/default', 'localhost/profile'].map((value): PodSecurityCase => ({
    rule: 'baseline/apparmor',
    what: `annotation ${value}`,
    change: ({ metadata }) => { metadata.annotations['container.apparmor.security.beta.kubernetes.io/main'] = value; },
  })),
  ...each('baseline/apparmor', 'field Unconfined', context({ appArmorProfile: { type: 'Unconfined' } }), always),
  ...each('baseline/apparmor', 'field Localhost', context({ appArmorProfile: { type: 'Localhost', localhostProfile: 'a' } }), never),
  spec('baseline/apparmor', 'field Unconfined in the pod', context({ appArmorProfile: { type: 'Unconfined' } }), always),
  spec('baseline/apparmor', 'field RuntimeDefault in the pod', context({ appArmorProfile: { type: 'RuntimeDefault' } })),
  ...each('baseline/selinux', 'a type of hosts', context({ seLinuxOptions: { type: 'spc_t' } }), always),
  ...['user', 'role', 'type'].map((field) => spec('baseline/selinux', `${field} in the pod`, context({ seLinuxOptions: { [field]: 'system' } }), always)),
  ...['container_t', 'container_init_t', 'container_kvm_t'].map((type) => spec('baseline/selinux', type, context({ seLinuxOptions: { type, level: 's0' } }))),
  spec('baseline/selinux', 'container_engine_t', context({ seLinuxOptions: { type: 'container_engine_t' } }), { refusedSince: 25, admittedSince: 31 }),
  spec('baseline/selinux', 'empty options', context({ seLinuxOptions: { type: '', user: '', role: '' } })),
  ...(['initContainers', 'containers'] as const).map((list) => (
    spec('baseline/proc-mount', `/proc unmasked in ${list} of a user namespace`,
      inUserNamespace((podSpec) => context({ procMount: 'Unmasked' })(podSpec[list][0])), rootless)
  )),
  ...each('baseline/proc-mount', 'procMount Default', context({ procMount: 'Default' }), never),
  ...each('baseline/seccomp', 'Unconfined', context({ seccompProfile: { type: 'Unconfined' } }), always),
  spec('baseline/seccomp', 'Unconfined in the pod', context({ seccompProfile: { type: 'Unconfined' } }), always),
  spec('baseline/seccomp', 'Localhost in the pod', context({ seccompProfile: { type: 'Localhost', localhostProfile: 'a' } })),
  sysctl('kernel.msgmax', '1', always),
  sysctl('kernel.shm_rmid_forced', '1', never),
  sysctl('net.ipv4.ip_local_port_range', '1024 65535', never),
  sysctl('net.ipv4.ip_unprivileged_port_start', '0', never),
  sysctl('net.ipv4.ping_group_range', '1 0', never),
  sysctl('net.ipv4.tcp_syncookies', '1', never),
  sysctl('net.ipv4.ip_local_reserved_ports', '1024', { refusedSince: 25, admittedSince: 27 }),
  ...['fin_timeout', 'keepalive_intvl', 'keepalive_probes', 'keepalive_time'].map((name) => (
    sysctl(`net.ipv4.tcp_${name}`, '9', { refusedSince: 25, admittedSince: 29 })
  )),
  ...['rmem', 'wmem'].map((name) => sysctl(`net.ipv4.tcp_${name}`, '4096 4096 4096', { refusedSince: 25, admittedSince: 32 })),
  ...['notsent_lowat', 'slow_start_after_idle'].map((name) => sysctl(`net.ipv4.tcp_${name}`, '1', { refusedSince: 25, admittedSince: 37 })),
];

const RESTRICTED: readonly PodSecurityCase[] = [
  ...Object.entries({
    awsElasticBlockStore: { volumeID: 'a' },
    azureDisk: { diskName: 'a', diskURI: 'https://a.example/b' },
    azureFile: { secretName: 'a', shareName: 'a' },
    cephfs: { monitors: ['a'] },
    cinder: { volumeID: 'a' },
    fc: { wwids: ['a'] },
    flexVolume: { driver: 'a/b' },
    gcePersistentDisk: { pdName: 'a' },
    gitRepo: { repository: 'https://a.example/b' },
    glusterfs: { endpoints: 'a', path: 'a' },
    iscsi: { targetPortal: '192.0.2.1', iqn: 'iqn.2001-04.com.example:a', lun: 0 },
    nfs: { server: 'a', path: '/a' },
    portworxVolume: { volumeID: 'a' },
    quobyte: { registry: 'a:1', volume: 'a' },
    rbd: { monitors: ['a'], image: 'a' },
    scaleIO: { gateway: 'a', system: 'a', volumeName: 'a', secretRef: { name: 'a' } },
    storageos: { volumeName: 'a', volumeNamespace: 'a' },
    vsphereVolume: { volumePath: 'a' },
  }).map(([type, source]) => volume(type, source, always)),
  ...Object.entries({
    configMap: { name: 'a' },
    csi: { driver: 'a.example' },
    downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'metadata.name' } }] },
    ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } } },
    // Servers without the gate `ImageVolume` drop the volume before they look.
    image: { reference: 'example.com/a:1' },
    persistentVolumeClaim: { claimName: 'a' },
    projected: { sources: [] },
    secret: { secretName: 'a' },
  }).map(([type, source]) => volume(type, source, never)),
  ...each('restricted/privilege-escalation', 'not said', (container) => { delete container.securityContext.allowPrivilegeEscalation; }, always),
  ...each('restricted/privilege-escalation', 'allowed', context({ allowPrivilegeEscalation: true }), always),
  spec('restricted/privilege-escalation', 'a Windows pod that cannot say so', windows),
  ...each('restricted/run-as-non-root', 'false where the pod says true', context({ runAsNonRoot: false }), always),
  spec('restricted/run-as-non-root', 'not said anywhere', (podSpec) => { delete podSpec.securityContext.runAsNonRoot; }, always),
  spec('restricted/run-as-non-root', 'false in a Windows pod', (podSpec) => { windows(podSpec); podSpec.securityContext.runAsNonRoot = false; }, always),
  spec('restricted/run-as-non-root', 'said by one of two containers', (podSpec) => {
    delete podSpec.securityContext.runAsNonRoot;
    podSpec.containers[0].securityContext.runAsNonRoot = true;
  }, always),
  ...[undefined, false].map((own) => spec('restricted/run-as-non-root', `said by every container where the pod says ${own}`, (podSpec) => {
    podSpec.securityContext.runAsNonRoot = own;
    for (const one of [...podSpec.initContainers, ...podSpec.containers]) one.securityContext.runAsNonRoot = true;
  }, own === undefined ? never : always)),
  spec('restricted/run-as-non-root', 'root in a user namespace', inUserNamespace((podSpec) => { podSpec.securityContext.runAsNonRoot = false; }), rootless),
  ...each('restricted/run-as-user', 'user 0', context({ runAsUser: 0 }), always),
  spec('restricted/run-as-user', 'user 0 in the pod', context({ runAsUser: 0 }), always),
  spec('restricted/run-as-user', 'user 1000 in the pod', context({ runAsUser: 1000 })),
  spec('restricted/run-as-user', 'user 0 in a user namespace', inUserNamespace(context({ runAsUser: 0 })), rootless),
  spec('restricted/seccomp', 'no profile anywhere', (podSpec) => { delete podSpec.securityContext.seccompProfile; }, always),
  spec('restricted/seccomp', 'a profile in one of two containers', (podSpec) => {
    delete podSpec.securityContext.seccompProfile;
    podSpec.containers[0].securityContext.seccompProfile = { type: 'RuntimeDefault' };
  }, always),
  spec('restricted/seccomp', 'a profile in every container', (podSpec) => {
    delete podSpec.securityContext.seccompProfile;
    for (const one of [...podSpec.initContainers, ...podSpec.containers]) one.securityContext.seccompProfile = { type: 'Localhost', localhostProfile: 'a' };
  }),
  ...each('restricted/capabilities', 'CHOWN added', context({ capabilities: { drop: ['ALL'], add: ['CHOWN'] } }), always),
  ...each('restricted/capabilities', 'one dropped instead of all', context({ capabilities: { drop: ['NET_RAW'] } }), always),
  ...each('restricted/capabilities', 'none dropped', (container) => { delete container.securityContext.capabilities; }, always),
  ...each('restricted/capabilities', 'all dropped in lower case', context({ capabilities: { drop: ['all'] } }), always),
  ...each('restricted/capabilities', 'NET_BIND_SERVICE added', context({ capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } }), never),
  ...(['initContainers', 'containers'] as const).map((list) => (
    spec('restricted/proc-mount', `/proc unmasked in ${list} of a user namespace`,
      inUserNamespace((podSpec) => context({ procMount: 'Unmasked' })(podSpec[list][0])), { refusedSince: 35 })
  )),
  ...each('restricted/proc-mount', 'procMount Default', context({ procMount: 'Default' }), never),
];

/** At least one change that passes and one that fails for each rule, at each version where it changed. */
export const POD_SECURITY_CASES: readonly PodSecurityCase[] = [...BASELINE, ...RESTRICTED];

/** What the standard of a version says, by the table above. */
export function refusedAt({ refusedSince, admittedSince }: PodSecurityCase, minor: number): boolean {
  return refusedSince !== undefined && minor >= refusedSince && (admittedSince === undefined || minor < admittedSince);
}

/** The good pod with the change of a case. */
export function changed({ change }: PodSecurityCase): any {
  const pod = goodPod();
  change(pod);
  return pod;
}
