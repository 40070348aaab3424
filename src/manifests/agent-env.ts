import type { EnvVar } from 'kubernetes-types/core/v1';
import { literal, userEnv } from './literal';
import type { HarnessRunSpec } from '../protocol/resources';
import { DEFAULTS } from '../protocol/resources/defaults';
import { homePath, POD_DEFAULTS } from '../protocol/resources/template-pod';
import type { RunTemplate } from '../protocol/run-template';
import { PROMPT_KEY, RUN_PATHS, WORKSPACE_META } from '../protocol/runs';

/** What the variables of a run are made from. */
export interface RunFacts {
  readonly namespace: string;
  readonly run: string;
  readonly spec: Omit<HarnessRunSpec, 'prompt'>;
  readonly template: RunTemplate;
  /** Name of the Workspace; undefined where the run has scratch space only. */
  readonly workspace?: string;
}

/** A variable without a value is left out. */
type Settings = Readonly<Record<string, string | undefined>>;

/** Where a run has its workspace. */
export function workspacePath({ spec }: RunTemplate): string {
  return spec.workspace?.mountPath ?? DEFAULTS.mountPath;
}

/** How a run is done: in one go, or in a conversation. */
export function modeOf({ mode }: Pick<HarnessRunSpec, 'mode'>): 'Batch' | 'Interactive' {
  return mode === 'Interactive' ? mode : 'Batch';
}

/** The agent's variables: the user's, those of the platform, and who it is. Of two with one name Kubernetes takes the last. */
export function agentEnvironment(facts: RunFacts): EnvVar[] {
  const { run, spec, template } = facts;
  const mount = workspacePath(template);
  const { userName = POD_DEFAULTS.userName } = template.spec.pod ?? {};
  return [
    ...userEnv(Object.fromEntries((spec.extraEnv ?? []).map(({ name, value = '' }) => [name, value]))),
    ...variables({
      PADDOCK_PROMPT_PATH: `${RUN_PATHS.prompt}/${PROMPT_KEY}`,
      ...places(facts),
      PADDOCK_WORKSPACE: mount,
      PADDOCK_REPOS_PATH: `${mount}/${WORKSPACE_META}/repos.json`,
      PADDOCK_RUN_NAME: run,
      PADDOCK_MODEL: spec.model ?? template.spec.defaults?.model,
      ...SOCKETS,
      HOME: homePath(template.spec.pod ?? {}),
      USER: userName,
      LOGNAME: userName,
    }),
  ];
}

/** Variables of the container that reports beside the agent. It has no way to API server and broker, so it is not told of any. */
export function runtimeEnvironment(facts: RunFacts): EnvVar[] {
  const { namespace, run, spec, template, workspace } = facts;
  return variables({
    PADDOCK_PROMPT_FILE: `${RUN_PATHS.prompt}/${PROMPT_KEY}`,
    ...places(facts),
    ...SOCKETS,
    PADDOCK_RUN_NAME: run,
    PADDOCK_RUN_NAMESPACE: namespace,
    PADDOCK_WORKSPACE: workspacePath(template),
    PADDOCK_WORKSPACE_NAME: workspace,
    PADDOCK_TEMPLATE_NAME: template.identity.name,
    PADDOCK_HARNESS_IMAGE: template.spec.image,
    PADDOCK_MODE: modeOf(spec),
    PADDOCK_TRANSCRIPT_DIR: folderOf(facts),
    POD_NAMESPACE: namespace,
  });
}

const SOCKETS: Settings = { PADDOCK_AGENT_DATA_SOCKET: RUN_PATHS.dataSocket, PADDOCK_AGENT_CTL_SOCKET: RUN_PATHS.controlSocket };

function places(facts: RunFacts): Settings {
  return { PADDOCK_RAW_PATH: RUN_PATHS.raw, PADDOCK_EVENTS_PATH: RUN_PATHS.events, PADDOCK_RESULT_PATH: `${folderOf(facts)}/result.json` };
}

/** What the workspace keeps of the run. */
function folderOf({ run, template }: RunFacts): string {
  return `${workspacePath(template)}/${WORKSPACE_META}/runs/${run}`;
}

function variables(settings: Settings): EnvVar[] {
  return Object.entries(settings).flatMap(([name, value]) => (value === undefined || value === '' ? [] : [{ name, value: literal(value) }]));
}
