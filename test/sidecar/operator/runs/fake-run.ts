import type { KubeObject } from '../../../../sidecar/src/kube/client';
import { KubeError } from '../../../../sidecar/src/kube/kube-error';
import type { Meta } from '../../../../sidecar/src/operator/objects/meta';
import type { Pod } from '../../../../sidecar/src/operator/objects/pod';
import type { Policy } from '../../../../sidecar/src/operator/objects/policy';
import type { Run } from '../../../../sidecar/src/operator/objects/run';
import type { Template } from '../../../../sidecar/src/operator/objects/template';
import type { Claim } from '../../../../sidecar/src/operator/objects/workspace';
import type { Kept, OperatorDeps, OperatorSettings, World } from '../../../../sidecar/src/operator/operator-deps';
import type { RunWork } from '../../../../sidecar/src/operator/runs/run-work';
import { BrokerPolicySpec, HarnessRunStatus, HarnessTemplateSpec } from '../../../../src/protocol/resources';
import { PREREQUISITE_SECONDS, WaitingReason } from '../../../../src/protocol/runs';

/** One run of a namespace, what is around it, and what became of it. */

export const NAMESPACE = 'team';
export const RUN = 'fix-it';
export const UID = '11111111-aaaa-4aaa-8aaa-111111111111';
export const CREATED = Date.UTC(2026, 10, 22, 9);

/** The last moment at which a run that has waited from the beginning still waits for what may come with it, and the first at which it does not. */
export const STILL_WAITING = CREATED + PREREQUISITE_SECONDS * 1000 - 1;
export const TOO_LATE = STILL_WAITING + 1;

/** Stands for whatever is secret; nobody may tell it. */
export const PLANTED = 'planted-secret-0xC0FFEE';

export const SETTINGS: OperatorSettings = {
  platform: 'agents',
  sidecar: { image: `registry.example.com/sidecar@sha256:${'a'.repeat(64)}`, pinned: true },
  seedImage: 'registry.example.com/git:2',
  workspaceSize: '10Gi',
  podSecurityVersion: 'v1.30',
};

export function metaNamed(name: string, more: Partial<Meta> = {}): Meta {
  return { namespace: NAMESPACE, name, uid: `uid-of-${name}`, resourceVersion: '1', generation: 1, createdAt: CREATED, ...more };
}

export function runWith(spec: Partial<Run['spec']> = {}, more: Partial<Run> = {}): Run {
  return {
    ...metaNamed(RUN, { uid: UID }),
    hasFinalizer: true,
    isCancelled: false,
    spec: { templateRef: { name: 'coder' }, ...spec },
    hasInlinePrompt: false,
    hasExtraEnv: false,
    status: {},
    ...more,
  };
}

/** The status of a run that has waited for a reason since it was made. */
export function waitingFor(reason: WaitingReason): HarnessRunStatus {
  const at = (milliseconds: number) => new Date(milliseconds).toISOString();
  return { giveUpTime: at(TOO_LATE), conditions: [{ type: 'Completed', status: 'False', reason, message: '', lastTransitionTime: at(CREATED) }] };
}

export type Told = { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly note: string };

/** A reconcile that keeps in memory what it would write. */
export class FakeWork implements RunWork {
  readonly events: Told[] = [];
  readonly conditions: Record<string, { readonly reason: string; readonly message: string }> = {};
  commits = 0;
  status: HarnessRunStatus;

  constructor(readonly run: Run = runWith(), readonly now: number = CREATED) {
    this.status = run.status;
  }

  set(change: Parameters<RunWork['set']>[0]): void {
    this.status = Object.fromEntries(Object.entries({ ...this.status, ...change }).filter(([, value]) => value !== undefined));
  }

  condition(type: string, reason: string, message = ''): void {
    this.conditions[type] = { reason, message };
  }

  commit(): Promise<void> {
    this.commits += 1;
    return Promise.resolve();
  }

  event(type: Told['type'], reason: string, note: string): void {
    this.events.push({ type, reason, note });
  }

  /** Everything that people and logs get to see of it. */
  told(): string {
    return JSON.stringify([this.status, this.conditions, this.events]);
  }
}

/** Objects of a kind. */
export class FakeKept<T extends Meta> implements Kept<T> {
  constructor(private readonly objects: readonly T[] = []) {}

  get(namespace: string, name: string): T | undefined {
    return this.objects.findLast((one) => one.namespace === namespace && one.name === name);
  }

  of(namespace: string): Iterable<T> {
    return this.objects.filter((one) => one.namespace === namespace);
  }
}

export interface Around {
  readonly templates?: Readonly<Record<string, HarnessTemplateSpec>>;
  readonly clusterTemplates?: Readonly<Record<string, HarnessTemplateSpec>>;
  readonly policies?: Readonly<Record<string, BrokerPolicySpec>>;
  readonly claims?: readonly string[];
  readonly networkPolicy?: unknown;
}

export function worldOf({ templates = {}, clusterTemplates = {}, policies = {}, claims = [], networkPolicy }: Around = {}) {
  const kept = (specs: Readonly<Record<string, HarnessTemplateSpec>>, namespace: string) => new FakeKept<Template>(
    Object.entries(specs).map(([name, spec]) => ({ ...metaNamed(name, { namespace }), spec, status: {} })),
  );
  const own = kept(templates, NAMESPACE);
  const cluster = kept(clusterTemplates, '');
  const brokerPolicies = new FakeKept<Policy>(Object.entries(policies).map(([name, spec]) => ({ ...metaNamed(name), spec, status: {} })));
  return {
    runs: new FakeKept<Run>(),
    pods: new FakeKept<Pod>(),
    workspaces: new FakeKept<never>(),
    claims: new FakeKept<Claim>(claims.map((name) => ({ ...metaNamed(name), owners: [], phase: 'Bound' }))),
    templates: own,
    clusterTemplates: cluster,
    brokerPolicies,
    template: (namespace: string, name: string) => own.get(namespace, name)?.spec,
    clusterTemplate: (name: string) => cluster.get('', name)?.spec,
    policies: (namespace: string) => [...brokerPolicies.of(namespace)].map(({ name, spec }) => ({ name, spec })).sort(byName),
    networkPolicySpec: () => networkPolicy,
  } satisfies World;
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

/** A call to the API server: verb, resource, and the rest as it was given. */
export type Called = readonly [verb: string, plural: string, ...rest: readonly any[]];

export type Answers = (...call: Called) => unknown;

/** An API server that takes everything, unless a test answers otherwise: with an object, or with an error that is thrown. */
export class FakeClient {
  readonly calls: Called[] = [];

  constructor(private readonly answers: Answers = () => undefined) {}

  /** As the steps get it. */
  asClient(): OperatorDeps['client'] {
    const call = (verb: string) => async (resource: { readonly plural: string }, ...rest: readonly any[]) => {
      this.calls.push([verb, resource.plural, ...rest]);
      const answer = this.answers(verb, resource.plural, ...rest);
      if (answer instanceof Error) throw answer;
      return answer ?? made(resource, rest[0]);
    };
    return { get: call('get'), list: call('list'), create: call('create'), apply: call('apply'), replace: call('replace'), jsonPatch: call('jsonPatch'), delete: call('delete') } as unknown as OperatorDeps['client'];
  }

  /** `create secrets`, in order. */
  done(): string[] {
    return this.calls.map(([verb, plural]) => `${verb} ${plural}`);
  }
}

function made({ plural }: { readonly plural: string }, object: KubeObject | string): KubeObject {
  if (typeof object === 'string') return { metadata: { name: object, namespace: NAMESPACE } };
  return { ...object, metadata: { ...object.metadata, uid: `new-${plural}`, resourceVersion: '7' } };
}

export const ALREADY_EXISTS = new KubeError('Conflict', 'POST /api/v1/namespaces/team/things: 409 AlreadyExists', { statusMessage: 'things "x" already exists' });

/** What admission says of an object that is none of a run of the name. */
export const NOT_OURS = new KubeError('Invalid', 'PUT /api/v1/namespaces/team/things/x: 422 Invalid', {
  statusMessage: "things \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: the operator may write only its own",
});

export function forbidden(statusMessage?: string): KubeError {
  return new KubeError('Forbidden', 'POST /api/v1/namespaces/team/things: 403 Forbidden', { ...(statusMessage === undefined ? {} : { statusMessage }) });
}
