import { EmittedObject, isOf, sortedBy } from './emitted';
import { API_GROUP } from '../../protocol/names';
import { NamedPolicy, policiesFor, TemplateKind } from '../../protocol/policy';
import { PostureHolder } from '../../protocol/posture';
import { HarnessTemplateSpec } from '../../protocol/resources';

/** Somebody who may use what policies grant, and the policies that apply, sorted by name. */
export interface Held {
  readonly holder: PostureHolder;
  readonly policies: readonly NamedPolicy[];
}

/**
 * Whom the policies of each namespace apply to: the templates of the app, those that its runs name, and
 * whatever will have a name that a policy takes and none of these has.
 */
export function holdersOf(objects: readonly EmittedObject[], namespaces: readonly string[]): Held[] {
  const held = namespaces.flatMap((namespace) => {
    const policies = policiesOf(objects, namespace);
    const templates = templatesIn(objects, namespace);
    const known = templates.map((template): Held => ({
      holder: { namespace, kind: template.kind, name: template.name },
      policies: policiesOfTemplate(policies, template, templates),
    }));
    const used = new Set(known.flatMap((one) => one.policies.map(({ name }) => name)));
    const others = policies.map((policy): Held => {
      const names = policy.spec.appliesToTemplates.filter((glob) => !used.has(policy.name) || takesOthers(glob, templates));
      return { holder: { namespace, kind: 'pattern', name: names.join(', ') }, policies: names.length === 0 ? [] : [policy] };
    });
    return [...known, ...others];
  });
  return sortedBy(held.filter(({ policies }) => policies.length > 0), ({ holder }) => holder.namespace, ({ holder }) => `${holder.kind} ${holder.name}`);
}

/** Whether somebody may add a template that a policy for these names applies to as well. */
function takesOthers(glob: string, templates: readonly Template[]): boolean {
  return glob.includes('*') || !templates.some(({ name }) => name === glob);
}

export function policiesOf(objects: readonly EmittedObject[], namespace: string): NamedPolicy[] {
  return objects.filter((object) => isOf(object, API_GROUP, 'BrokerPolicy') && object.metadata.namespace === namespace)
    .map(({ metadata, spec }) => ({ name: metadata.name, spec }));
}

interface Template {
  readonly name: string;
  readonly kind: TemplateKind;
  /** Missing when it is made outside the app. */
  readonly spec?: HarnessTemplateSpec;
  /** Image of the cluster template that it completes. */
  readonly baseImage?: string;
}

function templatesIn(objects: readonly EmittedObject[], namespace: string): Template[] {
  const cluster = objects.filter((object) => isOf(object, API_GROUP, 'ClusterHarnessTemplate'))
    .map(({ metadata, spec }): Template => ({ kind: 'ClusterHarnessTemplate', name: metadata.name, spec }));
  const own = objects.filter((object) => isOf(object, API_GROUP, 'HarnessTemplate') && object.metadata.namespace === namespace)
    .map(({ metadata, spec }): Template => ({
      kind: 'HarnessTemplate', name: metadata.name, spec, baseImage: cluster.find(({ name }) => name === spec.baseTemplateRef?.name)?.spec?.image,
    }));
  const known = [...cluster, ...own];
  const foreign = objects.filter((object) => isOf(object, API_GROUP, 'HarnessRun') && object.metadata.namespace === namespace)
    .map(({ spec }): Template => ({ kind: spec.templateRef.kind ?? 'HarnessTemplate', name: spec.templateRef.name }))
    .filter((named, index, all) => all.findIndex((one) => isSame(one, named)) === index)
    .filter((named) => !known.some((one) => isSame(one, named)));
  return [...known, ...foreign];
}

function isSame(a: Template, b: Template): boolean {
  return a.kind === b.kind && a.name === b.name;
}

function policiesOfTemplate(policies: readonly NamedPolicy[], { name, kind, spec, baseImage }: Template, all: readonly Template[]): NamedPolicy[] {
  const shadows = kind === 'HarnessTemplate' && all.some((other) => other.kind === 'ClusterHarnessTemplate' && other.name === name);
  const image = spec?.image ?? baseImage;
  // An image that is named outside the app may be any, so a pin does not count against it here.
  const candidates = image === undefined ? policies.map(withoutPins) : policies;
  const applying = policiesFor(candidates, { name, kind, shadows, imageDigest: image?.split('@')[1] }).map((policy) => policy.name);
  return policies.filter((policy) => applying.includes(policy.name)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function withoutPins({ name, spec }: NamedPolicy): NamedPolicy {
  const { imageDigests: _pins, ...rest } = spec;
  return { name, spec: rest };
}
