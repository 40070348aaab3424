import type { EnvFromSource, PodSpec } from 'kubernetes-types/core/v1';
import { agentEnvironment, modeOf, RunFacts, runtimeEnvironment, workspacePath } from './agent-env';
import { agentResources, resourceProblems } from './agent-resources';
import { homeFolder, PADDOCK_FOLDER, promptFolder, RunWorkspace, sharedFolders, workspaceFolder } from './agent-volumes';
import { fenceInit, PinnedImage, TRUST_MOUNT, TRUST_VOLUME } from './fence';
import { podLabels } from './labels';
import { literal } from './literal';
import { PodPlacement, RestrictedContainer, restrictedPod, withPullSecrets } from './pod';
import { checkPodSecurity, podSecurityProblems } from './pod-security';
import { OwnedManifest, ownerReference, RunOwner } from './run-objects';
import { seedContainer, seedProblems } from './seed';
import { ANNOTATIONS, LABELS, NOT_TO_BE_MOVED } from '../protocol/names';
import { OBJECTS } from '../protocol/objects';
import { PATHS, PLATFORM_UID } from '../protocol/paths';
import { isReservedEnv } from '../protocol/reserved-env';
import type { HarnessRunSpec, HarnessTemplateSpec } from '../protocol/resources';
import { DEFAULTS } from '../protocol/resources/defaults';
import { mountProblems } from '../protocol/resources/mount-paths';
import { gracePeriodSeconds } from '../protocol/resources/template-defaults';
import { POD_DEFAULTS, TemplatePod } from '../protocol/resources/template-pod';
import type { RunTemplate } from '../protocol/run-template';
import { RUN_CONTAINERS, runObjects, runPod } from '../protocol/runs';

export type { RunWorkspace } from './agent-volumes';

export interface AgentPodOptions {
  readonly owner: RunOwner;
  readonly run: { readonly spec: Omit<HarnessRunSpec, 'prompt'>; readonly hasInlinePrompt: boolean };
  /** Number of the attempt; the first is 0. */
  readonly attempt: number;
  /** With its base merged in. */
  readonly template: RunTemplate;
  readonly workspace: RunWorkspace;
  /** Image with the program that waits until the pod's NetworkPolicy holds. */
  readonly sidecar: PinnedImage;
  /** Secrets with which images are fetched, besides those of the template: what the template names need not reach the platform's image. */
  readonly imagePullSecrets?: readonly string[];
  /** Image with git and sh. */
  readonly seedImage: string;
  /** Always, unless the image has a digest, when missing. */
  readonly seedImagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  readonly activeDeadlineSeconds?: number;
}

export interface AgentPodManifest extends OwnedManifest {
  readonly spec: PodSpec;
}

/** The pod of one attempt of a run: the template's image as non-root, with one way out and without API token and DNS. */
export function agentPod(options: AgentPodOptions): AgentPodManifest {
  const { owner, attempt, template } = options;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: runPod(owner.name, attempt),
      namespace: owner.namespace,
      labels: labelsOf(options),
      annotations: { ...NOT_TO_BE_MOVED, [ANNOTATIONS.template]: JSON.stringify(template.identity) },
      ownerReferences: [ownerReference(owner)],
    },
    spec: specOf(options),
  };
}

/** What the API server would refuse about the pod, or what would not work in it, one text each. */
export function agentPodProblems(options: AgentPodOptions, podSecurityVersion: string): string[] {
  const { run, template: { spec }, workspace } = options;
  if (spec.image === undefined || spec.command === undefined) return ['the template has no image and command, and no base that has them'];
  const credentials = (spec.requires?.credentials ?? []).map(({ name }) => name);
  return [
    ...mountProblems(spec),
    ...variableProblems(run.spec, credentials),
    ...resourceProblems(spec, run.spec),
    ...(workspace.kind === 'claim' && workspace.seed !== undefined ? seedProblems(workspace.seed, credentials) : []),
    ...podSecurityProblems(checkPodSecurity(agentPod(options), { level: 'restricted', version: podSecurityVersion })),
  ];
}

/** A variable that is stated wins over one of a Secret, so it would hide a credential or the way out. */
function variableProblems({ extraEnv = [] }: AgentPodOptions['run']['spec'], credentials: readonly string[]): string[] {
  const names = extraEnv.map(({ name }) => name);
  return names.flatMap((name, index) => [
    ...names.indexOf(name) < index ? [`extraEnv must name each variable once, got ${name} again`] : [],
    ...isReservedEnv(name) ? [`extraEnv must not name a variable that the platform sets, got ${name}`] : [],
    ...credentials.includes(name) ? [`extraEnv must not name a credential that the template requires, got ${name}`] : [],
  ]);
}

/** Nothing serves here, so no Service of the platform may find it. */
function labelsOf({ owner, run, attempt, template, workspace }: AgentPodOptions): Record<string, string> {
  const { [LABELS.serving]: _serving, ...labels } = podLabels(owner.platform, 'runs', 'agent');
  const { harness = '' } = template.spec;
  return {
    ...labels,
    [LABELS.run]: owner.name,
    [LABELS.runTemplate]: template.identity.name,
    ...(harness === '' ? {} : { [LABELS.runHarness]: harness }),
    [LABELS.runMode]: modeOf(run.spec),
    ...(workspace.kind === 'claim' ? { [LABELS.runWorkspace]: workspace.name } : {}),
    [LABELS.attempt]: `${attempt}`,
  };
}

function specOf(options: AgentPodOptions): PodSpec {
  const { owner, run, template, workspace, sidecar, imagePullSecrets, seedImage, seedImagePullPolicy, activeDeadlineSeconds } = options;
  const { pod = {}, runtime } = template.spec;
  const { runAsUser = POD_DEFAULTS.runAsUser } = pod;
  const seed = workspace.kind === 'claim' ? workspace.seed : undefined;
  const folders = foldersOf(options);
  const seeding = { image: seedImage, imagePullPolicy: seedImagePullPolicy };
  // At a place that the template does not choose: it could hide git itself.
  const cloned = { ...folders.workspace.mount, mountPath: DEFAULTS.mountPath };
  return restrictedPod({
    serviceAccountName: OBJECTS.agent,
    userId: runAsUser,
    groupId: pod.runAsGroup ?? runAsUser,
    fsGroup: PLATFORM_UID,
    terminationGracePeriodSeconds: gracePeriodSeconds(template.spec, run.spec.mode),
    activeDeadlineSeconds,
    dns: false,
    restartPolicy: 'Never',
    placement: withPullSecrets(placementOf(pod), imagePullSecrets),
    volumes: [...Object.values(folders), homeFolder(pod), ...sharedFolders(pod)].map(({ volume }) => volume).concat(TRUST_VOLUME),
    initContainers: [
      // First, so that no image of others runs before the NetworkPolicy holds.
      fenceInit(sidecar),
      ...(seed === undefined ? [] : [seedContainer({ run: owner.name, seed, workspace: cloned, ...seeding })]),
      ...(runtime === undefined ? [] : [runtimeSidecar(options, runtime)]),
    ],
    containers: [agentContainer(options)],
  });
}

/** What agent and runtime have both. */
function foldersOf({ owner, run, template, workspace }: AgentPodOptions) {
  return {
    workspace: workspaceFolder(workspace, workspacePath(template)),
    paddock: PADDOCK_FOLDER,
    prompt: promptFolder(owner.name, run.hasInlinePrompt ? undefined : run.spec.promptFrom),
  };
}

function agentContainer(options: AgentPodOptions): RestrictedContainer {
  const { run, template } = options;
  const { image, command = [], args, pod = {} } = template.spec;
  return {
    name: RUN_CONTAINERS.agent,
    image: image!,
    imagePullPolicy: pod.imagePullPolicy ?? DEFAULTS.imagePullPolicy,
    command: command.map(literal),
    ...(args === undefined ? {} : { args: args.map(literal) }),
    workingDir: workspacePath(template),
    env: agentEnvironment(factsOf(options)),
    envFrom: variablesFrom(options),
    resources: agentResources(template.spec, run.spec),
    mounts: [...[...Object.values(foldersOf(options)), homeFolder(pod), ...sharedFolders(pod)].map(({ mount }) => mount), TRUST_MOUNT],
    writable: [{ path: PATHS.temporary, sizeLimit: String(pod.temporarySize ?? POD_DEFAULTS.temporarySize) }],
  };
}

/** Of two variables with one name Kubernetes takes the later, so the way out comes last. */
function variablesFrom({ owner, template }: AgentPodOptions): EnvFromSource[] {
  const { credentials, egress } = runObjects(owner.name);
  const required = template.spec.requires?.credentials ?? [];
  return [...(required.length === 0 ? [] : [{ secretRef: { name: credentials } }]), { secretRef: { name: egress } }];
}

type Runtime = NonNullable<HarnessTemplateSpec['runtime']>;

/** What reports beside the agent: it is there before the agent and after it. It gets no credentials and no way out. */
function runtimeSidecar(options: AgentPodOptions, { image, imagePullPolicy }: Runtime): RestrictedContainer {
  const { pod = {} } = options.template.spec;
  return {
    name: RUN_CONTAINERS.runtime,
    image,
    imagePullPolicy: imagePullPolicy ?? DEFAULTS.imagePullPolicy,
    env: runtimeEnvironment(factsOf(options)),
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '512Mi' } },
    mounts: Object.values(foldersOf(options)).map(({ mount }) => mount),
    writable: [{ path: PATHS.temporary, sizeLimit: String(pod.temporarySize ?? POD_DEFAULTS.temporarySize) }],
    stays: true,
  };
}

function factsOf({ owner, run, template, workspace }: AgentPodOptions): RunFacts {
  return { namespace: owner.namespace, run: owner.name, spec: run.spec, template, ...(workspace.kind === 'claim' ? { workspace: workspace.name } : {}) };
}

function placementOf({ nodeSelector, tolerations, runtimeClassName, priorityClassName, imagePullSecrets = [] }: TemplatePod): PodPlacement {
  return { nodeSelector, tolerations, runtimeClassName, priorityClassName, imagePullSecrets: imagePullSecrets.map(({ name }) => name) };
}
