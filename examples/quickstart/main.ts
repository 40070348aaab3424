import { App, Chart } from 'cdk8s';
import {
  AgentPlatform, ApiServerPeer, BrokerPolicy, CredentialDelivery, CredentialGrant, CustomResourceDefinitions, HarnessRun, HarnessTemplate,
  PostureReport, RunPrompt, SidecarImage, WorkerPool,
} from 'cdk8s-agent-platform';

const app = new App();
// In a file of their own, because they must be applied before anything uses them.
new CustomResourceDefinitions(new Chart(app, 'definitions'), 'definitions');
const chart = new Chart(app, 'agent-platform');

// #region platform
const image = SidecarImage.fromDigest('registry.example.com/agent-platform', `sha256:${'0'.repeat(64)}`); // put that of your build
const platform = new AgentPlatform(chart, 'platform', { image, apiServer: ApiServerPeer.cidrs(['192.0.2.10/32']) });
const team = platform.addNamespace('team-a');

// Runs of the template `coder` may use the key at this host, in this header. They never see it.
const delivery = CredentialDelivery.header({ hosts: ['api.model.example'], header: 'x-api-key' });
new BrokerPolicy(chart, 'model-access', {
  namespace: team,
  appliesToTemplates: ['coder'],
  credentials: [CredentialGrant.userSupplied('MODEL_API_KEY', { secret: { name: 'model-key', key: 'token' }, delivery })],
  egress: [{ host: 'api.model.example', ports: [443] }],
});
const agent = { image: 'registry.example.com/coder:1', command: ['/usr/local/bin/coder'] };
const coder = new HarnessTemplate(chart, 'coder', { namespace: team, ...agent, credentials: ['MODEL_API_KEY'] });
new HarnessRun(chart, 'fix-login', { namespace: team, template: coder, prompt: RunPrompt.inline('Fix the login test.') });
new WorkerPool(chart, 'python', { namespace: team, image: 'registry.example.com/python:3' });
// #endregion

app.synth();
// For whoever reviews it: a page for people, and a document to compare the next change with.
new PostureReport(platform).write({ directory: 'posture' });
