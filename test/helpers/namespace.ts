import { IAgentNamespace } from '../../src/agent-namespace-ref';
import { BrokerPolicy } from '../../src/broker-policy';
import { HarnessRun } from '../../src/harness-run';
import { HarnessTemplate } from '../../src/harness-template';

/** A namespace that only remembers what was added to it. */
export class StubNamespace implements IAgentNamespace {
  readonly policies: BrokerPolicy[] = [];
  readonly templates: HarnessTemplate[] = [];
  readonly runs: HarnessRun[] = [];

  constructor(readonly namespaceName = 'team-a', readonly platformName = 'platform') {}

  _addPolicy(policy: BrokerPolicy): void {
    this.policies.push(policy);
  }

  _addTemplate(template: HarnessTemplate): void {
    this.templates.push(template);
  }

  _addRun(run: HarnessRun): void {
    this.runs.push(run);
  }
}
