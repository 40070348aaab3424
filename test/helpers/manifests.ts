import { Chart, Testing } from 'cdk8s';

/** A synthesized Kubernetes object, loosely typed: tests look at what is emitted, not at what builders promise. */
export interface Emitted {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> };
  readonly [field: string]: any;
}

export function synth(chart: Chart): Emitted[] {
  return Testing.synth(chart);
}

/** The one object of a kind and name; fails with the list of what is there instead. */
export function one(objects: readonly Emitted[], kind: string, name: string, namespace?: string): Emitted {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name === name
    && (namespace === undefined || object.metadata.namespace === namespace));
  if (found.length === 1) return found[0];
  throw new Error(`${found.length} objects ${kind} ${name}; there are ${objects.filter((object) => object.kind === kind).map((object) => object.metadata.name).join(', ')}`);
}

/** Pod specs of every workload, with the path of the object that holds them. */
export function podSpecs(objects: readonly Emitted[]): { readonly owner: string; readonly spec: any }[] {
  const specOf = ({ spec }: Emitted) => (spec?.template ?? spec?.jobTemplate?.spec?.template)?.spec;
  return objects.filter((object) => specOf(object) !== undefined)
    .map((object) => ({ owner: `${object.kind}/${object.metadata.name}`, spec: specOf(object) }));
}

/** Pod spec of the Deployment of a role. */
export function podOf(objects: readonly Emitted[], role: string): any {
  return one(objects, 'Deployment', role).spec.template.spec;
}

/** Environment of the server of a role: values, or where they come from. */
export function environmentOf(objects: readonly Emitted[], role: string): Record<string, any> {
  return Object.fromEntries(podOf(objects, role).containers[0].env.map(({ name, value, valueFrom }: any) => [name, value ?? valueFrom]));
}
