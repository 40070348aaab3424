import { Testing } from 'cdk8s';
import { BrokerPolicy, ClusterHarnessTemplate, HarnessRun, HarnessTemplate, RunPrompt } from '../src';
import { AgentNamespaceOptions } from '../src/agent-namespace';
import { AgentPlatformProps } from '../src/agent-platform';
import { CredentialGrant } from '../src/credential-grant';
import { testPlatform } from './helpers/platform';

const AGENT = { image: 'registry.example.com/coder:1', command: ['/agent'] };
const MESSAGE = "imagePullSecrets must not name the Secret 'theirs', which a BrokerPolicy or additionalSecrets names: the operator gives those to no pod";

const pull = (...imagePullSecrets: string[]) => ({ placement: { imagePullSecrets } });

function world(options: AgentNamespaceOptions = { additionalSecrets: ['theirs'] }, props: Partial<AgentPlatformProps> = {}) {
  const { chart, platform } = testPlatform(props);
  const namespace = platform.addNamespace('b', options);
  return { chart, platform, namespace, synth: () => Testing.synth(chart) };
}

describe('a template whose pull secret is one that a policy takes a credential from', () => {
  test('is refused, because no pod of it would be let in', () => {
    const { chart, namespace, synth } = world();
    new HarnessTemplate(chart, 'coder', { namespace, ...AGENT, pod: pull('mine', 'theirs') });
    expect(synth).toThrow(`test/coder: ${MESSAGE}`);
  });

  test('is refused for a policy of the app', () => {
    const { chart, namespace, synth } = world({});
    new HarnessTemplate(chart, 'coder', { namespace, ...AGENT, pod: pull('theirs') });
    expect(synth).not.toThrow();
    new BrokerPolicy(chart, 'models', {
      namespace,
      appliesToTemplates: ['*'],
      credentials: [CredentialGrant.anthropicApi('KEY', { secret: { name: 'theirs', key: 'k' } })],
      egress: [{ host: 'api.anthropic.com', ports: [443] }],
    });
    expect(synth).toThrow(`test/coder: ${MESSAGE}`);
  });

  test('is refused for what its base says, unless it names others itself', () => {
    const { chart, platform, namespace, synth } = world();
    const baseTemplate = new ClusterHarnessTemplate(chart, 'base', { platform, ...AGENT, pod: pull('theirs') });
    new HarnessTemplate(chart, 'own', { namespace, baseTemplate, pod: pull('mine') });
    expect(synth).not.toThrow();
    new HarnessTemplate(chart, 'coder', { namespace, baseTemplate });
    expect(synth).toThrow(`test/coder: ${MESSAGE}`);
  });

  test('is refused as a cluster template where a run of the namespace uses it', () => {
    const { chart, platform, namespace, synth } = world();
    const template = new ClusterHarnessTemplate(chart, 'base', { platform, ...AGENT, pod: pull('theirs') });
    expect(synth).not.toThrow();
    new HarnessRun(chart, 'run', { namespace, template, prompt: RunPrompt.inline('Work.') });
    expect(synth).toThrow(`ClusterHarnessTemplate 'base': ${MESSAGE}`);
  });

  test('is refused too where others manage policies and templates', () => {
    const { chart, namespace, synth } = world({ managedElsewhere: true, additionalSecrets: ['theirs'] });
    new HarnessTemplate(chart, 'coder', { namespace, ...AGENT, pod: pull('theirs') });
    expect(synth).toThrow(MESSAGE);
  });

  test('is fine in a platform without runs, and when it is made elsewhere', () => {
    const without = world({ additionalSecrets: ['theirs'] }, { runs: { enabled: false } });
    new HarnessTemplate(without.chart, 'coder', { namespace: without.namespace, ...AGENT, pod: pull('theirs') });
    expect(without.synth).not.toThrow();
    const { chart, namespace, synth } = world();
    new HarnessTemplate(chart, 'coder', { namespace, baseTemplate: ClusterHarnessTemplate.fromName('base') });
    new HarnessRun(chart, 'run', { namespace, template: HarnessTemplate.fromName('other'), prompt: RunPrompt.inline('Work.') });
    expect(synth).not.toThrow();
  });
});
