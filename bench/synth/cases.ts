import { Chart } from 'cdk8s';
import {
  AgentPlatform, ApiServerPeer, BrokerPolicy, CredentialGrant, HarnessRun, HarnessTemplate, RunPrompt, SidecarImage, WorkerPool,
} from 'cdk8s-agent-platform';

/** What is synthesized: one platform with a template and a run, and as many pools and policies. */
export interface Case {
  readonly title: string;
  readonly pools: number;
  readonly policies: number;
}

export const CASES: Record<string, Case> = {
  small: { title: 'quickstart size: 1 pool, 1 policy', pools: 1, policies: 1 },
  large: { title: '200 pools, 200 policies', pools: 200, policies: 200 },
};

const DIGEST = `sha256:${'0'.repeat(64)}`;

/** Builds the platform of a case into a chart. */
export function buildPlatform(chart: Chart, { pools, policies }: Case): void {
  const platform = new AgentPlatform(chart, 'platform', {
    image: SidecarImage.fromDigest('registry.example.com/agent-platform', DIGEST),
    apiServer: ApiServerPeer.cidrs(['10.0.0.1/32']),
  });
  const namespace = platform.addNamespace('team-a');
  const egress = [{ host: 'api.anthropic.com', ports: [443] }];
  const template = new HarnessTemplate(chart, 'reviewer', {
    namespace, image: `registry.example.com/reviewer@${DIGEST}`, command: ['/bin/review'], credentials: ['ANTHROPIC_API_KEY'], egress,
  });
  for (let index = 0; index < policies; index++) {
    const secret = { name: `anthropic-${index}`, key: 'api-key' };
    new BrokerPolicy(chart, `policy-${index}`, {
      namespace, appliesToTemplates: ['reviewer'], egress, credentials: [CredentialGrant.anthropicApi('ANTHROPIC_API_KEY', { secret })],
    });
  }
  for (let index = 0; index < pools; index++) {
    new WorkerPool(chart, `pool-${index}`, { namespace, image: `registry.example.com/worker@${DIGEST}` });
  }
  new HarnessRun(chart, 'first', { namespace, template, prompt: RunPrompt.inline('Review the last commit.') });
}
