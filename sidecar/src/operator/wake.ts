import type { Meta } from './objects/meta';
import type { Pod } from './objects/pod';
import type { Policy } from './objects/policy';
import { isOver, Run } from './objects/run';
import type { Template } from './objects/template';
import type { TemplateKind } from '../../../src/protocol/policy';
import { runObjects, workspaceClaim } from '../../../src/protocol/runs';
import { equal } from '../../../src/protocol/schema/equal';

/** Kinds that the queue has keys of. */
export const WORKED_ON = ['HarnessRun', 'Workspace', 'HarnessTemplate', 'ClusterHarnessTemplate', 'BrokerPolicy'] as const;
export type WorkedOn = (typeof WORKED_ON)[number];

/** Kinds that are followed. */
export type FollowedKind = WorkedOn | 'Pod' | 'PersistentVolumeClaim' | 'NetworkPolicy';

/** An object that is to be worked on. */
export interface WorkKey {
  readonly kind: WorkedOn;
  /** Empty for a kind of the whole cluster. */
  readonly namespace: string;
  readonly name: string;
}

export interface Change {
  readonly kind: FollowedKind;
  readonly namespace: string;
  readonly name: string;
  readonly before?: Meta;
  readonly after?: Meta;
}

/** What has to be worked on when something has changed. */
export class Wake {
  /** Names of runs that are not over, by namespace: those that others' changes can matter to. */
  private readonly active = new Known<Run>();
  private readonly policies = new Known<Meta>();
  private readonly templates = new Known<Template>();
  private readonly clusterTemplates = new Known<Template>();

  keysFor({ kind, namespace, name, before, after }: Change): readonly WorkKey[] {
    switch (kind) {
      case 'HarnessRun':
        this.active.note(namespace, name, stillActive(after as Run | undefined));
        return [{ kind, namespace, name }, ...workspacesOf(before as Run | undefined), ...workspacesOf(after as Run | undefined)];
      case 'Pod':
        // Whoever may write pods can change the labels.
        return [before, after].flatMap((pod) => (pod === undefined ? [] : ofPod(namespace, pod as Pod)));
      case 'Workspace':
        return [{ kind, namespace, name }, ...this.runs(namespace, (run) => workspaceOf(run) === name)];
      case 'PersistentVolumeClaim':
        return name.startsWith(workspaceClaim('')) ? [{ kind: 'Workspace', namespace, name: name.slice(workspaceClaim('').length) }] : [];
      case 'NetworkPolicy':
        return this.runs(namespace, (run) => runObjects(run.name).networkPolicy === name);
      case 'BrokerPolicy':
        this.policies.note(namespace, name, after);
        return [{ kind, namespace, name }, ...(haveSameSpec(before, after) ? [] : this.runs(namespace, isPreparing))];
      case 'HarnessTemplate':
        this.templates.note(namespace, name, after as Template | undefined);
        return [{ kind, namespace, name }, ...(haveSameSpec(before, after) ? [] : this.readersOf(kind, namespace, name))];
      case 'ClusterHarnessTemplate':
        this.clusterTemplates.note('', name, after as Template | undefined);
        return [{ kind, namespace: '', name }, ...(haveSameSpec(before, after) ? [] : this.readersEverywhere(kind, name))];
    }
  }

  private readersEverywhere(kind: TemplateKind, name: string): WorkKey[] {
    return [...this.completions(name), ...this.namespaces().flatMap((namespace) => this.readersOf(kind, namespace, name))];
  }

  /** Policies say which templates they are for, and runs that have no pod yet are made of one. */
  private readersOf(kind: TemplateKind, namespace: string, name: string): WorkKey[] {
    const policies = this.policies.of(namespace).map((policy): WorkKey => ({ kind: 'BrokerPolicy', namespace, name: policy.name }));
    return [...policies, ...this.runs(namespace, (run) => isPreparing(run) && (this.isMadeOf(run, kind, name) || this.lacksTemplate(run)))];
  }

  /** Whether the template, or that there is none of its name, counts for the run. One of the cluster is hidden by the one of the namespace, and may be its base. */
  private isMadeOf({ namespace, spec: { templateRef } }: Run, kind: TemplateKind, name: string): boolean {
    if (kind === 'HarnessTemplate') return templateRef.name === name && templateRef.kind !== 'ClusterHarnessTemplate';
    return templateRef.name === name || this.templates.get(namespace, templateRef.name)?.spec.baseTemplateRef?.name === name;
  }

  /** Such a run is told which templates there are with a name like that. */
  private lacksTemplate({ namespace, spec: { templateRef: { name, kind } } }: Run): boolean {
    const own = kind === 'ClusterHarnessTemplate' ? undefined : this.templates.get(namespace, name);
    if (own === undefined) return kind === 'HarnessTemplate' || this.clusterTemplates.get('', name) === undefined;
    const base = own.spec.baseTemplateRef;
    return base !== undefined && this.clusterTemplates.get('', base.name) === undefined;
  }

  /** Templates that complete one of the cluster, or stand before it by their name. */
  private completions(cluster: string): WorkKey[] {
    const concerns = ({ name, spec }: Template) => name === cluster || spec.baseTemplateRef?.name === cluster;
    return this.templates.namespaces().flatMap((namespace) => this.templates.of(namespace).filter(concerns)
      .map(({ name }): WorkKey => ({ kind: 'HarnessTemplate', namespace, name })));
  }

  private namespaces(): string[] {
    return [...new Set([...this.active.namespaces(), ...this.policies.namespaces()])];
  }

  private runs(namespace: string, wanted: (run: Run) => boolean): WorkKey[] {
    return this.active.of(namespace).filter(wanted).map(({ name }) => ({ kind: 'HarnessRun', namespace, name }));
  }
}

/** Objects by namespace and name, as they were told of last. */
class Known<T extends Meta> {
  private readonly byNamespace = new Map<string, Map<string, T>>();

  note(namespace: string, name: string, object: T | undefined): void {
    const objects = this.byNamespace.get(namespace) ?? new Map<string, T>();
    this.byNamespace.set(namespace, objects);
    if (object === undefined) objects.delete(name);
    else objects.set(name, object);
  }

  get(namespace: string, name: string): T | undefined {
    return this.byNamespace.get(namespace)?.get(name);
  }

  of(namespace: string): T[] {
    return [...this.byNamespace.get(namespace)?.values() ?? []];
  }

  namespaces(): string[] {
    return [...this.byNamespace.keys()];
  }
}

function ofPod(namespace: string, { run, workspace }: Pod): WorkKey[] {
  return [{ kind: 'HarnessRun', namespace, name: run }, ...(workspace === undefined ? [] : [{ kind: 'Workspace', namespace, name: workspace } as const])];
}

/** Others read nothing but the spec of a template or a policy. */
function haveSameSpec(before: Meta | undefined, after: Meta | undefined): boolean {
  return before !== undefined && after !== undefined && equal((before as Template | Policy).spec, (after as Template | Policy).spec);
}

function stillActive(run: Run | undefined): Run | undefined {
  return run === undefined || isOver(run.status) ? undefined : run;
}

/** Templates and policies matter until there is a pod. */
function isPreparing({ status }: Run): boolean {
  return status.podUID === undefined;
}

function workspaceOf({ name, spec }: Run): string {
  return spec.workspaceRef ?? runObjects(name).workspace;
}

function workspacesOf(run: Run | undefined): WorkKey[] {
  return run === undefined ? [] : [{ kind: 'Workspace', namespace: run.namespace, name: workspaceOf(run) }];
}

/** A key as the queue and the log have it. */
export function keyText({ kind, namespace, name }: WorkKey): string {
  return `${kind} ${namespace}/${name}`;
}

/** What `keyText` was made of. */
export function keyOf(text: string): WorkKey {
  const [kind, place] = text.split(' ') as [WorkedOn, string];
  const [namespace, name] = place.split('/');
  return { kind, namespace, name };
}
