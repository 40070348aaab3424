import { IAgentNamespace } from '../../src/agent-namespace-ref';
import { CoveredRun, CoveredTemplate } from '../../src/private/covered';
import { NamedPolicy } from '../../src/protocol/policy';

/** A namespace that only remembers what was added to it. */
export class StubNamespace implements IAgentNamespace {
  readonly policies: NamedPolicy[] = [];
  readonly templates: CoveredTemplate[] = [];
  readonly runs: CoveredRun[] = [];

  constructor(readonly namespaceName = 'team-a', readonly platformName = 'platform') {}

  _addPolicy(policy: NamedPolicy): void {
    this.policies.push(policy);
  }

  _addTemplate(template: CoveredTemplate): void {
    this.templates.push(template);
  }

  _addRun(run: CoveredRun): void {
    this.runs.push(run);
  }
}
