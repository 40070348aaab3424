import type { BrokerRun, RunBroker } from '../../../../../sidecar/src/operator/broker-client';
import { Conditions, withCondition } from '../../../../../sidecar/src/operator/conditions';
import { progress } from '../../../../../sidecar/src/operator/runs/progress';
import type { Outcome, RunWork } from '../../../../../sidecar/src/operator/runs/run-work';
import { BrokerFailure } from '../../../../../sidecar/src/server/wire/broker-exchange';
import { BROKER_STATUS, BrokerCode, IssueResponse, RenewResponse } from '../../../../../src/protocol/broker-api';
import type { NamedPolicy, TemplateIdentity } from '../../../../../src/protocol/policy';
import type { HarnessRunStatus } from '../../../../../src/protocol/resources';
import { RUN_CONDITIONS, RunConditionType } from '../../../../../src/protocol/runs';
import { capturedLog } from '../../../server/frame';

export const START = Date.parse('2026-05-04T09:00:00Z');
export const SECOND = 1000;
export const HOUR = 3600 * SECOND;

/** What the run's pod is made of. */
export const CODER: TemplateIdentity = { kind: 'HarnessTemplate', name: 'coder' };

export const timeText = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');

/** A failure as the client of the broker makes it of an answer. */
export function answered(code: BrokerCode): BrokerFailure {
  const [status] = BROKER_STATUS[code];
  return new BrokerFailure(status === 429 || status >= 500 ? 'Unavailable' : 'Refused', `the broker answered ${status} "${code}"`, code);
}

export const unreachable = () => new BrokerFailure('Unavailable', 'asking the broker: the connection failed: ECONNREFUSED');

/** A run in an API server of its own, reconciled by whoever asks for work. */
export class LeaseWorld {
  now = START;
  /** As it is in the API. */
  committed: HarnessRunStatus;
  commits = 0;
  /** Thrown by the next commits; those marked so have been written all the same. */
  readonly commitFailures: { readonly written: boolean }[] = [];
  readonly events: string[] = [];
  readonly captured = capturedLog('trace');
  readonly policies: NamedPolicy[] = [];

  constructor(readonly broker: RunBroker, status: HarnessRunStatus = {}) {
    this.committed = { startTime: timeText(START), ...status };
  }

  get deps() {
    return { broker: this.broker, clock: () => this.now, log: this.captured.log, world: { policies: () => this.policies } };
  }

  /** The work of one reconcile, over what the API has now. */
  work(run: Partial<RunWork['run']> = {}): RunWork {
    const { committed, now } = this;
    let status = committed;
    const set = (change: object): void => {
      status = Object.fromEntries(Object.entries({ ...status, ...change }).filter(([, value]) => value !== undefined));
    };
    const known: RunWork['run'] = {
      namespace: 'team-a',
      name: 'r1',
      uid: 'uid-1',
      resourceVersion: '1',
      generation: 1,
      createdAt: START,
      hasFinalizer: true,
      isCancelled: false,
      hasInlinePrompt: false,
      hasExtraEnv: false,
      spec: { templateRef: { name: 'coder' } },
      status: committed,
      ...run,
    };
    return {
      run: known,
      now,
      get status() {
        return status;
      },
      set,
      condition: (type, reason, message = '') => {
        const isTrue = (RUN_CONDITIONS[type] as readonly string[])[0] === reason;
        set({ conditions: withCondition((status.conditions ?? []) as Conditions, { type, status: isTrue ? 'True' : 'False', reason, message }, now, 1) });
      },
      commit: async () => {
        const failure = this.commitFailures.shift();
        if (failure?.written !== false) {
          this.committed = JSON.parse(JSON.stringify(status));
          this.commits += 1;
        }
        if (failure !== undefined) throw new Error('the API server did not answer');
      },
      event: (type, reason, note) => void this.events.push(`${type} ${reason}: ${note}`),
    };
  }

  /** A step of a reconcile, and what the reconcile does with one that waits. */
  async look<T>(step: (work: RunWork) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const work = this.work();
    const outcome = await step(work);
    if (outcome.kind === 'wait') {
      progress(work, outcome);
      await work.commit();
    }
    return outcome;
  }

  /** Everything that anybody but the run's Secret has got to see. */
  visible(...more: readonly unknown[]): string {
    return [this.captured.text(), ...this.events, ...[this.committed, ...more].map((one) => (one instanceof Error ? `${one.message} ${one.stack}` : JSON.stringify(one)))].join('\n');
  }
}

export function conditionOf({ conditions = [] }: HarnessRunStatus, type: RunConditionType): string | undefined {
  const condition = conditions.find((one) => one.type === type);
  return condition === undefined ? undefined : `${condition.status} ${condition.reason}: ${condition.message}`;
}

/** A broker that leases whatever it is asked for, under an id for each name, until a test says otherwise. */
export class FakeBroker implements RunBroker {
  readonly asked: string[] = [];
  /** The templates that credentials were asked for with, by name of the credential. */
  readonly templates = new Map<string, TemplateIdentity>();
  ttl = HOUR;
  /** How long each call takes, in turns of the event loop. */
  turns = 0;
  under = 0;
  most = 0;
  /** In place of an answer that renews everything. */
  renewed?: (names: readonly string[]) => RenewResponse;

  constructor(private readonly clock: () => number = () => START) {}

  /** Throws what is to go wrong. */
  before: (call: string, name: string) => void = () => undefined;
  /** In place of what an answer says of the name. */
  more: (name: string) => Partial<IssueResponse> = () => ({});

  issue(run: BrokerRun, name: string, template: TemplateIdentity): Promise<IssueResponse> {
    this.templates.set(name, template);
    return this.called('issue', run, name, () => ({
      value: `pdk-usersecret-planted-${name}`, leaseId: `uss-${name}`, expiresAt: this.end(), provider: 'UserSuppliedSecret', deliveryMode: 'ProxyInjected', hosts: ['api.example.test'], ...this.more(name),
    }));
  }

  issueEgress(run: BrokerRun) {
    return this.called('issue-egress', run, '', () => ({ value: 'pdk-egress-planted-token', expiresAt: this.end() }));
  }

  renew(run: BrokerRun, names: readonly string[]): Promise<RenewResponse> {
    return this.called('renew', run, names.join(','), () => this.renewed?.(names) ?? { leases: names.map((name) => ({ name, leaseId: `uss-${name}`, expiresAt: this.end() })) });
  }

  revoke(run: BrokerRun, { leaseId }: { readonly leaseId: string }): Promise<void> {
    return this.called('revoke', run, leaseId, () => undefined);
  }

  private end(): string {
    return timeText(this.clock() + this.ttl);
  }

  private async called<T>(call: string, { namespace, name: run, uid }: BrokerRun, name: string, answer: () => T): Promise<T> {
    if (`${namespace}/${run}` !== 'team-a/r1' || uid === undefined) throw new Error('another run');
    this.asked.push(`${call} ${name}`.trim());
    this.most = Math.max(this.most, this.under += 1);
    for (let turn = 0; turn < this.turns; turn += 1) await new Promise(setImmediate);
    this.under -= 1;
    this.before(call, name);
    return answer();
  }
}
