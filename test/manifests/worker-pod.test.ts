import { checkPodSecurity, podSecurityProblems } from '../../src/manifests/pod-security';
import { workerPod, WorkerPodOptions } from '../../src/manifests/worker-pod';

const SIDECAR = { image: 'registry.example.com/agent-platform:1', pinned: false };

function pod(more: Partial<WorkerPodOptions>) {
  return workerPod({
    serviceAccountName: 'worker-a', image: 'a:1', imagePullPolicy: 'Always', userId: 1000, env: {}, resources: {}, workspaceSize: '1Gi', ...more,
  });
}

const KINDS: [string, Partial<WorkerPodOptions>][] = [['with the daemon', { sidecar: SIDECAR }], ['of a batch', { command: ['/work'] }]];

describe.each(KINDS)('a worker %s', (_kind, options) => {
  const fenced = pod({ ...options, fence: SIDECAR });
  const fence = fenced.initContainers!.at(-1)!;

  test('begins when the fence, which is the last init container, has ended', () => {
    expect(fence).toMatchObject({ name: 'fence', image: SIDECAR.image, imagePullPolicy: 'Always', args: ['/app/fence.mjs'] });
    expect(fence).not.toHaveProperty('restartPolicy');
    expect(fence.env).toEqual([{ name: 'AGENT_TRUST_DIR', value: '/etc/agent-platform/trust' }]);
  });

  test('has no fence where there is no way out', () => {
    expect(JSON.stringify(pod(options))).not.toContain('fence');
  });

  test('is the same otherwise', () => {
    const { initContainers: _fenced, volumes = [], ...rest } = fenced;
    const { initContainers: _plain, volumes: before = [], ...without } = pod(options);
    expect(rest).toEqual(without);
    expect(volumes.filter(({ name }) => name !== 'trust')).toEqual(before.filter(({ name }) => name !== 'trust'));
  });

  test('gives the fence the trust folder, read-only, and nothing else', () => {
    expect(fence.volumeMounts).toEqual([{ name: 'trust', mountPath: '/etc/agent-platform/trust', readOnly: true }]);
    expect(fenced.volumes!.filter(({ name }) => name === 'trust')).toEqual([{ name: 'trust', configMap: { name: 'agent-trust', optional: true } }]);
    expect(fence.resources).toEqual({ requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '128Mi' } });
  });

  test('is restricted in all its containers', () => {
    expect(podSecurityProblems(checkPodSecurity({ spec: fenced }, { level: 'restricted', version: 'latest' }))).toEqual([]);
    expect(fence.securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
  });
});

test('the runtime comes before the fence, so that the network is looked at last', () => {
  expect(pod({ sidecar: SIDECAR, fence: SIDECAR }).initContainers!.map(({ name }) => name)).toEqual(['runtime', 'fence']);
});

test('the user\'s container of a batch does not get the folder of the fence', () => {
  expect(pod({ command: ['/work'], fence: SIDECAR }).containers[0].volumeMounts!.map(({ name }) => name)).not.toContain('trust');
});

test('an image with a digest is not pulled again', () => {
  expect(pod({ sidecar: SIDECAR, fence: { ...SIDECAR, pinned: true } }).initContainers!.map(({ imagePullPolicy }) => imagePullPolicy)).toEqual(['Always', 'IfNotPresent']);
});
