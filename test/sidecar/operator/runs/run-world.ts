import { SETTINGS } from './fake-run';
import { conditionOf, FakeBroker, START, timeText } from './leases/lease-world';
import { RunApi } from './run-api';
import { podOf } from '../../../../sidecar/src/operator/objects/pod';
import { runOf } from '../../../../sidecar/src/operator/objects/run';
import { claimOf, workspaceOf } from '../../../../sidecar/src/operator/objects/workspace';
import type { Again, OperatorDeps, OperatorSettings, World } from '../../../../sidecar/src/operator/operator-deps';
import { reconcileRun } from '../../../../sidecar/src/operator/runs/reconcile-run';
import { ANNOTATIONS } from '../../../../src/protocol/names';
import { OBJECTS, TRUST_KEYS } from '../../../../src/protocol/objects';
import type { NamedPolicy } from '../../../../src/protocol/policy';
import type { HarnessRunSpec, HarnessRunStatus, HarnessTemplateSpec } from '../../../../src/protocol/resources';
import { runPod } from '../../../../src/protocol/runs';
import { capturedLog } from '../../server/frame';

const NAMESPACE = 'team-a';
export const NAME = 'r1';
export const MINUTE = 60_000;

/** Two credentials, no Workspace, half an hour. */
export const TEMPLATE: HarnessTemplateSpec = {
  image: 'registry.example.com/coder:1',
  command: ['/bin/agent'],
  workspace: { required: false },
  requires: { credentials: [{ name: 'A' }, { name: 'B' }] },
};

const hosts = ['api.example.test'];
const granted = (name: string) => (
  { name, provider: { kind: 'UserSuppliedSecret' as const, secretRef: { name: 'upstream', key: name }, deliveryMode: { proxyInjected: { hosts, header: { name: 'Authorization' } } } } }
);
const POLICY: NamedPolicy = { name: 'all', spec: { appliesToTemplates: ['*'], grants: { credentials: [granted('A'), granted('B')] } } };

/** A run that has everything it needs, and everything that the operator does for it. */
export class RunWorld {
  readonly api = new RunApi();
  readonly broker = new FakeBroker(() => this.api.now);
  readonly events: string[] = [];
  readonly captured = capturedLog();
  readonly templates: Record<string, HarnessTemplateSpec> = { coder: TEMPLATE };
  readonly policies: NamedPolicy[] = [POLICY];
  private observer: OperatorDeps;

  constructor(spec: Partial<HarnessRunSpec> = {}, private readonly settings: Partial<OperatorSettings> = {}) {
    this.api.now = START;
    this.api.put('harnessruns', NAME, { metadata: { name: NAME }, spec: { templateRef: { name: 'coder' }, prompt: 'do it', ...spec } });
    this.publishProxy();
    this.observer = this.deps();
  }

  /** What another replica begins with. */
  anotherReplica(): void {
    this.observer = this.deps();
  }

  reconcile(): Promise<Again> {
    return reconcileRun(this.observer, NAMESPACE, NAME);
  }

  /** As often as something is written, and as it asks to be at once; answers when it wants to be looked at again. */
  async settle(): Promise<Again> {
    for (let pass = 0; pass < 10; pass += 1) {
      const before = this.api.journal.length;
      const again = await this.reconcile();
      if (again !== 0 && this.api.journal.length === before) return again;
    }
    throw new Error('it does not settle');
  }

  pass(milliseconds: number): void {
    this.api.now += milliseconds;
  }

  get status(): HarnessRunStatus {
    return this.api.get('harnessruns', NAME).status;
  }

  condition(type: Parameters<typeof conditionOf>[1] | 'Completed'): string | undefined {
    return conditionOf(this.status, type as Parameters<typeof conditionOf>[1]);
  }

  /** `False Completed-reason`, without its message. */
  get completed(): string {
    return this.condition('Completed')!.split(':', 1)[0];
  }

  publishProxy(data: object = { [TRUST_KEYS.proxyUrl]: 'http://10.0.0.9:3128' }): void {
    this.api.put('configmaps', OBJECTS.agentTrust, { metadata: {}, data });
  }

  cancel(annotations: object = { [ANNOTATIONS.cancel]: 'enough' }): void {
    const run = this.api.get('harnessruns', NAME);
    this.api.put('harnessruns', NAME, { ...run, metadata: { ...run.metadata, annotations } });
  }

  delete(): void {
    this.api.askDeletion('harnessruns', NAME);
  }

  /** The kubelet tells what the agent container does. */
  agentIs(state: object, attempt = 0, status: object = {}): void {
    const name = runPod(NAME, attempt);
    const containerStatuses = [{ name: 'agent', restartCount: 0, state }];
    const conditions = [{ type: 'PodScheduled', status: 'True', lastTransitionTime: timeText(START) }];
    this.api.put('pods', name, { ...this.api.get('pods', name), status: { phase: 'Running', startTime: timeText(START), podIPs: [{ ip: '10.1.0.7' }], conditions, containerStatuses, ...status } });
  }

  agentRuns(attempt = 0): void {
    this.agentIs({ running: { startedAt: timeText(this.api.now) } }, attempt);
  }

  agentEnds(exitCode: number, attempt = 0): void {
    const at = timeText(this.api.now);
    this.agentIs({ terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt: at, finishedAt: at } }, attempt, { phase: exitCode === 0 ? 'Succeeded' : 'Failed' });
  }

  /** What was done since the last look. */
  done(): string[] {
    return this.api.journal.splice(0);
  }

  private deps(): OperatorDeps {
    const { api, broker } = this;
    const specOf = (name: string) => this.templates[name];
    const none = { get: () => undefined, of: () => [] };
    const world: World = {
      runs: api.kept('harnessruns', runOf),
      pods: api.kept('pods', podOf),
      workspaces: api.kept('workspaces', workspaceOf),
      claims: api.kept('persistentvolumeclaims', claimOf),
      templates: none,
      clusterTemplates: none,
      brokerPolicies: none,
      template: (_, name) => specOf(name),
      clusterTemplate: () => undefined,
      policies: () => [...this.policies],
      networkPolicySpec: (_, name) => api.get('networkpolicies', name)?.spec,
    };
    return {
      world,
      client: api.client(),
      broker: {
        issue: (run, name, template) => api.call(`issue ${name}`, () => broker.issue(run, name, template)),
        issueEgress: (run) => api.call('issue egress', () => broker.issueEgress(run)),
        renew: (run, names) => api.call(`renew ${names.join(',')}`, () => broker.renew(run, names)),
        revoke: (run, lease) => api.call(`revoke ${lease.leaseId}`, () => broker.revoke(run, lease)),
      },
      settings: { ...SETTINGS, ...this.settings },
      events: { record: (_, type, reason) => void this.events.push(`${type} ${reason}`) },
      clock: () => api.now,
      log: this.captured.log,
      wakeWorkspace: () => undefined,
    };
  }
}

/** A run whose agent runs. */
export async function running(...given: ConstructorParameters<typeof RunWorld>): Promise<RunWorld> {
  const world = new RunWorld(...given);
  await world.settle();
  world.agentRuns();
  await world.settle();
  world.done();
  return world;
}
