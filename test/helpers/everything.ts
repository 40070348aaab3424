import { Chart, ChartProps, Testing } from 'cdk8s';
import { Construct } from 'constructs';
import { Emitted, synth } from './manifests';
import { API_SERVER, IMAGE } from './platform';
import { AgentPlatform, BrokerPolicy, ClusterHarnessTemplate, CredentialGrant, HarnessRun, HarnessTemplate, RunPrompt, WorkerPool, WorkerWorkload } from '../../src';

/** A platform with one of everything, below a construct of the given id. */
export function everything(parentId: string, chartProps: ChartProps = {}): Emitted[] {
  const chart = new Chart(Testing.app(), 'chart', chartProps);
  const parent = new Construct(chart, parentId);
  const platform = new AgentPlatform(parent, 'platform', { image: IMAGE, apiServer: API_SERVER });
  const namespace = platform.addNamespace('team-a');
  new BrokerPolicy(parent, 'p', {
    namespace,
    name: 'policy',
    appliesToTemplates: ['*coder'],
    credentials: [CredentialGrant.anthropicApi('KEY', { secret: { name: 'model-key', key: 'token' } })],
    egress: [{ host: 'api.anthropic.com', ports: [443] }],
  });
  new ClusterHarnessTemplate(parent, 'c', { platform, name: 'base-coder', image: 'example.com/coder', command: ['/coder'] });
  const template = new HarnessTemplate(parent, 't', { namespace, name: 'coder', image: 'example.com/coder', command: ['/coder'], credentials: ['KEY'] });
  new HarnessRun(parent, 'r', { namespace, name: 'run', template, prompt: RunPrompt.inline('work') });
  new WorkerPool(parent, 'w', { namespace, name: 'python', image: 'example.com/python' });
  new WorkerPool(parent, 's', { namespace, name: 'sticky', image: 'example.com/python', workload: WorkerWorkload.sticky() });
  new WorkerPool(parent, 'b', { namespace, name: 'batch', image: 'example.com/python', workload: WorkerWorkload.batch({ command: ['/work'] }) });
  return synth(chart);
}
