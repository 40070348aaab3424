import { Chart, Testing } from 'cdk8s';
import { AgentNamespace, AgentPlatform, AgentPlatformProps, ApiServerPeer, SidecarImage } from '../../src';

export const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
export const IMAGE = SidecarImage.fromDigest('registry.example.com/agent-platform', DIGEST);
export const API_SERVER = ApiServerPeer.cidrs(['192.0.2.10/32']);

export interface TestPlatform {
  readonly chart: Chart;
  readonly platform: AgentPlatform;
  readonly team: AgentNamespace;
}

/** A platform with the namespace `team-a`, in a chart of its own. */
export function testPlatform(props: Partial<AgentPlatformProps> = {}): TestPlatform {
  const chart = Testing.chart();
  const platform = new AgentPlatform(chart, 'platform', { image: IMAGE, apiServer: API_SERVER, ...props });
  return { chart, platform, team: platform.addNamespace('team-a') };
}
