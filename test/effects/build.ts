import { Chart, Testing } from 'cdk8s';
import {
  AgentNamespace, AgentPlatform, AgentPlatformProps, BrokerPolicy, BrokerPolicyProps, ClusterHarnessTemplate, HarnessRun, HarnessRunProps,
  HarnessTemplate, HarnessTemplateProps, RunPrompt, WorkerPool, WorkerPoolProps, Workspace, WorkspaceProps,
} from '../../src';
import { API_SERVER, IMAGE } from '../helpers/platform';

/** Makes something and returns what comes out: objects, or the text of a refusal where a row asks for it. */
export type Build = () => unknown;

/** By `Struct.property`, `Class.factory(parameter)` or `Enum`: builds whose results all have to differ. */
export type Effects = Readonly<Record<string, readonly Build[]>>;

/** One row for each property: without the variation, and with it. */
export function rows<P extends object>(struct: string, build: (props: P) => Build, base: NoInfer<P>, variations: Partial<NoInfer<P>>): Effects {
  return Object.fromEntries(Object.entries(variations).map(([property, value]) => (
    [`${struct}.${property}`, [build(base), build({ ...base, [property]: value })]]
  )));
}

/** A row for each value of an enum or each way to say something. */
export function each<V>(name: string, build: (value: V) => Build, values: readonly V[]): Effects {
  return { [name]: values.map(build) };
}

/** One table of several. */
export function merged(...tables: Effects[]): Effects {
  return Object.assign({}, ...tables);
}

export interface World {
  readonly chart: Chart;
  readonly platform: AgentPlatform;
  readonly team: AgentNamespace;
}

/** What comes out when something is added to a platform with one namespace. */
export function emitted(add: (world: World) => void): Build {
  return () => {
    const chart = Testing.chart();
    const made = new AgentPlatform(chart, 'platform', { image: IMAGE, apiServer: API_SERVER });
    add({ chart, platform: made, team: made.addNamespace('team-a', { managedElsewhere: true }) });
    return Testing.synth(chart);
  };
}

/** The text of the error that a build ends with; empty when it does not. */
export function refusal(build: Build): Build {
  return () => {
    try {
      build();
      return '';
    } catch (error) {
      return String(error);
    }
  };
}

type Without<P> = Omit<P, 'namespace'>;

export function platform(props: Partial<AgentPlatformProps>): Build {
  return () => {
    const chart = Testing.chart();
    const made = new AgentPlatform(chart, 'platform', { image: IMAGE, apiServer: API_SERVER, ...props });
    made.addNamespace('team-a', { managedElsewhere: true });
    return Testing.synth(chart);
  };
}

export function pool(props: Partial<WorkerPoolProps>): Build {
  return emitted(({ chart, team }) => new WorkerPool(chart, 'pool', { namespace: team, image: 'example.com/worker:1', ...props }));
}

export function policy(props: Partial<BrokerPolicyProps>): Build {
  return emitted(({ chart, team }) => new BrokerPolicy(chart, 'policy', { namespace: team, appliesToTemplates: ['coder'], ...props }));
}

export function template(props: Partial<HarnessTemplateProps>): Build {
  return emitted(({ chart, team }) => new HarnessTemplate(chart, 'coder', { namespace: team, ...TEMPLATE, ...props }));
}

export function clusterTemplate(props: Without<Partial<HarnessTemplateProps>>): Build {
  return emitted((world) => new ClusterHarnessTemplate(world.chart, 'coder', { platform: world.platform, ...TEMPLATE, ...props }));
}

export function run(props: Partial<HarnessRunProps>): Build {
  return emitted(({ chart, team }) => new HarnessRun(chart, 'run', {
    namespace: team, template: HarnessTemplate.fromName('coder'), prompt: RunPrompt.inline('Work.'), ...props,
  }));
}

export function workspace(props: Partial<WorkspaceProps> & Pick<WorkspaceProps, 'size'>): Build {
  return emitted(({ chart, team }) => new Workspace(chart, 'files', { namespace: team, ...props }));
}

export const TEMPLATE = { image: 'example.com/coder:1', command: ['/bin/coder'] };
