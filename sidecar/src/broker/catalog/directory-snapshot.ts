import { InputError } from './input-error';
import { CheckedObject, NO_NAMESPACE } from './object-check';
import { runUid } from './run-uid';
import type { NamedPolicy, TemplateKind } from '../../../../src/protocol/policy';
import type { BrokerPolicySpec, HarnessRunSpec, HarnessRunStatus, HarnessTemplateSpec } from '../../../../src/protocol/resources';
import { resolveTemplate } from '../../../../src/protocol/resources/template-defaults';
import type { CatalogRun, CatalogTemplate, Snapshot } from '../catalog';

/** A Secret and the file it comes from. */
export interface SnapshotSecret {
  readonly file: string;
  readonly data: ReadonlyMap<string, Buffer>;
}

export interface DirectorySnapshot extends Snapshot {
  secret(namespace: string, name: string): SnapshotSecret | undefined;
}

/** One view over objects; throws when an object is there twice. Templates and runs are worked out once, here. */
export function snapshotOf(objects: readonly CheckedObject[]): DirectorySnapshot {
  refuseTwins(objects);
  const secrets = new Map<string, SnapshotSecret>();
  const runs = new Map<string, CatalogRun>();
  const specs = new Map<string, HarnessTemplateSpec>();
  const policies = new Map<string, NamedPolicy[]>();
  for (const one of objects) {
    const { namespace, name } = one;
    if (one.kind === 'Secret') secrets.set(keyOf(namespace, name), one);
    if (one.kind === 'HarnessRun') runs.set(keyOf(namespace, name), runOf(one));
    if (one.kind === 'HarnessTemplate' || one.kind === 'ClusterHarnessTemplate') specs.set(keyOf(one.kind, namespace, name), one.object.spec as HarnessTemplateSpec);
    if (one.kind === 'BrokerPolicy') policies.set(namespace, [...policies.get(namespace) ?? [], { name, spec: one.object.spec as BrokerPolicySpec }]);
  }
  for (const list of policies.values()) list.sort((a, b) => (a.name < b.name ? -1 : 1));
  const templates = new Map([...runs.values()].map((run) => [keyOf(run.namespace, run.templateRef.kind ?? '', run.templateRef.name), templateOf(run, specs)]));
  return {
    run: (namespace, name) => runs.get(keyOf(namespace, name)),
    template: ({ namespace, templateRef }) => templates.get(keyOf(namespace, templateRef.kind ?? '', templateRef.name)),
    policies: (namespace) => policies.get(namespace) ?? [],
    secret: (namespace, name) => secrets.get(keyOf(namespace, name)),
  };
}

function refuseTwins(objects: readonly CheckedObject[]): void {
  const places = new Map<string, string>();
  for (const { kind, namespace, name, place } of objects) {
    const key = keyOf(kind, namespace, name);
    const earlier = places.get(key);
    if (earlier !== undefined) throw new InputError(`${place}: ${kind} ${namespace}/${name} is also in ${earlier}`);
    places.set(key, place);
  }
}

function runOf({ namespace, name, uid, object }: Extract<CheckedObject, { object: unknown }>): CatalogRun {
  const { templateRef } = object.spec as HarnessRunSpec;
  const { phase = 'Pending', revokedLeases = {}, podUID } = (object.status ?? {}) as HarnessRunStatus;
  return {
    namespace,
    name,
    uid: uid ?? runUid(namespace, name),
    phase,
    templateRef,
    revokedLeases: Object.keys(revokedLeases),
    ...(podUID === undefined ? {} : { podUid: podUID }),
  };
}

type TemplateSpecs = ReadonlyMap<string, HarnessTemplateSpec>;

/** The template a run names: that of its namespace first, unless it says the kind. */
function templateOf({ namespace, templateRef: { name, kind } }: CatalogRun, specs: TemplateSpecs): CatalogTemplate | undefined {
  const own = specs.get(keyOf('HarnessTemplate', namespace, name));
  const cluster = specs.get(keyOf('ClusterHarnessTemplate', NO_NAMESPACE, name));
  if (own !== undefined && kind !== 'ClusterHarnessTemplate') return completed(name, own, cluster !== undefined, specs);
  if (cluster !== undefined && kind !== 'HarnessTemplate') return resolved(name, 'ClusterHarnessTemplate', cluster);
  return undefined;
}

function completed(name: string, own: HarnessTemplateSpec, shadows: boolean, specs: TemplateSpecs): CatalogTemplate | undefined {
  if (own.baseTemplateRef === undefined) return resolved(name, 'HarnessTemplate', own, shadows);
  const base = specs.get(keyOf('ClusterHarnessTemplate', NO_NAMESPACE, own.baseTemplateRef.name));
  return base === undefined ? undefined : resolved(name, 'HarnessTemplate', resolveTemplate(own, base), shadows);
}

function resolved(name: string, kind: TemplateKind, spec: HarnessTemplateSpec, shadows = false): CatalogTemplate {
  const digest = spec.image?.split('@', 2)[1];
  return { identity: { name, kind, ...(digest === undefined ? {} : { imageDigest: digest }), ...(shadows ? { shadows } : {}) }, spec };
}

/** Names of Kubernetes have no blanks. */
function keyOf(...parts: readonly string[]): string {
  return parts.join(' ');
}
