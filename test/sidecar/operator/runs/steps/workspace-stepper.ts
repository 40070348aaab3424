import { runOf } from '../../../../../sidecar/src/operator/objects/run';
import { progress } from '../../../../../sidecar/src/operator/runs/progress';
import { workspaceStep } from '../../../../../sidecar/src/operator/runs/steps/workspace-step';
import type { HarnessTemplateSpec } from '../../../../../src/protocol/resources';
import type { RunTemplate } from '../../../../../src/protocol/run-template';
import { Api, Stored } from '../../workspaces/api';
import { Replica, say } from '../../workspaces/world';
import { FakeWork } from '../fake-run';

export const SEED = { repos: [{ url: 'https://code.example/team/app.git', brokerCredentialRef: { name: 'tokens', key: 'GITHUB_TOKEN' } }] };

export function template(spec: Partial<HarnessTemplateSpec> = {}): RunTemplate {
  return { identity: { name: 'coder', kind: 'HarnessTemplate' }, spec: { image: 'i', command: ['c'], ...spec } };
}

/** Takes runs of a namespace through the step, and keeps what they are told as prepare does. */
export class Stepper {
  readonly api = new Api();
  readonly replica = new Replica(this.api);
  /** Of the run that was taken through it last. */
  work!: FakeWork;

  async step({ metadata: { name } }: Stored, of: RunTemplate = template()) {
    this.replica.caches().forEach((cache) => cache.catchUp(Infinity));
    this.work = new FakeWork(runOf(this.api.get('harnessruns', name)!), this.api.now);
    const outcome = await workspaceStep(this.replica.deps(), this.work, of);
    if (outcome.kind === 'wait') {
      progress(this.work, outcome);
      say(this.api, 'harnessruns', name, this.work.status);
    }
    return outcome;
  }

  bound(): string | undefined {
    return this.work.conditions.WorkspaceBound?.reason;
  }
}
