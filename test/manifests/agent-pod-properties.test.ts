import * as fc from 'fast-check';
import type { Container, PodSpec } from 'kubernetes-types/core/v1';
import { awkward, podOptions, validOptions } from './agent-pod-options';
import { agentPod } from '../../src/manifests/agent-pod';
import { literal } from '../../src/manifests/literal';
import { checkPodSecurity, podSecurityProblems } from '../../src/manifests/pod-security';

const RUNS = { numRuns: 300 };
const containersOf = ({ initContainers = [], containers }: PodSpec): Container[] => [...initContainers, ...containers];

/** What the kubelet makes of a text. https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/ */
function expanded(text: string, variables: Readonly<Record<string, string>> = { HOME: 'expanded', PADDOCK_RUN_NAME: 'expanded' }): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (found, name: string | undefined) => (found === '$$' ? '$' : variables[name!] ?? found));
}

function every(holds: (spec: PodSpec, options: Parameters<typeof agentPod>[0]) => void): void {
  fc.assert(fc.property(validOptions, (options) => holds(agentPod(options).spec, options)), RUNS);
}

test('every pod of a run is restricted, in all versions that are known', () => {
  every((spec) => {
    for (const version of ['v1.30', 'latest']) expect(podSecurityProblems(checkPodSecurity({ spec }, { level: 'restricted', version }))).toEqual([]);
  });
});

test('every container states what hardened namespaces demand', () => {
  every((spec) => {
    expect(spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false, securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } });
    for (const { securityContext } of containersOf(spec)) {
      expect(securityContext).toMatchObject({
        readOnlyRootFilesystem: true, runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' },
      });
    }
  });
});

test('no two variables of a container have one name, and HOME, USER and LOGNAME are the last of the agent', () => {
  every((spec) => {
    for (const { env = [] } of containersOf(spec)) expect(new Set(env.map(({ name }) => name)).size).toBe(env.length);
    expect(spec.containers[0].env!.slice(-3).map(({ name }) => name)).toEqual(['HOME', 'USER', 'LOGNAME']);
  });
});

test('text of users reaches the agent as it was written', () => {
  every((spec, { run, template }) => {
    const [{ command = [], args = [], env = [] }] = spec.containers;
    expect([command.map((text) => expanded(text)), args.map((text) => expanded(text))]).toEqual([template.spec.command, template.spec.args ?? []]);
    const values = new Map(env.map(({ name, value }) => [name, expanded(value!)]));
    for (const { name, value = '' } of run.spec.extraEnv ?? []) expect(values.get(name)).toBe(value);
    expect(values.get('PADDOCK_MODEL') ?? '').toBe(run.spec.model ?? template.spec.defaults?.model ?? '');
  });
});

test('a text that is not made literal would be another one', () => {
  expect([expanded('$(HOME) $$ $x'), expanded(literal('$(HOME) $$ $x'))]).toEqual(['expanded $ $x', '$(HOME) $$ $x']);
  fc.assert(fc.property(awkward, (text) => expanded(literal(text)) === text));
});

test('volumes have names that Kubernetes takes, each once, and each mount has its volume', () => {
  every((spec) => {
    const names = spec.volumes!.map(({ name }) => name);
    expect(names.filter((name) => !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
    for (const { volumeMounts = [] } of containersOf(spec)) {
      expect(volumeMounts.filter(({ name }) => !names.includes(name))).toEqual([]);
      expect(new Set(volumeMounts.map(({ mountPath }) => mountPath)).size).toBe(volumeMounts.length);
      expect(volumeMounts.filter(({ subPath }) => subPath !== undefined)).toEqual([]);
    }
  });
});

test('all that can be written has a limit, and nothing is of the node', () => {
  every((spec) => {
    for (const { emptyDir, hostPath } of spec.volumes!) {
      expect(hostPath).toBeUndefined();
      if (emptyDir !== undefined) expect(emptyDir.sizeLimit).toMatch(/^[1-9]/);
    }
  });
});

test('nothing of the image of others runs before the fence has ended', () => {
  every((spec) => {
    expect([spec.initContainers![0].name, spec.initContainers![0].restartPolicy]).toEqual(['fence', undefined]);
  });
});

test('credentials are named and never held, and only where they are needed', () => {
  every((spec) => {
    const from = (container: Container) => JSON.stringify([container.env?.filter(({ valueFrom }) => valueFrom !== undefined), container.envFrom]);
    for (const container of containersOf(spec)) {
      if (container.name === 'fence' || container.name === 'runtime') expect(from(container)).not.toContain('ecret');
      if (container.name !== 'seed') expect(from(container)).not.toContain('code-host');
      if (container.name !== 'agent') expect(from(container)).not.toContain('broker-creds');
    }
  });
});

test('the order in which variables are written changes nothing', () => {
  const of = (...names: string[]) => JSON.stringify(agentPod(podOptions({ spec: { extraEnv: names.map((name) => ({ name, value: name })) } })));
  expect(of('B', 'A')).toBe(of('A', 'B'));
});
