import { RestrictedContainer, RestrictedPod, restrictedPod } from '../../src/manifests/pod';

const CONTAINER: RestrictedContainer = { name: 'main', image: 'example.com/app', imagePullPolicy: 'Always', resources: {} };
const POD: RestrictedPod = {
  serviceAccountName: 'nobody', userId: 65532, groupId: 65532, fsGroup: 65532, terminationGracePeriodSeconds: 30, dns: true, containers: [CONTAINER],
};

describe('every pod', () => {
  const spec = restrictedPod({ ...POD, initContainers: [{ ...CONTAINER, name: 'first' }] });

  test('runs as non-root with its user, group and volume group named', () => {
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532 });
  });

  test.each([...spec.containers, ...spec.initContainers!].map((container) => [container.name, container]))(
    'container %s has no capability, no escalation, a seccomp profile and a read-only root', (_name, container) => {
      expect(container).toMatchObject({
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          privileged: false,
          readOnlyRootFilesystem: true,
          runAsNonRoot: true,
          seccompProfile: { type: 'RuntimeDefault' },
        },
      });
    });

  test('has the seccomp profile at pod level too, for containers that are injected later', () => {
    expect(spec.securityContext?.seccompProfile).toEqual({ type: 'RuntimeDefault' });
  });

  test('gets no token by accident and no Service addresses in its environment', () => {
    expect(spec.automountServiceAccountToken).toBe(false);
    expect(spec.enableServiceLinks).toBe(false);
    expect(JSON.stringify(spec)).not.toContain('serviceAccountToken:');
  });

  test('shares nothing with its node', () => {
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace']) expect(spec).not.toHaveProperty(field);
  });
});

test('a writable path is an emptyDir with a size limit, shared by the containers that name it', () => {
  const writable = [{ path: '/tmp', sizeLimit: '16Mi' }];
  const spec = restrictedPod({ ...POD, initContainers: [{ ...CONTAINER, name: 'first', writable }], containers: [{ ...CONTAINER, writable }] });
  expect(spec.volumes).toEqual([{ name: 'tmp', emptyDir: { sizeLimit: '16Mi' } }]);
  expect(spec.containers[0].volumeMounts).toEqual([{ name: 'tmp', mountPath: '/tmp' }]);
});

test('an API token is projected, short-lived, and mounted in the named container only', () => {
  const spec = restrictedPod({ ...POD, containers: [CONTAINER, { ...CONTAINER, name: 'other' }], apiTokenFor: 'main' });
  const token = spec.volumes!.find((volume) => volume.name === 'api-token')!;
  expect(token.projected?.sources).toContainEqual({ serviceAccountToken: { path: 'token', expirationSeconds: 3600 } });
  expect(spec.containers[0].volumeMounts).toContainEqual({ name: 'api-token', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true });
  expect(spec.containers[1].volumeMounts).toBeUndefined();
});

test('a pod without DNS asks a resolver that never answers', () => {
  expect(restrictedPod({ ...POD, dns: false })).toMatchObject({
    dnsPolicy: 'None',
    dnsConfig: { nameservers: ['127.0.0.1'], options: [{ name: 'timeout', value: '1' }, { name: 'attempts', value: '1' }] },
  });
});

test('a pod with DNS keeps the default of the cluster', () => {
  expect(restrictedPod(POD)).not.toHaveProperty('dnsPolicy');
});

test('placement is left out field by field when it is not given', () => {
  const spec = restrictedPod({ ...POD, placement: { nodeSelector: undefined, runtimeClassName: 'gvisor', tolerations: [], imagePullSecrets: ['registry'] } });
  expect(spec).toMatchObject({ runtimeClassName: 'gvisor', imagePullSecrets: [{ name: 'registry' }] });
  expect(Object.keys(spec)).not.toEqual(expect.arrayContaining(['nodeSelector']));
  expect(spec).not.toHaveProperty('tolerations');
});

test('members that a placement does not have never reach the pod', () => {
  const placement = { runtimeClassName: 'gvisor', hostNetwork: true, automountServiceAccountToken: true, securityContext: { runAsUser: 0 } };
  expect(restrictedPod({ ...POD, placement })).toEqual({ ...restrictedPod(POD), runtimeClassName: 'gvisor' });
});

test('the order in which node labels are written changes nothing', () => {
  const selecting = (nodeSelector: Record<string, string>) => JSON.stringify(restrictedPod({ ...POD, placement: { nodeSelector } }));
  expect(selecting({ zone: 'b', arch: 'arm64' })).toBe(selecting({ arch: 'arm64', zone: 'b' }));
});

test('container ports and probes come from the port table', () => {
  const [container] = restrictedPod({ ...POD, containers: [{ ...CONTAINER, ports: ['broker-api', 'admin'], probed: true }] }).containers;
  expect(container.ports).toEqual([
    { name: 'broker-api', containerPort: 8443, protocol: 'TCP' },
    { name: 'admin', containerPort: 8081, protocol: 'TCP' },
  ]);
  expect(container.readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'admin' });
});
