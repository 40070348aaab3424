import { App, Chart } from 'cdk8s';
import {
  AgentPlatform, ApiServerPeer, BrokerPolicy, CredentialGrant, CustomResourceDefinitions, HarnessRun, HarnessTemplate, RunPrompt,
  SidecarImage, WorkerPool,
} from 'cdk8s-agent-platform';

const app = new App();
// In a file of their own, because they must be applied before anything uses them.
new CustomResourceDefinitions(new Chart(app, 'definitions'), 'definitions');
const chart = new Chart(app, 'agent-platform');

// #region platform
const platform = new AgentPlatform(chart, 'platform', {
  // An example digest: put the one of your own build here.
  image: SidecarImage.fromReference('registry.example.com/agent-platform@sha256:4a1c6c0f1d3e5b7a9c8e2f4d6b8a0c1e3f5d7b9a2c4e6f8091b3d5f7a9c1e3f5'),
  apiServer: ApiServerPeer.cidrs(['192.0.2.10/32']),
});
const team = platform.addNamespace('team-a');

new BrokerPolicy(chart, 'model-access', {
  namespace: team,
  appliesToTemplates: ['coder'],
  credentials: [CredentialGrant.anthropicApi('ANTHROPIC_API_KEY', { secret: { name: 'model-key', key: 'token' } })],
  egress: [{ host: 'api.anthropic.com', ports: [443] }],
});
const coder = new HarnessTemplate(chart, 'coder', {
  namespace: team,
  image: 'registry.example.com/coder:1',
  command: ['/usr/local/bin/coder'],
  credentials: ['ANTHROPIC_API_KEY'],
  egress: [{ host: 'api.anthropic.com', ports: [443] }],
});
new HarnessRun(chart, 'fix-login', { namespace: team, template: coder, prompt: RunPrompt.inline('Fix the login test.') });
new WorkerPool(chart, 'python', { namespace: team, image: 'registry.example.com/python:3' });
// #endregion

app.synth();
