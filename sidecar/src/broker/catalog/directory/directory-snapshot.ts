import type { NamedPolicy } from '../../../../../src/protocol/policy';
import type { BrokerPolicySpec, HarnessTemplateSpec } from '../../../../../src/protocol/resources';
import { templateOf, TemplateSpecs } from '../../../../../src/protocol/run-template';
import { InputError } from '../../../server/files/input-error';
import type { CatalogRun, CatalogTemplate, Snapshot } from '../catalog';
import { CheckedObject, NO_NAMESPACE } from '../object-check';
import { StoredRun, storedRun, withDeadline } from '../run-of';
import { StoredTemplate, storedTemplate } from '../template-of';

/** A Secret and the file it comes from. */
export interface SnapshotSecret {
  readonly file: string;
  readonly data: ReadonlyMap<string, Buffer>;
}

export interface DirectorySnapshot extends Snapshot {
  secret(namespace: string, name: string): SnapshotSecret | undefined;
}

/** One view over objects; throws when an object is there twice. Runs are worked out once, here, templates once they are asked for. */
export function snapshotOf(objects: readonly CheckedObject[]): DirectorySnapshot {
  refuseTwins(objects);
  const secrets = new Map<string, SnapshotSecret>();
  const runs = new Map<string, StoredRun>();
  const specs = new Map<string, StoredTemplate>();
  const policies = new Map<string, NamedPolicy[]>();
  for (const one of objects) {
    const { namespace, name } = one;
    if (one.kind === 'Secret') secrets.set(keyOf(namespace, name), one);
    if (one.kind === 'HarnessRun') runs.set(keyOf(namespace, name), storedRun(one));
    if (one.kind === 'HarnessTemplate' || one.kind === 'ClusterHarnessTemplate') specs.set(keyOf(namespace, name, one.kind), storedTemplate(one.object.spec as HarnessTemplateSpec));
    if (one.kind === 'BrokerPolicy') policies.set(namespace, [...policies.get(namespace) ?? [], { name, spec: one.object.spec as BrokerPolicySpec }]);
  }
  for (const list of policies.values()) list.sort((a, b) => (a.name < b.name ? -1 : 1));
  const named: TemplateSpecs = {
    own: (namespace, name) => specs.get(keyOf(namespace, name, 'HarnessTemplate')),
    cluster: (name) => specs.get(keyOf(NO_NAMESPACE, name, 'ClusterHarnessTemplate')),
  };
  // Worked out when first asked for, as a session may name a template that no run has. Names that are nowhere are not remembered.
  const templates = new Map<string, CatalogTemplate>();
  const template = (run: CatalogRun): CatalogTemplate | undefined => {
    const key = keyOf(run.namespace, run.templateRef.name, run.templateRef.kind);
    const known = templates.get(key) ?? templateOf(run, named);
    if (known !== undefined) templates.set(key, known);
    return known;
  };
  return {
    run: (namespace, name) => {
      const stored = runs.get(keyOf(namespace, name));
      return stored === undefined ? undefined : withDeadline(stored, template(stored.run));
    },
    template,
    policies: (namespace) => policies.get(namespace) ?? [],
    secret: (namespace, name) => secrets.get(keyOf(namespace, name)),
  };
}

function refuseTwins(objects: readonly CheckedObject[]): void {
  const places = new Map<string, string>();
  for (const { kind, namespace, name, place } of objects) {
    const key = keyOf(namespace, name, kind);
    const earlier = places.get(key);
    if (earlier !== undefined) throw new InputError(`${place}: ${kind} ${namespace}/${name} is also in ${earlier}`);
    places.set(key, place);
  }
}

/** Names of Kubernetes have no blanks. */
function keyOf(namespace: string, name: string, kind = ''): string {
  return `${namespace} ${name} ${kind}`;
}
