import * as fs from 'node:fs';
import * as path from 'node:path';
import { Yaml } from 'cdk8s';

/** A synthesized Kubernetes object. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> };
  readonly [field: string]: any;
}

/** All objects in the YAML files of a folder, in file order. */
export function readOutput(folder: string): { readonly files: string[]; readonly objects: KubeObject[] } {
  const files = fs.readdirSync(folder).filter((name) => name.endsWith('.yaml')).sort().map((name) => path.join(folder, name));
  return { files, objects: files.flatMap((file) => Yaml.load(file) as KubeObject[]) };
}

/** Kind, namespace and name, which together exist once in a cluster. */
export function identity({ kind, apiVersion, metadata }: KubeObject): string {
  return `${apiVersion.split('/')[0]}/${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;
}

/** The pod template of a workload, if the object is one. */
export function podOf(object: KubeObject): any | undefined {
  return object.spec?.template?.spec?.containers === undefined ? undefined : object.spec.template.spec;
}
